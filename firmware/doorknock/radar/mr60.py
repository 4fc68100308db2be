"""Seeed MR60BHA2 and Hi-Link LD6002: one protocol, two baud rates.

    01 | id u16 BE | length u16 BE | type u16 BE | header check | data (LE) | data check

Each check is the complement of the XOR of what it covers; a frame without data has no data check
(the vendor's own example, 01 0001 0000 FFFF FF, ends with its header check). We read the total
phase (0A13), presence (0F09) and distance (0A16), and tolerate the rest. Nothing is ever sent:
type 3000 would start a firmware upgrade, and the module needs no asking.

Breath rate and heart rate (0A14, 0A15) are checked and thrown away: they have been recorded
reporting 17 breaths a minute at a bare wall.
"""

# ruff: noqa: F821 (ptr8 and ptr32 are viper's)
import micropython
from micropython import const

from . import BREATHING_FIELDS, ERRORS, PRESENT, RANGE_MM, count
from .framed import Framed

# The longest known data are the 1,024-byte tiles of collection mode (0A32, 0A34), and text (0100)
# is shorter. Whatever claims more is no frame.
_LONGEST_DATA = const(1056)
_HEADER = const(8)
# The data begin behind the header, and a frame that has any ends with their check.
_DATA = const(8)

_PHASES = const(0x0A13)
_BREATH_RATE = const(0x0A14)
_HEART_RATE = const(0x0A15)
_DISTANCE = const(0x0A16)
_PRESENCE = const(0x0F09)
_PEOPLE = const(0x0A04)
_TARGETS = const(0x0A08)
_TEXT = const(0x0100)

# What a type is to us.
_OURS = const(0)
_TOLERATED = const(1)  # rates, targets, text: known, and of no use
_UNKNOWN = const(2)

# Places in the state and the counts, as in framed.py and radar/__init__.py.
_FRAME = const(0)
_WANT = const(1)
_LOST = const(2)
_FRAMES = const(0)
_ERRORS = const(2)
_UNKNOWNS = const(3)

# Places in the reading, and what it brings, as in radar/__init__.py: asked for at each report.
_NEW = const(0)
_PRESENT = const(1)
_PHASE_MRAD = const(2)
_ZERO = const(3)
_NEW_PHASE = const(1)
_NEW_PRESENT = const(2)

# Above every milliradian that _milli answers: infinity, or no number at all.
_NO_NUMBER = const(0x3FFFFFFF)
_GREATEST = const(0x1FFFFFFF)
# What _look answers.
_NOUGHTS = const(0)
_NUMBERS = const(1)
# 20 m, in thousandths of a centimetre: a target beyond is none of a room's.
_FARTHEST = 2000000


@micropython.viper
def _scan(p: ptr8, at: int, n: int, state: ptr32, counts: ptr32) -> int:
    """Looks through p[at:n] for the next valid frame of ours; see framed.py.

    All values but the counts, which are masked, are addresses or below 2^16.
    """
    p = ptr8(int(p) + at)
    while n - at >= _HEADER:
        wrong = p[0] ^ 1
        if wrong == 0:
            wrong = p[1] ^ p[2] ^ p[3] ^ p[4] ^ p[5] ^ p[6] ^ p[7] ^ 0xFE
        if wrong == 0:
            length = (p[3] << 8) | p[4]
            kind = (p[5] << 8) | p[6]
            use = _OURS
            if kind == _PHASES:
                wrong = length ^ 12
            elif kind == _PRESENCE:
                wrong = length ^ 2
            elif kind == _DISTANCE:
                if length != 4:
                    wrong = length ^ 8
            else:
                use = _TOLERATED
                if kind == _BREATH_RATE or kind == _HEART_RATE:  # noqa: SIM109 (viper has no tuples)
                    wrong = length ^ 4
                elif length > _LONGEST_DATA:
                    wrong = 1
                elif kind != _PEOPLE and kind != _TARGETS and kind != _TEXT:
                    use = _UNKNOWN
            if wrong == 0:
                whole = _HEADER
                if length != 0:
                    whole = _HEADER + length + 1
                if n - at < whole:
                    state[_FRAME] = -1
                    state[_WANT] = whole
                    return at
                p = ptr8(int(p) + _DATA)
                if length != 0:
                    # The XOR of the data and of its check is all ones.
                    wrong = p[length] ^ 0xFF
                    end = int(p) + (length & 0x7FFC)
                    while int(p) < end:
                        wrong = wrong ^ p[0] ^ p[1] ^ p[2] ^ p[3]
                        p = ptr8(int(p) + 4)
                    end += length & 3
                    while int(p) < end:
                        wrong = wrong ^ p[0]
                        p = ptr8(int(p) + 1)
                    p = ptr8(int(p) + 1)
                if wrong == 0:
                    at += whole
                    counts[_FRAMES] = (counts[_FRAMES] + 1) & 0x3FFFFFFF
                    state[_LOST] = 0
                    if use == _OURS:
                        state[_FRAME] = at - whole
                        state[_WANT] = _HEADER
                        return at
                    if use == _UNKNOWN:
                        counts[_UNKNOWNS] = (counts[_UNKNOWNS] + 1) & 0x3FFFFFFF
                    continue
                p = ptr8(int(p) - whole)
        # Not the beginning of a frame: one byte on, whatever length it claimed.
        if state[_LOST] == 0:
            state[_LOST] = 1
            counts[_ERRORS] = (counts[_ERRORS] + 1) & 0x3FFFFFFF
        p = ptr8(int(p) + 1)
        at += 1
    state[_FRAME] = -1
    state[_WANT] = _HEADER
    return at


