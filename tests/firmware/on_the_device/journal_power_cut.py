# ruff: noqa: UP031, SIM105 - MicroPython
"""The journal on the real littlefs, with the power cut in the middle of every single write."""

import struct

import vfs
from doorknock import journal, keep
from flash_with_faults import Flash, PowerCut

PLACE = "/cut"


def message(seq, size=60):
    """Stands for a signed message: its identity, then bytes that can be checked."""
    return struct.pack("<II", 1, seq) + bytes([(seq * 7 + i) & 0xFF for i in range(size)])


def identity(some):
    return struct.unpack_from("<II", some, 0)


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), PLACE)


def unmount():
    try:
        vfs.umount(PLACE)
    except (OSError, PowerCut):
        pass


def life(committed, answered, replaced):
    """A device's work: presses, heartbeats, answers, a new number for one. Notes what it was told.

    committed: seqs whose append returned. answered: seqs whose drop began.
    """
    book = journal.Journal(PLACE + "/journal", identity)
    kept = keep.Keep(PLACE + "/call")
    for seq in range(1, 26):
        entry = book.append(message(seq), journal.ALARM if seq % 3 else journal.HEARTBEAT)
        if not book.broken:
            committed.append(seq)
        if seq % 4 == 0:
            answered.append(seq - 2)
            found = book.find(1, seq - 2)
            if found is not None:
                book.drop(found)
        if seq == 13:
            replaced.append(13)
            book.append(message(113), journal.ALARM, entry)
            committed.append(113)
        if seq % 10 == 0:
            kept.write(b"state %d" % seq)
            book.flush()
    book.close()


def fresh(blocks=24):
    flash = Flash(blocks)
    vfs.VfsLfs2.mkfs(flash)
    return flash


def check(cut_at, flash, committed, answered, replaced):
    mount(flash.power_back())
    book = journal.Journal(PLACE + "/journal", identity)
    found = [entry.seq for entry in book.entries]
    for entry in book.entries:
        assert book.message(entry) == message(entry.seq), ("corrupt", cut_at, entry.seq)
    assert len(set(found)) == len(found), ("twice", cut_at, found)
    for seq in committed:
        gone = seq in answered or (seq in replaced and (113 in found or 113 in committed))
        assert seq in found or gone or (seq % 3 == 0 and seq != 113), ("lost", cut_at, seq, found)
    # What was replaced is there once, under one of its names.
    assert not (13 in found and 113 in found), ("doubled", cut_at, found)
    assert found == sorted(found, key=lambda seq: 13.5 if seq == 113 else seq) or 113 in found
    state = keep.Keep(PLACE + "/call").read()
    assert state in (b"", b"state 10", b"state 20"), ("half a state", cut_at, state)
    # And it goes on: the next press is kept, also over the next start.
    book.append(message(200), journal.ALARM)
    assert not book.broken, ("stuck", cut_at)
    book.close()
    again = journal.Journal(PLACE + "/journal", identity)
    assert again.find(1, 200) is not None, ("not going on", cut_at)
    unmount()


def main():
    flash = fresh()
    image = bytes(flash.content)
    before = flash.changes
    mount(flash)
    life([], [], [])
    unmount()
    changes = flash.changes - before
    erased = flash.erases
    for cut_at in range(changes):
        flash = Flash(24)
        flash.content[:] = image
        mount(flash)
        flash.after = cut_at
        committed, answered, replaced = [], [], []
        try:
            life(committed, answered, replaced)
        except PowerCut:
            pass
        unmount()
        check(cut_at, flash, committed, answered, replaced)
    print("cuts %d, erased %d" % (changes, erased))


main()
