"""Hi-Link LD2410, LD2410B and LD2410C: 24 GHz presence, about 10 reports a second, 256000 baud.

    report   F4F3F2F1 | length u16 LE | 01 engineering or 02 basic | AA | … | 55 00 | F8F7F6F5
    answer   FDFCFBFA | length u16 LE | command | 0x0100, status u16, … | 04030201

There is no checksum: the length, both ends, the marks AA and 55 00 and the range of every value
stand in for one. The detector needs the energies of the gates, which only engineering reports
carry, and the module forgets that mode at every restart: a basic report is the sign to ask again.
"""

from array import array

import micropython

from ..clock import since
from . import (
    ENGINEERING,
    ERRORS,
    MOVE_CM,
    MOVE_ENERGY,
    MOVE_GATES,
    PRESENCE_FIELDS,
    STATE,
    STILL_CM,
    STILL_ENERGY,
)

_HELD_BYTES = 256
_BASIC_DATA = 0x0D
_ENGINEERING_DATA = 0x23
# The farthest gate ends at 9 x 0.75 m; real modules have reported a little more.
_FARTHEST_CM = 1000

# Places in the state array.
_START = 0  # first byte held that is not yet used
_END = 1  # one past the last byte held
_LOST = 2  # 1 while stray bytes are being skipped: a run of them is counted once
_FRAME = 3  # first byte of the frame just found, or _NO_FRAME
_NO_FRAME = 0x3FFFFFFF

# Configuration mode on, engineering mode on, configuration mode off. Reports pause in between.
_ENTER = b"\xfd\xfc\xfb\xfa\x04\x00\xff\x00\x01\x00\x04\x03\x02\x01"
_ENGINEER = b"\xfd\xfc\xfb\xfa\x02\x00\x62\x00\x04\x03\x02\x01"
_LEAVE = b"\xfd\xfc\xfb\xfa\x02\x00\xfe\x00\x04\x03\x02\x01"
_STEPS = (_ENTER, _ENGINEER, _LEAVE)

# How far asking for engineering mode has come.
CONTENT = 0  # engineering reports come, or nothing is known yet
RESTING = 1  # asked in vain; waiting before asking again
ASKING = 2  # the three commands are under way, one at a time, each after the answer to the last

# The module answers within some 50 ms; ten times that, for a busy reader.
_ANSWER_MS = 500
# Doubling from 2 s: a module that restarts is back within a second or two. Never more often than
# a minute when it goes on refusing: a sensor without gate energies still reports its state.
_FIRST_REST_MS = 2000
_LONGEST_REST_MS = 60000
# A device that was reset in the middle of asking finds the module silent in configuration mode.
_SILENT_MS = 3000


@micropython.viper
def _scan(state: ptr32, counts: ptr32, held: ptr8, buf: ptr8, at: int, n: int) -> int:  # noqa: F821
    """Takes buf[at:n] up to the end of the next whole frame; returns how far it came in buf.

    state[3] is then the frame's first byte in `held` (its end is state[0]), or _NO_FRAME. All
    values are below 2^16, sums included, but for the counts, which are masked.
    """
    start = state[0]
    end = state[1]
    state[3] = 0x3FFFFFFF
    while True:
        have = end - start
        wrong = 0
        if have > 0:
            # F4 F3 F2 F1 and FD FC FB FA both count down by one.
            first = held[start]
            if first != 0xF4 and first != 0xFD:
                wrong = 1
            i = 1
            while i < 4 and i < have and wrong == 0:
                if held[start + i] != first - i:
                    wrong = 1
                i += 1
            if wrong == 0 and have >= 6:
                length = held[start + 4] | (held[start + 5] << 8)
                if first == 0xF4:
                    if length != 0x0D and length != 0x23:
                        wrong = 1
                elif length < 4 or length > 64:
                    wrong = 1
                if wrong == 0 and have >= length + 10:
                    # F8 F7 F6 F5 after a report, 04 03 02 01 after an answer.
                    last = 0xF8 if first == 0xF4 else 0x04
                    i = 0
                    while i < 4:
                        if held[start + 6 + length + i] != last - i:
                            wrong = 1
                        i += 1
                    if first == 0xF4 and wrong == 0:
                        # The report's type must fit its length, and its own marks be there.
                        kind = held[start + 6]
                        if kind != (1 if length == 0x23 else 2) or held[start + 7] != 0xAA:
                            wrong = 1
                        if held[start + 4 + length] != 0x55 or held[start + 5 + length] != 0:
                            wrong = 1
                    if wrong == 0:
                        counts[0] = (counts[0] + 1) & 0x3FFFFFFF
                        state[2] = 0
                        state[3] = start
                        state[0] = start + length + 10
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
            if end >= 256:  # _HELD_BYTES; viper would box a global to read it
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


