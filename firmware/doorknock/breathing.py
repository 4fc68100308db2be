"""The detector of the breathing tier (60 GHz, total phase). Its face: detector.py.

Phase is turned into displacement (0.398 mm a radian at 60 GHz: half a wavelength, 2.5 mm, is
2 pi there and back), kept in mrad. Samples come 5 to 20 a second, unevenly; a grid of 100 ms holds
the newest. Two moving averages, 1.0 s and then 0.7 s, leave breath (0.1 … 0.5 Hz: 98 … 52 % of
it) and take out the heart, which goes on during apnoea: 0.8 mm at 0.8 Hz becomes 0.11 mm, at 1 Hz
and above next to nothing. What is left over 10 s is held against an absolute floor in µm.

At 5 samples a second real steps come near pi, where +pi and -pi look alike. Such a step is not
believed either way: it counts towards agitation, and moves the chest by nothing. One wrap, fade or
glitch is so never a breath, and many of them in a row are a large movement.
"""

from array import array

from .clock import MASK, since
from .detector import (
    BREATHING,
    EMPTY,
    LONGEST_MS,
    MOVING,
    NO_BREATHING,
    NO_MOVEMENT,
    STILL,
    UNKNOWN,
    VANISHED,
)
from .radar import NEW, NEW_PHASE, PHASE_MRAD, PRESENT, ZERO
from .windows import (
    FLOOR,
    HEART_3S,
    MOTION_3S,
    MOTION_10S,
    QUIET_SLOTS,
    WORDS,
    restart,
    slot,
)

SLOT_MS = 100

# µm to mrad: 1 rad is 398 µm.
_UM_A_RAD = 398
_PI_MRAD = 3142
_TWO_PI_MRAD = 6283

# The largest step of a breath: 3.9 mm at 18 a minute is 9.2 rad/s, 1.9 rad between two samples at
# 4.9 a second. Above this a step may be one the other way round.
_AMBIGUOUS_MRAD = 2300

# 20 m of displacement: the sum of ten such is 5e8, below 2^29. Beyond it the windows start anew.
_FARTHEST_MRAD = 50000000

# Agitation, 0 … 60: an ambiguous step adds 4, one of more than a turn (no aliasing makes that of a
# chest) adds 15, a slot takes 1 off. Recordings of people who breathe peak at 35 (a second of deep
# fades); walking passes 40 in three samples where the module follows the turns, and within 3 s
# where it shows random phase at 20 samples a second.
_AMBIGUOUS_WEIGHT = 4
_TURN_WEIGHT = 15
_AGITATED = 40
_MOST_AGITATED = 60

# Over 3 s, smoothed. Seated breathing shows up to 4.7 mm in that time.
_MOVEMENT_UM = 7000
# Life in a chest too still for a breath: a heart shows 0.2 … 0.8 mm, an empty room, in the same
# band, up to 0.051 (noisy recording of a bare wall).
_HEART_UM = 100

# Breath for so long is a sign of somebody where nobody was: somebody walking past, a door or one
# glitch moves the windows for under 8 s. A heart alone is none: the noise of a weak return looks
# like one.
_SIGN_SLOTS = 90
# After a large movement the windows remember it for 5 s; life seen for 3 s after that means that
# the person has stayed. Nothing seen for 10 s after it: gone.
_SETTLED_SLOTS = 50
_STAYED_SLOTS = 30
_GONE_SLOTS = 100
# The gate shut for so long after a large movement: gone. Shorter, it flickers, as it does over
# people who move or fall.
_SHUT_SLOTS = 50

# No phase for so long: nothing can be said. Four times the slowest interval, and some.
_BLIND_MS = 1500
# Phases exactly 0.0 so many times with the flag still up: the gate has shut all the same.
_ZEROS_MEAN_SHUT = 5


