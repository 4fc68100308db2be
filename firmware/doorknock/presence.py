"""The detector of the presence tier (LD2410: energies of nine gates). Its face: detector.py.

It knows moving, still and empty, and nothing of breathing. Each gate's floor is learned on site,
while nobody is there, because floors differ tenfold between rooms: a mean and a mean deviation of
the moving and of the still energy. Somebody moves when a gate's smoothed moving energy stands
clear of its floor; somebody is there when a still energy does.

That still energy goes on, or decays, over somebody who does not breathe is not known of this
radar: no recording of it is. So the loss of a still person is taken for a person still in there.
"""

from array import array

import micropython

from .clock import since
from .detector import EMPTY, LONGEST_MS, MOVING, NO_MOVEMENT, STILL, UNKNOWN, VANISHED
from .radar import ENGINEERING, GATES, MOVE_CM, MOVE_ENERGY, STATE, STILL_CM, STILL_ENERGY

# Floors until the room has taught its own: an empty room with clutter close by. Moving energies of
# gates 0 … 8, then still energies (gates 0 and 1 report none), and their mean deviations.
_FLOORS = (15, 27, 9, 7, 5, 4, 5, 3, 5, 0, 0, 61, 41, 25, 20, 13, 11, 9)
_DEVIATIONS = (13, 5, 6, 3, 2, 2, 2, 1, 1, 0, 0, 12, 8, 4, 3, 2, 2, 2)

# How clear of the floor counts. A fan shows 18.5 +- 6.3 in moving energy where nothing shows 2;
# somebody standing 44, asleep 5 … 15. A still energy, slow and coarse, must be clearer in its own
# deviations: 4 mean ones are 3.2 standard ones.
_MOVE_MARGIN = 24
_STILL_MARGIN = 15
# The module's own summary is not smoothed: it must be clearer still.
_SUMMARY_MARGIN = 16
_GATE_CM = 75

# Still energy saturates at 100 near people: no threshold may lie above.
_SATURATED = 95

# Learning over 2^6 reports (6 s) for the first minute, over 2^8 (26 s) after that.
_QUICK_LEARNING = 6
_SLOW_LEARNING = 8
_QUICK_REPORTS = 600
# Movement must last so long, in two reports or more (10 a second is usual); a still somebody where
# nobody was, 10 s.
_MOVE_MS = 200
_STILL_SIGN_MS = 10000
# Still energy is smoothed over 1.6 s and slow by itself; seen within so long counts as seen.
_SEEN_MS = 5000
# Last seen within so long after a movement: gone. Else somebody is still in there.
_GONE_AFTER_MOVE_MS = 15000
# No report for so long: nothing can be said. Four seconds of three minutes may be held over.
_BLIND_MS = 4000

# Places in the work array, a word each; energies are times 256, 0 … 25,600, floors as well.
_SMOOTH = 0  # 18
_FLOOR = 18  # 18
_DEVIATION = 36  # 18
_THRESHOLD = 54  # 18
_MOVES = 72  # results: gates above their threshold
_STILLS = 73
_EXCESS = 74  # the greatest deviation of a floor, for the heartbeat
_WORDS = 75


@micropython.viper
def _smooth(w: ptr32, reading: ptr32, learn: int):  # noqa: F821 (ptr32 is viper's)
    """Takes 18 gate energies of 0 … 100: smooths, compares, and learns the floors if told to.

    learn: 0 not, else the shift of the learning rate (6: over 6 s, 8: over 26 s). Energies times
    256 are at most 25,600 and thresholds at most 25,600 + 256 x (24 + 4 x 100) < 2^18.
    """
    i = 0
    moves = 0
    stills = 0
    excess = 0
    while i < 18:
        energy = reading[6 + i] << 8
        before = w[i]
        # 0.4 s for movement, 1.6 s for stillness. Differences may be negative: >> rounds down.
        if i < 9:  # noqa: SIM108
            smooth = before + ((energy - before) >> 2)
        else:
            smooth = before + ((energy - before) >> 4)
        w[i] = smooth
        if smooth > w[54 + i]:
            if i < 9:
                moves += 1
            else:
                stills += 1
        if learn > 0:
            floor = w[18 + i]
            away = energy - floor
            w[18 + i] = floor + (away >> learn)
            if away < 0:
                away = 0 - away
            w[36 + i] = w[36 + i] + ((away - w[36 + i]) >> learn)
        deviation = w[36 + i]
        if deviation > excess:
            excess = deviation
        if i < 9:
            margin = 2 * deviation
            if margin < 6144:  # _MOVE_MARGIN x 256
                margin = 6144
        else:
            margin = 4 * deviation
            if margin < 3840:  # _STILL_MARGIN x 256
                margin = 3840
        threshold = w[18 + i] + margin
        if i >= 9 and threshold > 24320:  # 95: still energy saturates at 100 near people
            threshold = 24320
        w[54 + i] = threshold
        i += 1
    w[72] = moves
    w[73] = stills
    w[74] = excess


