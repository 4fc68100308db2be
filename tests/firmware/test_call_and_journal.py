"""The call and the journal together: what the light is told about is what is kept."""

from doorknock import journal, wire
from doorknock.call import Call

KEY = bytes(32)


def name_of(message: bytes) -> tuple[int, int]:
    return int.from_bytes(message[8:12], "little"), int.from_bytes(message[12:16], "little")


def test_presses_beyond_the_index_belong_to_the_call_once_there_is_room(tmp_path) -> None:
    """After a reset with more unanswered presses than the index holds, the newest is the one that
    the gateway names."""
    folder = str(tmp_path / "journal")
    kept = journal.Journal(folder, name_of)
    for seq in range(1, journal.CAPACITY + 101):
        kept.append(wire.encode("press", "001122334455", 1, seq, seq, {"taps": 1}, KEY), 0)
    kept.close()
    kept = journal.Journal(folder, name_of)
    assert kept.overfull
    call = Call()
    for entry in kept.entries:
        call.event("press", entry.boot, entry.seq, 0)

    while kept.entries:
        entry = kept.entries[0]
        call.answered(entry.boot, entry.seq)
        more = kept.overfull
        kept.drop(entry)
        if more:  # as App._answered does
            for one in kept.entries:
                call.event("press", one.boot, one.seq, 0)

    assert not kept.overfull
    assert call.light_told(5, 1, journal.CAPACITY + 100, "coming")
    assert call.light_told(6, 1, journal.CAPACITY + 100, "none")
    assert not call.open
