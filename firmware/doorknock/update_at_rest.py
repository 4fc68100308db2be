"""Stands in for update.py's Update while there is no update: that is nearly always.

What fetches, verifies and tries an update takes a tenth of the memory that a small chip has beside
Wi-Fi and TLS. So an order is only kept here, and the rest is loaded as soon as that disturbs
nobody. Where memory is too short for it, or too much in pieces, the device starts anew at a calm
moment, for at a start there is more of it; where there is too little even then, the update has
failed, and the device goes on without.
"""

import gc
import struct

# The phases of an update: see update.py.
IDLE = 0
FETCHING = 1
TRYING = 2

# What is kept of it: version, phase, flags, number, size of the manifest, its digest
_KEPT = "<BBBQH32s"
_VERSION = 1
DIGEST_BYTES = 32
# Among the flags: starts by the watchdog in the midst of it. A device that hangs by fetching would
# do nothing else any more, and nobody could stop it from afar.
_BITE = 0x10
_MOST_BITES = 3


def packed(phase: int, flags: int, number: int, size: int, digest: bytes) -> bytes:
    """What is kept. digest: 32 bytes, or b"" for none."""
    return struct.pack(_KEPT, _VERSION, phase, flags, number, size, digest or bytes(DIGEST_BYTES))


def unpacked(saved: bytes) -> tuple:
    """(phase, flags, number, size, digest); of b"" and of nonsense that there is no update."""
    if len(saved) != struct.calcsize(_KEPT) or saved[0] != _VERSION:
        return (IDLE, 0, 0, 0, b"")
    return struct.unpack(_KEPT, saved)[1:]


def digest_of(details: dict) -> bytes:
    """The manifest's SHA-256 of an order; b"" where it names none."""
    try:
        found = bytes.fromhex(str(details.get("manifest", "")))
    except ValueError:
        return b""
    return found if len(found) == DIGEST_BYTES else b""


def comes_to(digest: bytes, key: bytes) -> tuple:
    """(state, why) of an order by which nothing is fetched; () of any other."""
    if not digest:
        return ("stopped", "")
    return () if key else ("refused", "no key to verify it with")


def say(room, number: int, state: str, why: str, fetched: int = 0, version: str = "") -> None:
    """How far the update of this order is. why, version: "" where there is none to tell."""
    room.log("update %s %s" % (state, why))
    told = {"number": number, "state": state, "bytes": fetched}
    if why:
        told["why"] = why
    if version:
        told["version"] = version
    room.emit("updating", told)


class AtRest:
    """No update yet. kept: a Keep. key: the programme's public key; b"" for none. room: as in
    update.py, and updates(), which loads what is needed and puts an Update in this one's place.
    """

    trying = False

    def __init__(self, kept, key: bytes, room) -> None:
        self._kept = kept
        self._key = key
        self._room = room
        self._found = unpacked(kept.read())
        self._number = self._found[2]
        # An order is kept, and nothing is loaded for it yet; or could not be.
        self._waits = False
        self._short = False
        self._failed = ""  # why the one that was kept is over, to be said

    # --- at a start ------------------------------------------------------------------------

    def goes_on(self, bitten: bool) -> bool:
        """Whether this start is in the midst of an update. bitten: it is the watchdog's."""
        phase, flags, number, size, digest = self._found
        if phase == FETCHING and bitten:
            flags += _BITE
            if flags // _BITE > _MOST_BITES:
                self.give_up("started anew by its watchdog")
                return False
            self._found = (phase, flags, number, size, digest)
            self._kept.write(packed(*self._found))
        return phase != IDLE

    def give_up(self, why: str) -> None:
        """The update that is kept cannot go on: begin() says so, and forgets it."""
        self._failed = why

    def begin(self) -> None:
        """Says what became of an update over this start."""
        if self._failed:
            self._over("failed", self._failed)

    # --- orders ----------------------------------------------------------------------------

    def ordered(self, number: int, details: dict, again: bool) -> None:
        """An `update` order, not older than any before. again: the same as the last one."""
        if again and number == self._number:
            # Where it is over, the word of that is in the journal.
            if self._waits:
                self._say("accepted", "")
            return
        self._number = number
        digest = digest_of(details)
        self._waits = False
        over = comes_to(digest, self._key)
        if over:
            self._over(*over)
        elif self._kept.write(packed(FETCHING, 0, number, int(details.get("size", 0)), digest)):
            self._waits = True
            self._say("accepted", "")
        else:
            self._over("failed", "flash")

    def _over(self, state: str, why: str) -> None:
        # Said first: a power cut in between says it twice, which is better than never.
        self._say(state, why)
        self._kept.write(packed(IDLE, 0, self._number, 0, b""))

    def _say(self, state: str, why: str) -> None:
        say(self._room, self._number, state, why)

    def piece(self, command, now: int) -> None:
        """Nobody has asked for it."""

    def answered(self) -> None:
        """What runs has proven itself before."""

    # --- time ------------------------------------------------------------------------------

    @property
    def under_way(self) -> bool:
        """Whether there is something to do by the clock."""
        return self._waits

    def awake(self, now: int) -> bool:
        """Whether a device on a battery has to stay awake for it."""
        return self._waits and self._room.may()

    def tick(self, now: int) -> None:
        """Loads what an order needs once nobody is disturbed. A few times a second."""
        if not self._waits or not self._room.may():
            return
        if self._short:
            self._room.restart()
            return
        try:
            self._room.updates()
        except MemoryError:
            gc.collect()
            self._short = True
            self._room.log("update: no memory, starts anew")