class PresenceDetector:
    """Readings of gate energies in; what the room is like out."""

    def __init__(self, settings: dict) -> None:
        self._work = array("i", [0] * _WORDS)
        for gate in range(2 * GATES):
            self._work[_SMOOTH + gate] = _FLOORS[gate] << 8
            self._work[_FLOOR + gate] = _FLOORS[gate] << 8
            self._work[_DEVIATION + gate] = _DEVIATIONS[gate] << 8
            # out of reach until the first report has set it
            self._work[_THRESHOLD + gate] = 101 << 8
        self._learned = 0  # reports learned from, 0 … _QUICK_REPORTS
        self.forget()

    def forget(self) -> None:
        """The radar gets power: what it said before is of another time. The floors stay."""
        self.room = UNKNOWN
        self.still_ms = 0
        self.cause = NO_MOVEMENT
        self.blind = True
        self._somebody = False
        self._moving = False  # the last report showed movement …
        self._moving_at = 0  # … as did all since this tick
        self._still = False  # the last report showed a still somebody …
        self._still_at = 0  # … as did all since this tick
        self._unseen_ms = 0  # since somebody was last seen, moving or still
        self._last = -1
        self._ticked = -1

    @property
    def noise_floor(self) -> int:
        """The greatest mean deviation of a gate's floor, in hundredths, 0 … 10,000."""
        return self._work[_EXCESS] * 100 >> 8

    def expect_somebody(self) -> None:
        """Somebody is in there, though the radar has not shown them yet."""
        self._somebody = True
        self.still_ms = 0
        self._unseen_ms = 0

    def take(self, reading, ticks: int) -> None:
        """One report."""
        self.tick(ticks)
        self._last = ticks
        if self.blind:
            self.blind = False
            self._ticked = ticks
        self._compare(reading, ticks)
        moves = self._moving and since(ticks, self._moving_at) >= _MOVE_MS
        if self._still and not self._somebody:
            sign = since(ticks, self._still_at) >= _STILL_SIGN_MS
        else:
            # Until the room has taught its floors, the module's own word keeps somebody in there,
            # though it makes nobody.
            sign = self._still or (self._learned < _QUICK_REPORTS and reading[STATE] & 2 != 0)
            sign = sign and self._somebody
        if moves or sign:
            if not self._somebody:
                self._somebody = True
                self.still_ms = 0
            self._unseen_ms = 0
        if moves:
            self.still_ms = 0
        self._settle(moves)

    def tick(self, ticks: int) -> None:
        """Lets time pass. A gap in the reports is not stillness."""
        if self._last < 0 or self.blind:
            return
        if since(ticks, self._last) > _BLIND_MS:
            self.blind = True
            return
        passed = since(ticks, self._ticked)
        if passed <= 0:
            return
        self._ticked = ticks
        # both < 2^29, and passed <= _BLIND_MS + 1
        if self.still_ms < LONGEST_MS - 2 * _BLIND_MS:
            self.still_ms += passed
        if self._unseen_ms < LONGEST_MS - 2 * _BLIND_MS:
            self._unseen_ms += passed
        self._settle(False)

    def _compare(self, reading, ticks: int) -> None:
        """Whether this report shows movement, or a still somebody, and since when they all have."""
        w = self._work
        moving = still = False
        if reading[ENGINEERING]:
            learn = 0
            if not (self._somebody or self._moving or self._still):
                # Quick at first, so that a new place is known within a minute.
                learn = _SLOW_LEARNING if self._learned >= _QUICK_REPORTS else _QUICK_LEARNING
                self._learned += self._learned < _QUICK_REPORTS
            _smooth(w, reading, learn)
            moving = w[_MOVES] > 0
            still = w[_STILLS] > 0
        if reading[STATE] & 1:
            moving = moving or self._clear(reading[MOVE_CM], reading[MOVE_ENERGY], 0)
        if reading[STATE] & 2:
            still = still or self._clear(reading[STILL_CM], reading[STILL_ENERGY], GATES)
        if moving and not self._moving:
            self._moving_at = ticks
        if still and not self._still:
            self._still_at = ticks
        self._moving = moving
        self._still = still

    def _clear(self, distance_cm: int, energy: int, first: int) -> bool:
        """The module's own summary, held against the floor of the gate it names."""
        gate = distance_cm // _GATE_CM
        place = first + (gate if gate < GATES else GATES - 1)
        margin = _SUMMARY_MARGIN + (_STILL_MARGIN if first else _MOVE_MARGIN)
        threshold = (self._work[_FLOOR + place] >> 8) + margin
        return energy > (threshold if threshold < _SATURATED else _SATURATED)

    def _settle(self, moves: bool) -> None:
        if not self._somebody:
            self.still_ms = 0
            if self.room != UNKNOWN or self._last >= 0:
                self.room = EMPTY
            return
        if moves:
            self.room = MOVING
            return
        if self._unseen_ms > _SEEN_MS:
            self.cause = VANISHED
            if self.still_ms - self._unseen_ms < _GONE_AFTER_MOVE_MS:
                # Moved, and soon after was no longer seen: gone.
                self._somebody = False
                self._still = False
                self.still_ms = 0
                self.room = EMPTY
                return
        else:
            self.cause = NO_MOVEMENT
        if self.still_ms >= 2000 or self.room != MOVING:
            self.room = STILL
