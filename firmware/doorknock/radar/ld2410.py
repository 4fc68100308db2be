"""Hi-Link LD2410, LD2410B and LD2410C: 24 GHz presence, about 10 reports a second, 256000 baud.

    report   F4F3F2F1 | length u16 LE | 01 engineering or 02 basic | AA | … | 55 00 | F8F7F6F5
    answer   FDFCFBFA | length u16 LE | command | 0x0100, status u16, … | 04030201

There is no checksum: the length, both ends, the marks AA and 55 00 and the range of every value
stand in for one. The detector needs the energies of the gates, which only engineering reports
carry, and the module forgets that mode at every restart: a basic report is the sign to ask again.
"""

# ruff: noqa: F821 (ptr8 and ptr32 are viper's)
import micropython
from micropython import const

from ..clock import since
from . import (
    ERRORS,
    PRESENCE_FIELDS,
    count,
)
from .framed import Framed

# First bytes. What follows counts down by one from there: F4 F3 F2 F1, FD FC FB FA, and so do the
# ends, F8 F7 F6 F5 and 04 03 02 01.
_REPORT = const(0xF4)
_REPORT_END = const(0xF8)
_ANSWER = const(0xFD)
_ANSWER_END = const(0x04)
# Four first bytes and the length; four last bytes.
_HEADER = const(6)
_ENDS = const(10)
# Lengths of the data between them. The longest answer known has 28.
_BASIC_DATA = const(0x0D)
_ENGINEERING_DATA = const(0x23)
_SHORTEST_ANSWER = const(4)
_LONGEST_ANSWER = const(64)

# Places in the state and the counts, as in framed.py and radar/__init__.py.
_FRAME = const(0)
_WANT = const(1)
_LOST = const(2)
_FRAMES = const(0)
_ERRORS = const(2)
# Places in the Reading, as in radar/__init__.py.
_STATE = const(0)
_MOVE_CM = const(1)
_MOVE_ENERGY = const(2)
_STILL_CM = const(3)
_STILL_ENERGY = const(4)
_ENGINEERING = const(5)
_MOVE_GATES = const(6)

