# ruff: noqa: UP031, PT017 - MicroPython
"""The journal's bounds, its order, its wear, and a flash that refuses."""

import os
import struct

import vfs
from cases import run
from doorknock import journal, keep
from flash_with_faults import Flash

PLACE = "/journal_cases"
ENOSPC = 28


def message(seq, boot=1):
    return struct.pack("<II", boot, seq) + bytes(60)


def identity(some):
    return struct.unpack_from("<II", some, 0)


class OnFlash:
    """A journal on a fresh littlefs."""

    def __init__(self, blocks=64):
        self.flash = Flash(blocks)
        vfs.VfsLfs2.mkfs(self.flash)
        vfs.mount(vfs.VfsLfs2(self.flash), PLACE)

    def __enter__(self):
        self.book = journal.Journal(PLACE + "/j", identity)
        return self

    def reopen(self):
        self.book.close()
        self.book = journal.Journal(PLACE + "/j", identity)
        return self.book

    def fill(self):
        """Something else takes all the room there is."""
        try:
            with open(PLACE + "/filler", "wb") as file:
                while True:
                    file.write(bytes(512))
                    file.flush()
        except OSError as problem:
            assert problem.errno == ENOSPC

    def __exit__(self, *problem):
        self.book._close_file()
        vfs.umount(PLACE)


def answer_all(on, reopen_every=0):
    """The gateway answers for one event after the other, the oldest first; the seqs, in order."""
    answered = []
    while on.book.entries:
        entry = on.book.entries[0]
        assert on.book.message(entry) == message(entry.seq)
        answered.append(entry.seq)
        on.book.drop(entry)
        if reopen_every and len(answered) % reopen_every == 0:
            on.reopen()
    return answered


def given_far_more_alarms_than_fit_in_memory_none_is_lost_and_memory_is_bounded():
    with OnFlash() as on:
        for seq in range(1, 1501):
            on.book.append(message(seq), journal.ALARM)
            if seq % 100 == 0:
                on.book.append(message(100000 + seq), journal.HEARTBEAT)
                assert len(on.book.entries) <= journal.CAPACITY + 1
        assert not on.book.broken
        # Over a restart as well, and over some on the way back
        on.reopen()
        assert len(on.book.entries) <= journal.CAPACITY + 2 * journal.HEARTBEATS_KEPT
        on.book.append(message(1501), journal.ALARM)
        answered = [seq for seq in answer_all(on, 333) if seq < 100000]
        assert answered == list(range(1, 1502)), answered
        # And what was needed for it is given back
        on.book.drop(on.book.append(message(1502), journal.ALARM))
        assert len(on.book._segments) <= 2, on.book._segments
        assert on.reopen().entries == []


def given_more_alarms_than_the_ring_holds_each_new_one_is_written_soon():
    with OnFlash() as on:
        for seq in range(1, 1201):
            on.book.append(message(seq), journal.ALARM)
        changes = on.flash.changes
        on.book.append(message(1201), journal.ALARM)
        on.book.flush()
        assert on.flash.changes - changes < 50, on.flash.changes - changes


def given_a_full_journal_heartbeats_give_way_then_telemetry_and_a_press_never():
    with OnFlash() as on:
        book = on.book
        for seq in range(1, 11):
            book.append(message(seq), journal.HEARTBEAT)
        for seq in range(11, journal.CAPACITY + 1):
            book.append(message(seq), journal.ALARM if seq % 2 else journal.TELEMETRY)
        alarms = [entry.seq for entry in book.entries if entry.rank == journal.ALARM]
        for seq in range(300, 310):
            book.append(message(seq), journal.TELEMETRY)
        assert len(book.entries) == journal.CAPACITY
        assert not [entry for entry in book.entries if entry.rank == journal.HEARTBEAT]
        for seq in range(400, 400 + journal.CAPACITY):
            book.append(message(seq), journal.ALARM)
        on.reopen()
        assert not [entry for entry in on.book.entries if entry.rank != journal.ALARM]
        assert answer_all(on) == alarms + list(range(400, 400 + journal.CAPACITY))


def given_many_heartbeats_only_the_newest_are_kept():
    with OnFlash() as on:
        for seq in range(1, 101):
            on.book.append(message(seq), journal.HEARTBEAT)
        kept = [entry.seq for entry in on.reopen().entries]
        assert kept[-journal.HEARTBEATS_KEPT :] == list(range(101 - journal.HEARTBEATS_KEPT, 101))


