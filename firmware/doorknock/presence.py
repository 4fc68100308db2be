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
from micropython import const

from .clock import MASK, since
from .detector import (
    EMPTY,
    MOVING,
    NO_MOVEMENT,
    STILL,
    UNKNOWN,
    UNSEEN,
    VANISHED,
)
from .radar import ENGINEERING, GATES, MOVE_CM, STATE, STILL_CM

# Floors until the room has taught its own: an empty room with clutter close by. Moving energies of
# gates 0 … 8, then still energies (gates 0 and 1 report none), and their mean deviations.
_FLOORS = (15, 27, 9, 7, 5, 4, 5, 3, 5, 0, 0, 61, 41, 25, 20, 13, 11, 9)
_DEVIATIONS = (13, 5, 6, 3, 2, 2, 2, 1, 1, 0, 0, 12, 8, 4, 3, 2, 2, 2)

# How clear of the floor counts. A fan shows 18.5 +- 6.3 in moving energy where nothing shows 2;
# somebody standing 44, asleep 5 … 15. A still energy, slow and coarse, must be clearer in its own
# deviations: 4 mean ones are 3.2 standard ones.
_MOVE_MARGIN = const(24)
_STILL_MARGIN = const(15)
# The module's own summary is not smoothed: it must be clearer still.
_SUMMARY_MARGIN = const(16)
_GATE_CM = const(75)

# Still energy saturates at 100 near people: no threshold may lie above.
_SATURATED = const(95)

# Two places are learned from each report, so each every 0.9 s: 2^3 of them are 7 s, for the first
# minute; 2^5 are 29 s, after that.
_QUICK_LEARNING = const(3)
_SLOW_LEARNING = const(5)
_QUICK_REPORTS = const(600)
# Movement must last so long, in two reports or more (10 a second is usual); a still somebody where
# nobody was, 10 s.
_MOVE_MS = const(200)
_STILL_SIGN_MS = const(10000)
# Still energy is smoothed over 1.6 s and slow by itself; seen within so long counts as seen.
_SEEN_MS = const(5000)
# Last seen within so long after a movement: gone. Else somebody is still in there.
_GONE_AFTER_MOVE_MS = const(15000)
# No report for so long: nothing can be said. Four seconds of three minutes may be held over.
_BLIND_MS = const(4000)
# detector.LONGEST_MS, and room for two more steps of time.
_LONGEST_MS = const(0x1FFFFFFF - 2 * 4000)

# Somebody no longer seen, and the still energies back at their floors: for so long, and they have
# gone, though nobody saw them go. Over a body that only this radar's threshold has lost, several
# gates stay above.
_AT_FLOOR_MS = const(20000)
_GATES_ABOVE = const(2)
# Whoever leaves takes their still energy along at once: from a half of what it was to a fifth in
# some 2 s. Over a body that lies still it may fade; slower than this, and they are still in there.
_FADE_MS = const(5000)
_SITS_DOWN_MS = const(10000)
# Movement in every report for so long, with not one pause of 5 s in it: no person, a fan or a
# curtain. The floors are learned anew.
_TIRELESS_MS = const(900000)
_PAUSE_MS = const(3000)
# A door that opened so shortly before or after somebody was last seen: they went through it.
_DOOR_MS = const(15000)
# Lessons are worth a write to flash when a floor has changed by so much (of 100), and seldom.
_WORTH_KEEPING = const(4)
_KEEP_EVERY_REPORTS = const(36000)
_LESSONS_BYTES = const(37)
_LESSONS_VERSION = const(1)

# Places in the work array, a word each; energies are times 256, 0 … 25,600, floors as well.
_SMOOTH = const(0)  # 18
_FLOOR = const(18)  # 18
_DEVIATION = const(36)  # 18
_THRESHOLD = const(54)  # 18
_MOVES = const(72)  # results: gates above their threshold
_STILLS = const(73)
_EXCESS = const(74)  # still energies above their floors, the sum of all gates, 0 … 230,400
_WORDS = const(75)