class BreathingDetector:
    """Readings of total phase and presence in; what the room is like out."""

    def __init__(self, settings: dict) -> None:
        self._work = array("i", [0] * WORDS)
        self._work[FLOOR] = settings["breath_floor_um"] * 1000 // _UM_A_RAD
        self._movement = _MOVEMENT_UM * 1000 // _UM_A_RAD
        self._heart = _HEART_UM * 1000 // _UM_A_RAD
        self.forget()

    def forget(self) -> None:
        """The radar gets power: what it said before is of another time."""
        restart(self._work, 0)
        self.room = UNKNOWN
        self.still_ms = 0
        self.cause = NO_BREATHING
        self.blind = True
        self._present = -1
        self._open = False  # the module's gate: phases come
        self._shut_slots = 0  # slots since the gate shut, 0 … _SHUT_SLOTS
        self._zeros = 0  # readings of exactly 0.0 in a row, 0 … _ZEROS_MEAN_SHUT
        self._phase = 0
        self._has_phase = False
        self._doubted = False  # the newest sample was too far from self._phase to be believed
        self._displacement = 0  # mrad, |.| <= _FARTHEST_MRAD
        self._agitation = 0
        self._somebody = False
        self._sign = 0  # slots of breath seen where nobody was
        self._since_move = LONGEST_MS // SLOT_MS  # slots since the last large movement
        self._life = 0  # slots of life seen since it, once the windows have settled
        self._stayed = True  # nobody was seen to go since the last large movement
        self._next = -1  # tick of the next slot; -1 before the first reading
        self._last = -1  # tick of the last reading

    @property
    def noise_floor(self) -> int:
        """Chest movement over the last 3 s, µm, 0 … 398,000; in an empty room it is the noise."""
        span = self._work[MOTION_3S]
        return (span if span < 1000000 else 1000000) * _UM_A_RAD // 1000

    def expect_somebody(self) -> None:
        """Somebody is in there, though the radar has not shown them yet."""
        self._somebody = True
        self._stayed = True

    def take(self, reading, ticks: int) -> None:
        """One report: total phase, or presence."""
        if self._next < 0:
            self._next = ticks
        self.tick(ticks)
        self._last = ticks
        if self.blind:
            self.blind = False
            self._has_phase = False
            self._next = ticks
        self._present = reading[PRESENT]
        if reading[NEW] != NEW_PHASE:
            return
        if reading[ZERO]:
            # Nobody's phase is exactly nought three times over: the gate is shut, or soon will be.
            if self._zeros < _ZEROS_MEAN_SHUT:
                self._zeros += 1
            if self._present == 0 or self._zeros >= _ZEROS_MEAN_SHUT:
                self._shut()
            return
        self._zeros = 0
        self._move_to(reading[PHASE_MRAD])

    def _shut(self) -> None:
        if self._open or self.room == UNKNOWN:
            self._open = False
            self._has_phase = False
            self._shut_slots = 0

    def _move_to(self, phase: int) -> None:
        """The newest phase, |.| < 2^29: the difference of two is below 2^30."""
        if not self._has_phase:
            self._has_phase = True
            self._phase = phase
            self._doubted = False
            if not self._open:
                self._open = True
                self._agitation = 0
                restart(self._work, self._displacement)
            return
        step = phase - self._phase
        turned = step > _TWO_PI_MRAD or step < -_TWO_PI_MRAD
        if not turned:
            if step > _PI_MRAD:
                step -= _TWO_PI_MRAD
            elif step < -_PI_MRAD:
                step += _TWO_PI_MRAD
        if turned or step > _AMBIGUOUS_MRAD or step < -_AMBIGUOUS_MRAD:
            self._agitate(_TURN_WEIGHT if turned else _AMBIGUOUS_WEIGHT)
            # One such sample may be a glitch: the next is held against the last good one. Two in
            # a row: the chest, or the phase, is somewhere else, and how it got there is not known.
            self._doubted = not self._doubted
            if not self._doubted:
                self._phase = phase
            return
        self._doubted = False
        self._phase = phase
        moved = self._displacement + step
        if moved > _FARTHEST_MRAD or moved < -_FARTHEST_MRAD:
            moved = 0
            restart(self._work, 0)
        self._displacement = moved

    def _agitate(self, weight: int) -> None:
        agitation = self._agitation + weight
        self._agitation = agitation if agitation < _MOST_AGITATED else _MOST_AGITATED

    def tick(self, ticks: int) -> None:
        """Lets time pass: one slot for each 100 ms. A gap in the readings is not stillness."""
        if self._last < 0 or self.blind:
            return
        if since(ticks, self._last) > _BLIND_MS:
            self.blind = True
            self._open = False
            return
        while since(ticks, self._next) >= 0:
            self._next = (self._next + SLOT_MS) & MASK
            self._one_slot()

    def _one_slot(self) -> None:
        if self._agitation > 0:
            self._agitation -= 1
        if self._since_move < LONGEST_MS // SLOT_MS:
            self._since_move += 1
        if self._open:
            slot(self._work, self._displacement)
            self._look()
        else:
            self._look_at_shut_gate()

    def _look(self) -> None:
        """What the windows say, with the gate open."""
        w = self._work
        floor = w[FLOOR]
        moving = self._agitation >= _AGITATED or w[MOTION_3S] > self._movement
        breath = w[MOTION_10S] >= floor
        heart = w[HEART_3S] >= self._heart
        lively = w[MOTION_3S] >= floor or heart
        if moving:
            self._since_move = 0
            self._life = 0
            self._stayed = False
        elif not self._stayed and self._since_move > _SETTLED_SLOTS:
            if lively:
                self._life += 1
                if self._life >= _STAYED_SLOTS:
                    self._stayed = True
            elif self._since_move > _GONE_SLOTS:
                # Moved largely, then neither breath nor heart: an empty chair.
                self._gone()
                return
        if not self._somebody:
            self._look_for_somebody(moving, w[MOTION_3S] >= floor)
            if not self._somebody:
                self.room = EMPTY
                return
        if moving:
            self.room = MOVING
            self.still_ms = 0
            return
        quiet = w[QUIET_SLOTS]
        if breath:
            self.still_ms = quiet * SLOT_MS
        elif self.still_ms < LONGEST_MS - SLOT_MS:
            # All that the windows hold is quiet: what was still before has gone on being so.
            self.still_ms += SLOT_MS
        self.room = STILL if self.still_ms >= 10000 else BREATHING
        self.cause = NO_BREATHING if heart else NO_MOVEMENT

    def _look_for_somebody(self, moving: bool, breath: bool) -> None:
        """A large movement is somebody at once; breath when it goes on."""
        self._sign = _counted(self._sign, breath)
        if moving or self._sign >= _SIGN_SLOTS:
            self._somebody = True
            self._stayed = not moving
            self._sign = 0
            self.still_ms = 0

    def _look_at_shut_gate(self) -> None:
        """The module sees nobody. Whoever was not seen to go is still in there."""
        if self._shut_slots < _SHUT_SLOTS:
            self._shut_slots += 1
        if self._somebody and not self._stayed and self._shut_slots >= _SHUT_SLOTS:
            # Moved largely, and then the module saw nobody: gone.
            self._gone()
        elif self._somebody:
            if self.still_ms < LONGEST_MS - SLOT_MS:
                self.still_ms += SLOT_MS
            self.room = STILL
            self.cause = VANISHED
        elif self._present == 0 or self._zeros >= _ZEROS_MEAN_SHUT:
            self.room = EMPTY

    def _gone(self) -> None:
        self._somebody = False
        self._stayed = True
        self._sign = 0
        self.still_ms = 0
        self.room = EMPTY


def _counted(slots: int, seen: bool) -> int:
    """Up by one when seen, down by one when not: a pause in breathing does not begin it anew."""
    if seen:
        return slots + 1
    return slots - 1 if slots > 0 else 0
