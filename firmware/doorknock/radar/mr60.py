"""Seeed MR60BHA2 and Hi-Link LD6002: one protocol, two baud rates.

    01 | id u16 BE | length u16 BE | type u16 BE | header check | data (LE) | data check

Each check is the complement of the XOR of what it covers; a frame without data has no data check
(the vendor's own example, 01 0001 0000 FFFF FF, ends with its header check). We read the total
phase (0A13), presence (0F09) and distance (0A16), and tolerate the rest. Nothing is ever sent:
type 3000 would start a firmware upgrade, and the module needs no asking.

Breath rate and heart rate (0A14, 0A15) are checked and thrown away: they have been recorded
reporting 17 breaths a minute at a bare wall.
"""

from array import array

import micropython

from . import (
    BREATHING_FIELDS,
    ERRORS,
    NEW,
    NEW_PHASE,
    NEW_PRESENT,
    PHASE_MRAD,
    PRESENT,
    RANGE_MM,
    UNKNOWN,
    ZERO,
)

# The longest known data are the 1,024-byte tiles of collection mode (0A32, 0A34), and text (0100)
# is shorter. Whatever claims more is no frame.
_LONGEST_DATA = 1056
# A whole longest frame, and as much again so that bytes are moved down seldom.
_HELD_BYTES = 2560

# Places in the state array.
_START = 0  # first byte held that is not yet used
_END = 1  # one past the last byte held
_LOST = 2  # 1 while stray bytes are being skipped: a run of them is counted once
_FRAME = 3  # first byte of the frame just found, or _NO_FRAME
_NO_FRAME = 0x3FFFFFFF

# What _mrad answers for infinity and for no number.
_NO_NUMBER = 0x3FFFFFFF
# 20 m, in thousandths of a centimetre: a target beyond is none of a room's.
_FARTHEST = 2000000
# Known and of no use to us: rates, targets, text.
_TOLERATED = (0x0A14, 0x0A15, 0x0A04, 0x0A08, 0x0100)


@micropython.viper
def _mrad(p: ptr8, at: int) -> int:  # noqa: F821 (ptr8 is viper's)
    """The little-endian IEEE-754 single at p[at] in thousandths, rounded; saturates at 2^29 - 1.

    Returns 0x3FFFFFFF for infinity and for no number. Every intermediate is below 2^30:
    whole < 2^19 before the multiplication by 1000, fraction < 2^20 likewise.
    """
    exponent = (p[at + 2] >> 7) | ((p[at + 3] & 0x7F) << 1)
    if exponent == 255:
        return 0x3FFFFFFF
    value = 0
    if exponent >= 117:  # below 2^-10 a value is under one thousandth: nought
        mantissa = p[at] | (p[at + 1] << 8) | ((p[at + 2] & 0x7F) << 16) | 0x800000
        shift = 150 - exponent  # value = mantissa / 2^shift, and shift <= 33
        if shift <= 4:
            value = 0x1FFFFFFF  # 2^19 and more radians
        else:
            whole = 0
            fraction = 0
            if shift >= 24:
                fraction = mantissa >> (shift - 20)
            else:
                whole = mantissa >> shift
                fraction = mantissa & ((1 << shift) - 1)
                if shift > 20:  # noqa: SIM108
                    fraction = fraction >> (shift - 20)
                else:
                    fraction = fraction << (20 - shift)
            value = whole * 1000 + ((fraction * 1000 + 0x80000) >> 20)
            if value > 0x1FFFFFFF:
                value = 0x1FFFFFFF
    if p[at + 3] & 0x80:
        return 0 - value
    return value


@micropython.viper
def _is_nought(p: ptr8, at: int, n: int) -> int:  # noqa: F821
    """1 when all n bytes are those of 0.0 (or of -0.0: sign bits do not count)."""
    i = 0
    while i < n:
        byte = p[at + i]
        if (i & 3) == 3:
            byte = byte & 0x7F
        if byte != 0:
            return 0
        i += 1
    return 1