@micropython.viper
def _copy_gates(held: ptr8, at: int, reading: ptr32, to: int) -> int:  # noqa: F821
    """Copies 18 gate energies; 0, and nothing copied, when one of them is over 100."""
    i = 0
    while i < 18:
        if held[at + i] > 100:
            return 0
        i += 1
    i = 0
    while i < 18:
        reading[to + i] = held[at + i]
        i += 1
    return 1


class Ld2410:
    """Reads the reports of one module and keeps it in engineering mode.

    The face of every reader: radar/__init__.py.
    """

    tier = "presence"

    def __init__(self) -> None:
        self.reading = array("i", [0] * PRESENCE_FIELDS)
        self.counts = array("i", [0, 0, 0, 0])
        self.reported = False
        self.asking = CONTENT
        self._held = bytearray(_HELD_BYTES)
        self._state = array("i", [0, 0, 0, 0])
        self._basic = False  # the newest report was a basic one
        self._heard = False  # a report has come since command() last looked
        self._answered = -1  # low byte of the command just answered, -1 none
        self._done = False  # its status was "done"
        self._step = 0  # which of _STEPS is next, or under way
        self._sent = False
        self._since = -1  # tick of the last report, command or rest; -1: command() was never called
        self._rest_ms = _FIRST_REST_MS

    def read(self, buf, at: int, n: int) -> int:
        """Takes buf[at:n] up to the next report; returns where it stopped."""
        state = self._state
        while True:
            at = _scan(state, self.counts, self._held, buf, at, n)
            frame = state[_FRAME]
            if frame == _NO_FRAME:
                self.reported = False
                return at
            if self._held[frame] == 0xFD:
                self._take_answer(frame)
            elif self._take_report(frame):
                self.reported = True
                return at

    def command(self, ticks: int):
        """Bytes to send to the module now, or None. Ask a few times a second.

        CONTENT -> ASKING   a basic report has come, or none at all for _SILENT_MS
        ASKING  -> CONTENT  all three commands are answered with "done"
        ASKING  -> RESTING  a command is refused or not answered within _ANSWER_MS; configuration
                            mode is left (unanswered if need be), or reports would stay away
        RESTING -> ASKING   the rest is over and there is still no engineering report
        RESTING -> CONTENT  an engineering report has come by itself
        """
        if self._since < 0:
            self._since = ticks
        waited = since(ticks, self._since)
        if self.asking == ASKING:
            return self._go_on(ticks, waited)
        if self._heard:
            self._heard = False
            if self.asking == CONTENT:
                self._since = ticks
            if not self._basic:
                self.asking = CONTENT
                self._rest_ms = _FIRST_REST_MS
                return None
            if self.asking == CONTENT:
                return self._begin(ticks)
        if waited >= (_SILENT_MS if self.asking == CONTENT else self._rest_ms):
            return self._begin(ticks)
        return None

    def _begin(self, ticks: int):
        self.asking = ASKING
        self._step = 0
        return self._send(ticks)

    def _send(self, ticks: int):
        self._answered = -1
        self._since = ticks
        return _STEPS[self._step]

    def _go_on(self, ticks: int, waited: int):
        if self._answered == _STEPS[self._step][6]:
            if self._done and self._step < 2:
                self._step += 1
                return self._send(ticks)
            if self._done:
                self.asking = CONTENT
                self._since = ticks
                self._heard = False
                return None
        elif waited < _ANSWER_MS:
            return None
        self.asking = RESTING
        self._since = ticks
        if self._rest_ms < _LONGEST_REST_MS:
            self._rest_ms = min(2 * self._rest_ms, _LONGEST_REST_MS)
        self._heard = False
        return _LEAVE if self._step < 2 else None

    def _take_answer(self, at: int) -> None:
        held = self._held
        if held[at + 7] != 1:  # an answer is its command | 0x0100
            self._bad()
            return
        self._answered = held[at + 6]
        self._done = held[at + 8] == 0 and held[at + 9] == 0

    def _take_report(self, at: int) -> bool:
        held = self._held
        reading = self.reading
        state = held[at + 8]
        move_cm = held[at + 9] | (held[at + 10] << 8)
        still_cm = held[at + 12] | (held[at + 13] << 8)
        # Bits above the two are calibration states of later firmware: no reading.
        if state > 3 or held[at + 11] > 100 or held[at + 14] > 100:
            return self._bad()
        if move_cm > _FARTHEST_CM or still_cm > _FARTHEST_CM:
            return self._bad()
        basic = held[at + 4] == _BASIC_DATA
        if not basic and not _copy_gates(held, at + 19, reading, MOVE_GATES):
            return self._bad()
        reading[STATE] = state
        reading[MOVE_CM] = move_cm
        reading[MOVE_ENERGY] = held[at + 11]
        reading[STILL_CM] = still_cm
        reading[STILL_ENERGY] = held[at + 14]
        reading[ENGINEERING] = 0 if basic else 1
        self._basic = basic
        self._heard = True
        return True

    def _bad(self) -> bool:
        self.counts[ERRORS] = (self.counts[ERRORS] + 1) & 0x3FFFFFFF
        return False
