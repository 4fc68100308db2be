"""Stands in for update.py's Update while there is no update: that is nearly always.

What fetches, verifies and tries an update takes a tenth of the memory that a small chip has beside
Wi-Fi and TLS. So it is loaded when one is ordered, or at a start in the midst of one, and is gone
again with the restart in which every update that comes to something ends.
"""

import gc

# The phases of an update, as they are kept: see update.py.
IDLE = 0
FETCHING = 1
TRYING = 2


def is_at_rest(saved: bytes) -> bool:
    """Whether what was kept says that there is no update. saved: of the Keep; b"" for nothing."""
    return saved[1:2] in (b"", bytes([IDLE]))


class AtRest:
    """No update. room: as in update.py, and updates(), which loads and returns the Update."""

    trying = False
    under_way = False

    def __init__(self, room) -> None:
        self._room = room

    def begin(self) -> None:
        """There is nothing to say."""

    def ordered(self, number: int, details: dict, again: bool) -> None:
        """An `update` order. One for which there is no memory fails, and the device goes on."""
        try:
            updates = self._room.updates()
        except MemoryError:
            gc.collect()
            self._room.emit("updating", {"number": number, "state": "failed", "why": "no memory"})
            return
        updates.ordered(number, details, again)

    def piece(self, command, now: int) -> None:
        """Nobody has asked for it."""

    def answered(self) -> None:
        """What runs has proven itself before."""

    def tick(self, now: int) -> None:
        """Nothing goes by the clock."""

    def awake(self, now: int) -> bool:
        """Whether a device on a battery has to stay awake for it."""
        return False
