"""Bytes in, frames out, whatever the reads of the UART have cut.

A frame that lies whole in the buffer of the UART is read where it lies: to copy every byte would
cost a quarter of what a parser may. Only the frame that a read has cut is kept here until its rest
comes. When it then turns out to be none, the search goes on at its second byte, and so through
whatever good frames lie inside it.
"""

# ruff: noqa: F821 (ptr8 is viper's)
from array import array

import micropython
from micropython import const

from . import BYTES, count

# Places in the state array that a reader's scan fills. Viper code cannot read a module's globals,
# so each reader has them again as constants of its own.
FRAME = 0  # first byte of the frame just found, or -1
WANT = 1  # how many bytes of the next frame must be there before more can be said of it
LOST = 2  # 1 while stray bytes are being skipped: a run of them is counted once
STATE_FIELDS = 3
# The same, and BYTES, where they are asked for at each report.
_FRAME = const(0)
_BYTES = const(1)
# Below this, no read brings the count of bytes to its greatest.
_FAR_FROM_FULL = const(0x3FFF0000)


class Framed:
    """What the readers have in common: `read`, as every reader has it (radar/__init__.py).

    A reader of one protocol fills in _find and _take; neither may look beyond what it is given.
    """

    def __init__(self, fields: int, longest: int) -> None:
        """fields: of the Reading. longest: bytes of the longest frame, ends and checks included."""
        self.reading = array("i", [0] * fields)
        self.counts = array("i", [0, 0, 0, 0])
        self.reported = False
        self._state = array("i", [0] * STATE_FIELDS)
        self._held = bytearray(longest)
        self._kept = 0  # so many bytes at the beginning of _held are left of earlier reads

    def _find(self, buf, at: int, n: int) -> int:
        """Looks through buf[at:n] for the next valid frame of interest; returns its end.

        Leaves its first byte in state[FRAME]; or leaves -1 there, and returns the first byte of
        what may become a frame when state[WANT] bytes of it have come (at most `longest`).
        """
        raise NotImplementedError

    def _take(self, buf, at: int) -> bool:
        """Reads the frame at `at`; whether it brought a reading."""
        raise NotImplementedError

    def read(self, buf, at: int, n: int) -> int:
        """Takes buf[at:n] up to the end of the next report; returns where it stopped."""
        # No name more than these: with twelve words of state a call takes the heap.
        began = at
        self.reported = False
        while at < n and not self.reported:
            if self._kept:
                at = self._complete(buf, at, n)
                continue
            stop = self._find(buf, at, n)
            if self._state[_FRAME] >= 0:
                self.reported = self._take(buf, self._state[_FRAME])
                at = stop
            else:
                self._keep(buf, stop, n)
                at = n
        if self.counts[_BYTES] < _FAR_FROM_FULL and n < 0x10000:
            self.counts[_BYTES] += at - began
        else:
            count(self.counts, BYTES, at - began)
        return at

    def _keep(self, buf, at: int, n: int) -> None:
        """What the end of buf has cut stays here until its rest comes."""
        if at < n:
            self._kept = copy(self._held, 0, buf, at, n)

    def _complete(self, buf, at: int, n: int) -> int:
        """Brings what the kept frame lacks, and no more: what follows it is read in place."""
        held = self._held
        kept = self._kept
        lacking = max(self._state[WANT] - kept, 0)
        if lacking > n - at:
            self._kept += copy(held, kept, buf, at, n)
            return n
        stop = self._find(held, 0, kept + copy(held, kept, buf, at, at + lacking))
        if self._state[FRAME] >= 0:
            self.reported = self._take(held, self._state[FRAME])
        if stop >= kept:
            # Whatever was brought beyond that is still in buf.
            self._kept = 0
            return at + stop - kept
        # The kept bytes were no frame, or more than one. What was brought is brought again.
        self._kept = copy(held, 0, held, stop, kept)
        return at


@micropython.viper
def copy(to: ptr8, place: int, source: ptr8, at: int, end: int) -> int:
    """Copies source[at:end] to to[place:], first byte first; returns how many bytes that were."""
    to = ptr8(int(to) + place)
    source = ptr8(int(source) + at)
    count = end - at
    fours = int(to) + (count & 0x7FFC)
    while int(to) < fours:
        to[0] = source[0]
        to[1] = source[1]
        to[2] = source[2]
        to[3] = source[3]
        to = ptr8(int(to) + 4)
        source = ptr8(int(source) + 4)
    fours += count & 3
    while int(to) < fours:
        to[0] = source[0]
        to = ptr8(int(to) + 1)
        source = ptr8(int(source) + 1)
    return count