@micropython.viper
def _scan(state: ptr32, counts: ptr32, held: ptr8, buf: ptr8, at: int, n: int) -> int:  # noqa: F821
    """Takes buf[at:n] up to the end of the next valid frame; returns how far it came in buf.

    state[3] is then the frame's first byte in `held` (its end is state[0]), or _NO_FRAME. All
    values are below 2^16, sums included, but for the counts, which are masked.
    """
    start = state[0]
    end = state[1]
    state[3] = 0x3FFFFFFF
    while True:
        # How many bytes are needed before more can be said, and whether what is there can be one.
        have = end - start
        wrong = 0
        want = 8
        if have > 0 and held[start] != 1:
            wrong = 1
        elif have >= 8:
            check = 0
            i = 0
            while i < 7:
                check = check ^ held[start + i]
                i += 1
            length = (held[start + 3] << 8) | held[start + 4]
            kind = (held[start + 5] << 8) | held[start + 6]
            if held[start + 7] != (check ^ 0xFF):
                wrong = 1
            elif kind == 0x0A13:
                wrong = 0 if length == 12 else 1
            elif kind == 0x0A14 or kind == 0x0A15:
                wrong = 0 if length == 4 else 1
            elif kind == 0x0A16:
                wrong = 0 if length == 4 or length == 8 else 1
            elif kind == 0x0F09:
                wrong = 0 if length == 2 else 1
            elif length > 1056:  # _LONGEST_DATA; viper would box a global to read it
                wrong = 1
            if wrong == 0:
                want = 8 if length == 0 else 9 + length
                if have >= want:
                    check = 0
                    i = start + 8
                    while i < start + want:
                        check = check ^ held[i]
                        i += 1
                    # XOR of the data and of its check: all ones when they agree.
                    if length != 0 and check != 0xFF:
                        wrong = 1
                    else:
                        counts[0] = (counts[0] + 1) & 0x3FFFFFFF
                        state[2] = 0
                        state[3] = start
                        state[0] = start + want
                        state[1] = end
                        return at
        if wrong != 0:
            if state[2] == 0:
                counts[2] = (counts[2] + 1) & 0x3FFFFFFF
                state[2] = 1
            start += 1
        elif at >= n:
            state[0] = start
            state[1] = end
            return at
        else:
            if end >= 2560:  # _HELD_BYTES
                i = 0
                while start < end:
                    held[i] = held[start]
                    i += 1
                    start += 1
                start = 0
                end = i
            held[end] = buf[at]
            end += 1
            at += 1
            counts[1] = (counts[1] + 1) & 0x3FFFFFFF


class Mr60:
    """Reads the frames of one module. The face of every reader: radar/__init__.py."""

    tier = "breathing"

    def __init__(self) -> None:
        self.reading = array("i", [0] * BREATHING_FIELDS)
        self.reading[PRESENT] = -1
        self.reading[RANGE_MM] = -1
        self.counts = array("i", [0, 0, 0, 0])
        self.reported = False
        self._held = bytearray(_HELD_BYTES)
        self._state = array("i", [0, 0, 0, 0])

    def read(self, buf, at: int, n: int) -> int:
        """Takes buf[at:n] up to the next phase or presence; returns where it stopped."""
        state = self._state
        while True:
            at = _scan(state, self.counts, self._held, buf, at, n)
            if state[_FRAME] == _NO_FRAME:
                self.reported = False
                return at
            if self._take(state[_FRAME]):
                self.reported = True
                return at

    def command(self, ticks: int):
        """None: nothing is ever sent to this module."""

    def _take(self, at: int) -> bool:
        """Reads the valid frame at `at`; True when it brought a reading."""
        held = self._held
        reading = self.reading
        kind = (held[at + 5] << 8) | held[at + 6]
        if kind == 0x0A13:
            phase = _mrad(held, at + 8)
            if (
                phase == _NO_NUMBER
                or _mrad(held, at + 12) == _NO_NUMBER
                or _mrad(held, at + 16) == _NO_NUMBER
            ):
                return self._bad()
            reading[NEW] = NEW_PHASE
            reading[PHASE_MRAD] = phase
            reading[ZERO] = _is_nought(held, at + 8, 12)
            return True
        if kind == 0x0F09:
            present = held[at + 8] | (held[at + 9] << 8)
            if present > 1:
                return self._bad()
            reading[NEW] = NEW_PRESENT
            reading[PRESENT] = present
            return True
        if kind == 0x0A16:
            self._take_range(at)
        elif kind not in _TOLERATED:
            self.counts[UNKNOWN] = (self.counts[UNKNOWN] + 1) & 0x3FFFFFFF
        return False

    def _take_range(self, at: int) -> None:
        held = self._held
        if held[at + 4] == 4 or _is_nought(held, at + 8, 4):
            self.reading[RANGE_MM] = -1
            return
        hundredths_mm = _mrad(held, at + 12)  # thousandths of a centimetre
        if 0 <= hundredths_mm <= _FARTHEST:
            self.reading[RANGE_MM] = hundredths_mm // 100
        else:
            self._bad()

    def _bad(self) -> bool:
        self.counts[ERRORS] = (self.counts[ERRORS] + 1) & 0x3FFFFFFF
        return False