# Where a report has its 18 energies, the moving ones first.
_ENERGIES_AT = const(19)
_GATE_ENERGIES = const(18)
_GREATEST_ENERGY = const(100)
# The farthest gate ends at 9 x 0.75 m; real modules have reported a little more.
_FARTHEST_CM = const(1000)

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
def _scan(p: ptr8, at: int, n: int, state: ptr32, counts: ptr32) -> int:
    """Looks through p[at:n] for the next whole report or answer; see framed.py.

    All values but the counts, which are masked, are addresses or below 2^17.
    """
    p = ptr8(int(p) + at)
    while n - at >= _HEADER:
        first = p[0]
        wrong = 1
        if first == _REPORT or first == _ANSWER:  # noqa: SIM109 (viper has no tuples)
            wrong = (p[1] ^ (first - 1)) | (p[2] ^ (first - 2)) | (p[3] ^ (first - 3))
        if wrong == 0:
            length = p[4] | (p[5] << 8)
            last = _REPORT_END
            if first == _REPORT:
                if length != _ENGINEERING_DATA:
                    wrong = length ^ _BASIC_DATA
            else:
                last = _ANSWER_END
                if length < _SHORTEST_ANSWER or length > _LONGEST_ANSWER:
                    wrong = 1
            if wrong == 0:
                whole = _ENDS + length
                if n - at < whole:
                    state[_FRAME] = -1
                    state[_WANT] = whole
                    return at
                if first == _REPORT:
                    # Its type must fit its length (2 basic, 1 engineering), its marks be there.
                    kind = 2
                    if length == _ENGINEERING_DATA:
                        kind = 1
                    wrong = (p[6] ^ kind) | (p[7] ^ 0xAA) | (p[length + 4] ^ 0x55) | p[length + 5]
                p = ptr8(int(p) + length)
                wrong = wrong | (p[6] ^ last) | (p[7] ^ (last - 1))
                wrong = wrong | (p[8] ^ (last - 2)) | (p[9] ^ (last - 3))
                if wrong == 0:
                    counts[_FRAMES] = (counts[_FRAMES] + 1) & 0x3FFFFFFF
                    state[_LOST] = 0
                    state[_FRAME] = at
                    state[_WANT] = _HEADER
                    return at + whole
                p = ptr8(int(p) - length)
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
def _copy_report(p: ptr8, reading: ptr32, at: int) -> int:
    """Takes the whole report at p[at] into reading; 0, and nothing taken, when a value is none.

    Else 1 for a basic report, 2 for an engineering one. Values are below 2^16.
    """
    p = ptr8(int(p) + at)
    move_cm = p[9] | (p[10] << 8)
    still_cm = p[12] | (p[13] << 8)
    # Bits above the two are calibration states of later firmware: no reading.
    if p[8] > 3 or p[11] > _GREATEST_ENERGY or p[14] > _GREATEST_ENERGY:
        return 0
    if move_cm > _FARTHEST_CM or still_cm > _FARTHEST_CM:
        return 0
    kind = 1
    if p[4] != _BASIC_DATA:
        kind = 2
        gates = ptr8(int(p) + _ENERGIES_AT)
        end = int(gates) + _GATE_ENERGIES
        while int(gates) < end:
            if (
                gates[0] > _GREATEST_ENERGY
                or gates[1] > _GREATEST_ENERGY
                or gates[2] > _GREATEST_ENERGY
            ):
                return 0
            gates = ptr8(int(gates) + 3)
        gates = ptr8(int(gates) - _GATE_ENERGIES)
        to = ptr32(int(reading) + 4 * _MOVE_GATES)
        while int(gates) < end:
            to[0] = gates[0]
            to[1] = gates[1]
            to[2] = gates[2]
            gates = ptr8(int(gates) + 3)
            to = ptr32(int(to) + 12)
    reading[_STATE] = p[8]
    reading[_MOVE_CM] = move_cm
    reading[_MOVE_ENERGY] = p[11]
    reading[_STILL_CM] = still_cm
    reading[_STILL_ENERGY] = p[14]
    reading[_ENGINEERING] = kind - 1
    return kind


class Ld2410(Framed):
    """Reads the reports of one module and keeps it in engineering mode.

    The face of every reader: radar/__init__.py.
    """

    tier = "presence"

    def __init__(self) -> None:
        super().__init__(PRESENCE_FIELDS, _ENDS + _LONGEST_ANSWER)
        self.asking = CONTENT
        self._basic = False  # the newest report was a basic one
        self._heard = False  # a report has come since command() last looked
        self._answered = -1  # low byte of the command just answered, -1 none
        self._done = False  # its status was "done"
        self._step = 0  # which of _STEPS is next, or under way
        self._sent = False
        self._since = -1  # tick of the last report, command or rest; -1: command() was never called
        self._rest_ms = _FIRST_REST_MS

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

    def _find(self, buf, at: int, n: int) -> int:
        return _scan(buf, at, n, self._state, self.counts)

    def _take(self, buf, at: int) -> bool:
        """Reads the whole frame at `at`; True when it brought a reading."""
        report = buf[at] == _REPORT
        good = self._take_report(buf, at) if report else self._take_answer(buf, at)
        if not good:
            count(self.counts, ERRORS)
        return good and report

    def _take_answer(self, buf, at: int) -> bool:
        if buf[at + 7] != 1:  # an answer is its command | 0x0100
            return False
        self._answered = buf[at + 6]
        self._done = buf[at + 8] == 0 and buf[at + 9] == 0
        return True

    def _take_report(self, buf, at: int) -> bool:
        kind = _copy_report(buf, self.reading, at)
        if kind == 0:
            return False
        self._basic = kind == 1
        self._heard = True
        return True