@micropython.viper
def _smooth(w: ptr32, reading: ptr32):  # noqa: F821 (ptr32 is viper's)
    """Takes 18 gate energies of 0 … 100: smooths, and counts those above their thresholds.

    Energies times 256 are at most 25,600, thresholds at most 25,600 + 256 x (24 + 4 x 100) < 2^18.
    The smoothed are 0 or more: energies are, and >> rounds towards them from above.
    """
    i = 0
    counted = 0
    # 0.4 s for movement
    while i < 9:
        before = w[i]
        before += ((reading[6 + i] << 8) - before) >> 2
        w[i] = before
        if before > w[54 + i]:
            counted += 1
        i += 1
    w[72] = counted
    # 1.6 s for stillness
    counted = 0
    excess = 0
    while i < 18:
        before = w[i]
        before += ((reading[6 + i] << 8) - before) >> 4
        w[i] = before
        excess += before - w[18 + i]
        if before > w[54 + i]:
            counted += 1
        i += 1
    w[73] = counted
    if excess < 0:
        excess = 0
    w[74] = excess


@micropython.viper
def _learn(w: ptr32, reading: ptr32, place: int, shift: int):  # noqa: F821
    """Learns the floor and the deviation of one place from a report; shift 31 learns nothing.

    Both stay within 0 … 25,600, as what they are means of does.
    """
    energy = reading[6 + place] << 8
    floor = w[18 + place]
    away = energy - floor
    deviation = w[36 + place]
    if shift < 31:
        floor += away >> shift
        w[18 + place] = floor
        if away < 0:
            away = 0 - away
        deviation += (away - deviation) >> shift
        w[36 + place] = deviation
    if place < 9:
        margin = 2 * deviation
        if margin < 6144:  # _MOVE_MARGIN x 256
            margin = 6144
    else:
        margin = 4 * deviation
        if margin < 3840:  # _STILL_MARGIN x 256
            margin = 3840
    threshold = floor + margin
    if place >= 9 and threshold > 24320:  # 95: still energy saturates at 100 near people
        threshold = 24320
    w[54 + place] = threshold


