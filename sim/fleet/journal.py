"""A device's journal without its flash: what the gateway has not answered for yet, in memory.

It has what firmware/doorknock/retry.py asks of the real one, and no bounds: a fleet gives nothing
up, so that whatever is missing in the end was lost on the way.
"""

from doorknock.journal import Entry


class MemoryJournal:
    """`entries` in the order in which they were made."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._messages: dict[int, bytes] = {}
        self._next_id = 1

    def append(self, message: bytes, rank: int, boot: int, seq: int) -> Entry:
        """Keeps an event. rank: of doorknock.journal."""
        entry = Entry(self._next_id, rank, boot, seq)
        self._next_id += 1
        self.entries.append(entry)
        self._messages[entry.id] = message
        return entry

    def message(self, entry: Entry) -> bytes:
        """The signed bytes of an entry."""
        return self._messages[entry.id]

    def find(self, boot: int, seq: int) -> Entry | None:
        """The entry of this event, unless it was answered."""
        for entry in self.entries:
            if (entry.boot, entry.seq) == (boot, seq):
                return entry
        return None

    def drop(self, entry: Entry) -> None:
        """The gateway has it."""
        self.entries.remove(entry)
        del self._messages[entry.id]