@micropython.viper
def _milli(p: ptr8, at: int) -> int:
    """The little-endian IEEE-754 single at p[at] in thousandths: the nearest, halves away from 0.

    Saturates at 2^29 - 1; _NO_NUMBER for infinity and for no number. The value is m / 2^shift with
    m < 2^24, and its thousandths are 125 m / 2^(shift - 3): 125 m < 2^31, and what is added to it
    is added after a shift.
    """
    p = ptr8(int(p) + at)
    exponent = ((p[3] & 0x7F) << 1) | (p[2] >> 7)
    if exponent == 255:
        return _NO_NUMBER
    shift = 150 - exponent
    value = 0
    if shift < 5:  # 2^20 and more
        value = _GREATEST
    elif shift < 35:  # else it is below 2^-11, and nought the nearest
        value = ((((p[2] | 0x80) << 16) | (p[1] << 8) | p[0]) * 125) >> (shift - 4)
        value = (value + 1) >> 1
        if value > _GREATEST:
            value = _GREATEST
    if p[3] & 0x80:
        return 0 - value
    return value


@micropython.viper
def _look(p: ptr8, at: int, n: int) -> int:
    """What the n singles at p[at] are: _NOUGHTS (all 0.0 or -0.0), _NUMBERS, or _NO_NUMBER."""
    p = ptr8(int(p) + at)
    what = _NOUGHTS
    while n > 0:
        if (p[3] & 0x7F) == 0x7F and p[2] >= 0x80:
            return _NO_NUMBER
        if (p[0] | p[1] | p[2] | (p[3] & 0x7F)) != 0:
            what = _NUMBERS
        p = ptr8(int(p) + 4)
        n -= 1
    return what


class Mr60(Framed):
    """Reads the frames of one module. The face of every reader: radar/__init__.py."""

    tier = "breathing"

    def __init__(self) -> None:
        super().__init__(BREATHING_FIELDS, _HEADER + _LONGEST_DATA + 1)
        self.reading[PRESENT] = -1
        self.reading[RANGE_MM] = -1

    def command(self, ticks: int):
        """None: nothing is ever sent to this module."""

    def _find(self, buf, at: int, n: int) -> int:
        return _scan(buf, at, n, self._state, self.counts)

    def _take(self, buf, at: int) -> bool:
        """Reads the valid frame at `at`, one of ours; True when it brought a reading."""
        # No more names: with twelve words of state a call takes the heap.
        kind = buf[at + 6]  # no two of ours have the same low byte
        reading = self.reading
        if kind == _PHASES & 255:
            what = _look(buf, at + _DATA, 3)
            if what != _NO_NUMBER:
                reading[_NEW] = _NEW_PHASE
                reading[_PHASE_MRAD] = _milli(buf, at + _DATA)
                reading[_ZERO] = 1 if what == _NOUGHTS else 0
                return True
            count(self.counts, ERRORS)
        elif kind == _PRESENCE & 255:
            if buf[at + _DATA] <= 1 and buf[at + _DATA + 1] == 0:
                reading[_NEW] = _NEW_PRESENT
                reading[_PRESENT] = buf[at + _DATA]
                return True
            count(self.counts, ERRORS)
        else:
            self._take_distance(buf, at + _DATA)
        return False

    def _take_distance(self, buf, at: int) -> None:
        """A flag (u32) and, in a frame of 8 bytes, the distance in cm; none where the flag is 0."""
        if buf[at - _DATA + 4] == 4 or (buf[at] | buf[at + 1] | buf[at + 2] | buf[at + 3]) == 0:
            self.reading[RANGE_MM] = -1
            return
        distance = _milli(buf, at + 4)
        if 0 <= distance <= _FARTHEST:
            self.reading[RANGE_MM] = distance // 100
        else:
            count(self.counts, ERRORS)