class PresenceDetector:
    """Readings of gate energies in; what the room is like out."""

    def __init__(self, settings: dict) -> None:
        self._work = array("i", [0] * _WORDS)
        for gate in range(2 * GATES):
            self._work[_SMOOTH + gate] = _FLOORS[gate] << 8
            self._work[_FLOOR + gate] = _FLOORS[gate] << 8
            self._work[_DEVIATION + gate] = _DEVIATIONS[gate] << 8
        self._none = array("i", [0] * 24)
        self._learned = 0  # reports learned from, 0 … _QUICK_REPORTS
        self._place = 0  # which is learned next
        # The floors and their deviations, as last handed out to be kept …
        self._kept = bytearray(_LESSONS_BYTES)
        self._kept[0] = _LESSONS_VERSION
        self.lessons = b""  # … that same buffer, once they are known
        self.lessons_version = 0
        self._since_kept = 0  # reports, 0 … _KEEP_EVERY_REPORTS
        self._set_thresholds()
        self.forget()

    def _set_thresholds(self) -> None:
        for place in range(2 * GATES):
            _learn(self._work, self._none, place, 31)

    def learn(self, lessons: bytes) -> None:
        """Takes up the floors that were learned before a reset. Bytes that are not ours: none."""
        if len(lessons) != _LESSONS_BYTES or lessons[0] != _LESSONS_VERSION:
            return
        if max(lessons[1:]) > 100:
            return
        for place in range(2 * GATES):
            self._work[_SMOOTH + place] = lessons[1 + place] << 8
            self._work[_FLOOR + place] = lessons[1 + place] << 8
            self._work[_DEVIATION + place] = lessons[19 + place] << 8
            self._kept[1 + place] = lessons[1 + place]
            self._kept[19 + place] = lessons[19 + place]
        self._learned = _QUICK_REPORTS
        self.lessons = self._kept
        self._set_thresholds()

    def _keep_lessons(self) -> None:
        """Once the place is known, and when it has changed since."""
        self._since_kept = 0
        worth = not self.lessons
        for place in range(4 * GATES):
            fresh = (self._work[_FLOOR + place] + 128) >> 8
            away = fresh - self._kept[1 + place]
            worth = worth or away >= _WORTH_KEEPING or away <= -_WORTH_KEEPING
        if worth:
            for place in range(4 * GATES):
                self._kept[1 + place] = (self._work[_FLOOR + place] + 128) >> 8
            self.lessons = self._kept
            self.lessons_version += 1

    def forget(self) -> None:
        """The radar gets power: what it said before is of another time. The floors stay."""
        self.room = UNKNOWN
        self.still_ms = 0
        self.cause = NO_MOVEMENT
        self.urgent = True
        self.cannot_see = False
        self.blind = True
        self._somebody = False
        self._awaited = False
        self._door = False  # it has opened …
        self._door_at = 0  # … at this tick
        self._usual = 0  # excess of still energy over this person, as _EXCESS
        self._high_at = 0  # tick at which it was last above a half of that
        self._faded = False  # and then it faded, slowly
        self._floor_ms = 0  # not seen, and the energies at their floors, for so long
        self._tireless_ms = 0  # movement without a pause for so long
        self._moving = False  # the last report showed movement …
        self._paused_at = 0  # tick of the last report that showed movement
        self._moving_at = 0  # … as did all since this tick
        self._still = False  # the last report showed a still somebody …
        self._still_at = 0  # … as did all since this tick
        self._unseen_ms = 0  # since somebody was last seen, moving or still
        self._last = -1
        self._ticked = -1
        self.done_at = -1

    def noise_floor(self) -> int:
        """The greatest mean deviation of a gate's floor, in hundredths, 0 … 10,000."""
        return max(self._work[_DEVIATION : _DEVIATION + 2 * GATES]) * 100 >> 8

    def confidence(self) -> int:
        """0 … 100; of breath this radar knows nothing, and this is not about breath."""
        return 0 if self.blind else 100 * self._learned // _QUICK_REPORTS

    def await_somebody(self, ticks: int) -> None:
        """A resident has just pressed: whoever the module itself shows is somebody."""
        self._awaited = True

    def answered(self) -> None:
        """Nothing: answers teach this tier nothing."""

    def door_opened(self, ticks: int) -> None:
        """A door contact says so: whoever is lost about now has gone."""
        self._door = True
        self._door_at = ticks

    def expect_somebody(self, ticks: int) -> None:
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
            self._tireless_ms = 0
        self._compare(reading, ticks)
        moves = self._moving and since(ticks, self._moving_at) >= _MOVE_MS
        if self._still and not self._somebody:
            sign = since(ticks, self._still_at) >= _STILL_SIGN_MS
        else:
            # Until the room has taught its floors, the module's own word keeps somebody in there,
            # though it makes nobody.
            sign = self._still or (self._learned < _QUICK_REPORTS and reading[STATE] & 2 != 0)
            sign = sign and self._somebody
        if self._awaited and reading[STATE] & 3:
            sign = True
            self._awaited = False
        self._look_whether_it_fades(ticks, moves)
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
        if self._last < 0 or self.blind or ticks == self._ticked:
            return
        if since(ticks, self._last) > _BLIND_MS:
            self.blind = True
            return
        passed = since(ticks, self._ticked)
        if passed <= 0:
            return
        self._ticked = ticks
        # both < 2^29, and passed <= _BLIND_MS + 1
        if self.still_ms < _LONGEST_MS:
            self.still_ms += passed
        if self._unseen_ms < _LONGEST_MS:
            self._unseen_ms += passed
        if since(ticks, self._paused_at) > _PAUSE_MS:
            self._tireless_ms = 0
        elif self._tireless_ms < _LONGEST_MS:
            self._tireless_ms += passed
        if self._somebody and self._unseen_ms > _SEEN_MS and not self._faded and self._at_floor():
            self._floor_ms += passed
        else:
            self._floor_ms = 0
        self._settle(False)

    def _compare(self, reading, ticks: int) -> None:
        """Whether this report shows movement, or a still somebody, and since when they all have."""
        w = self._work
        moving = still = False
        if reading[ENGINEERING]:
            _smooth(w, reading)
            if self._tireless_ms > _TIRELESS_MS or not (
                self._somebody or self._moving or self._still
            ):
                self._learn_floors(reading)
            moving = w[_MOVES] > 0
            still = w[_STILLS] > 0
        if reading[STATE] & 1:
            moving = moving or self._clear(reading, MOVE_CM, 0)
        if reading[STATE] & 2:
            still = still or self._clear(reading, STILL_CM, GATES)
        if moving and not self._moving:
            self._moving_at = ticks
        if moving:
            self._paused_at = ticks
        if still and not self._still:
            self._still_at = ticks
        self._moving = moving
        self._still = still

    def _learn_floors(self, reading) -> None:
        """From this report, which shows nobody: a moving and a still energy."""
        # Quick at first, so that a new place is known within a minute.
        quick = self._learned < _QUICK_REPORTS
        if quick:
            self._learned += 1
        shift = _QUICK_LEARNING if quick else _SLOW_LEARNING
        _learn(self._work, reading, self._place, shift)
        _learn(self._work, reading, self._place + GATES, shift)
        self._place = (self._place + 1) % GATES
        self._since_kept += 1
        if self._since_kept >= _KEEP_EVERY_REPORTS or (quick and self._learned == _QUICK_REPORTS):
            self._keep_lessons()

    def _clear(self, reading, at: int, first: int) -> bool:
        """The module's own summary at `at`, held against the floor of the gate it names."""
        energy = reading[at + 1]
        gate = reading[at] // _GATE_CM
        place = first + (gate if gate < GATES else GATES - 1)
        threshold = (self._work[_FLOOR + place] >> 8) + _SUMMARY_MARGIN
        threshold += _STILL_MARGIN if first else _MOVE_MARGIN
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
            if (
                # Moved, and soon after was no longer seen: gone.
                self.still_ms - self._unseen_ms < _GONE_AFTER_MOVE_MS
                # Nothing of them is left in the room: gone unseen.
                or self._floor_ms >= _AT_FLOOR_MS
                or self._left_by_the_door()
            ):
                self._somebody = False
                self._still = False
                self._door = False
                self.still_ms = 0
                self.room = EMPTY
                return
            if self._floor_ms > 0:
                # It may be an empty room: not to be asked until that is known.
                self.room = UNSEEN
                return
        else:
            self.cause = NO_MOVEMENT
        if self.still_ms >= 2000 or self.room != MOVING:
            self.room = STILL

    def _look_whether_it_fades(self, ticks: int, moves: bool) -> None:
        """Follows the still energy of the person in there: usual, falling at once, or fading."""
        excess = self._work[_EXCESS]
        if not self._somebody:
            self._usual = 0
            self._faded = False
        if moves or self.still_ms < _SITS_DOWN_MS:
            # 3 s: they have moved, and what is usual of them is to be seen anew.
            self._usual += (excess - self._usual) >> 5
            self._high_at = ticks
            self._faded = False
        elif 2 * excess >= self._usual:
            # 6 s up, 100 s down: slower than any fading.
            self._usual += (excess - self._usual) >> (6 if excess > self._usual else 10)
            self._high_at = ticks
            if 4 * excess >= 3 * self._usual:
                self._faded = False
        elif 5 * excess > self._usual and since(ticks, self._high_at) > _FADE_MS:
            self._faded = True

    def _at_floor(self) -> bool:
        """Whether the still energies are those of the room with nobody in it."""
        w = self._work
        above = 0
        for place in range(GATES + 2, 2 * GATES):
            # a deviation and a half: 1.2 standard ones
            if w[_SMOOTH + place] > w[_FLOOR + place] + w[_DEVIATION + place] * 3 // 2:
                above += 1
        return above <= _GATES_ABOVE

    def _left_by_the_door(self) -> bool:
        if not self._door:
            return False
        seen_at = (self._ticked - self._unseen_ms) & MASK
        return -_DOOR_MS < since(self._door_at, seen_at) < _DOOR_MS