def given_a_press_nobody_answers_the_flash_is_bounded_and_it_is_kept_first():
    with OnFlash() as on:
        on.book.append(message(1), journal.ALARM)
        for seq in range(2, 3000):
            on.book.drop(on.book.append(message(seq), journal.HEARTBEAT))
        assert len(on.book._segments) <= journal.SEGMENTS + 1
        on.reopen()
        assert on.book.entries[0].seq == 1
        assert on.book.message(on.book.entries[0]) == message(1)


def given_an_event_few_blocks_are_erased():
    with OnFlash() as on:
        erased = on.flash.erases
        for seq in range(1, 101):
            on.book.drop(on.book.append(message(seq), journal.ALARM))
        each = (on.flash.erases - erased) / 100
        print("erased a press and its answer: %.2f" % each)
        assert each < 3.5, each


def given_a_full_flash_events_stay_in_memory_and_are_saved_when_there_is_room():
    with OnFlash(blocks=16) as on:
        book = on.book
        book.append(message(1), journal.ALARM)
        on.fill()
        seq = 1
        while not book.broken:
            seq += 1
            book.append(message(seq), journal.ALARM)
        assert book.message(book.entries[-1]) == message(seq)
        for beat in range(1000, 1100):
            book.append(message(beat), journal.HEARTBEAT)
        assert len(book.entries) <= seq + journal.UNSAVED_KEPT
        os.remove(PLACE + "/filler")
        book.flush()
        assert not book.broken
        kept = [entry.seq for entry in on.reopen().entries]
        assert kept[:seq] == list(range(1, seq + 1)), kept


def given_a_flash_full_of_its_own_alarms_their_answers_give_the_room_back():
    with OnFlash(blocks=12) as on:
        seq = 0
        while not on.book.broken:
            seq += 1
            on.book.append(message(seq), journal.ALARM)
        # The one that came last lies in memory
        assert sorted(answer_all(on)) == list(range(1, seq + 1))
        on.book.append(message(seq + 1), journal.ALARM)
        on.book.flush()
        assert not on.book.broken
        assert [entry.seq for entry in on.reopen().entries] == [seq + 1]
        assert len(on.book._segments) <= 2, on.book._segments


def given_a_flash_that_refuses_what_takes_anothers_place_still_takes_it_once_it_can():
    with OnFlash() as on:
        first = on.book.append(message(1), journal.ALARM)
        on.flash.refuses = True
        second = on.book.append(message(2), journal.ALARM, first)
        # Once more, in memory alone
        on.book.append(message(3), journal.ALARM, second)
        assert on.book.broken
        on.flash.refuses = False
        on.book.flush()
        assert not on.book.broken
        assert [entry.seq for entry in on.reopen().entries] == [3]


def given_a_flash_that_refuses_what_was_replaced_goes_with_what_is_in_its_place():
    with OnFlash() as on:
        first = on.book.append(message(1), journal.ALARM)
        on.flash.refuses = True
        second = on.book.append(message(2), journal.ALARM, first)
        assert on.book.broken
        # The gateway answers for it before the flash takes anything again
        on.book.drop(second)
        on.flash.refuses = False
        on.book.flush()
        assert not on.book.broken
        assert on.reopen().entries == []


def given_rubbish_in_a_segment_what_is_before_it_is_kept():
    with OnFlash() as on:
        on.book.append(message(1), journal.ALARM)
        on.book.append(message(2), journal.ALARM)
        on.book.close()
        path = PLACE + "/j/00000001"
        with open(path, "rb") as file:
            content = bytearray(file.read())
        content[-20] ^= 0x40
        with open(path, "wb") as file:
            file.write(content)
        with open(PLACE + "/j/readme", "w") as file:
            file.write("not a segment")
        assert [entry.seq for entry in on.reopen().entries] == [1]
        assert on.book.discarded == 1


def it_finds_and_drops_by_identity():
    with OnFlash() as on:
        on.book.append(message(5, boot=1), journal.ALARM)
        on.book.append(message(5, boot=2), journal.ALARM)
        on.book.drop(on.book.find(1, 5))
        assert on.book.find(1, 5) is None
        assert [entry.boot for entry in on.reopen().entries] == [2]


def it_keeps_a_small_state_whole_or_not_at_all():
    with OnFlash():
        kept = keep.Keep(PLACE + "/state")
        assert kept.read() == b""
        assert kept.write(b"first")
        assert keep.Keep(PLACE + "/state").read() == b"first"
        with open(PLACE + "/state", "r+b") as file:
            file.seek(6)
            file.write(b"X")
        assert keep.Keep(PLACE + "/state").read() == b""


def it_does_not_write_a_state_that_has_not_changed():
    with OnFlash() as on:
        kept = keep.Keep(PLACE + "/state")
        kept.write(b"same")
        changes = on.flash.changes
        kept.write(b"same")
        assert on.flash.changes == changes


run(globals())
