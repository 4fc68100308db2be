"""The detector of the breathing tier (60 GHz, total phase). Its face: detector.py.

Phase is turned into displacement (0.398 mm a radian at 60 GHz: half a wavelength, 2.5 mm, is
2 pi there and back), kept in mrad. chest.py smooths it over 1.0 s and 0.4 s, which leaves breath
(0.1 … 0.5 Hz: 98 … 55 % of it) and takes out the heart, which goes on during apnoea: 0.8 mm at
0.8 Hz becomes 0.12 mm, at 1 Hz and above next to nothing. What is left is followed from turning
point to turning point: **a breath turns back, drift does not**. So neither drift (however fast),
nor a heart, nor noise is a breath, while three breaths a minute are seen as what they are.

At 5 samples a second real steps come near pi, where +pi and -pi look alike. Such a step is not
believed either way. Many of them within a second or more are somebody who walks (each sample falls
anywhere on the circle), and for a minute on end, a radar that cannot see.
"""

from micropython import const

from . import chest
from .chest import (
    ACTIVE,
    COARSE_LEGS,
    COARSE_SPAN,
    COARSE_TURN,
    FLOOR,
    HEART,
    LARGEST,
    LEGS,
    NOISE,
    ROUGHNESS,
    SPAN,
    SPEED,
    WILD_SHARE,
)
from .clock import MASK, since
from .detector import (
    BREATHING,
    EMPTY,
    LONGEST_MS,
    MOVING,
    NO_BREATHING,
    NO_MOVEMENT,
    SLOW,
    SLOW_BREATHING,
    STILL,
    UNKNOWN,
    UNSEEN,
    VANISHED,
    WEAK,
    WEAK_BREATHING,
)
from .leaving import GONE, SETTLED, Leaving
from .pace import Pace
from .radar import NEW, NEW_PHASE, PHASE_MRAD, PRESENT, ZERO
from .strength import Strength
from .walk import RANDOM_ROUGHNESS

SLOT_MS = 200
_SLOT_MS = const(200)  # the same, where it is asked for in each slot

# µm to mrad: 1 rad is 398 µm.
_UM_A_RAD = 398

# A leg of breath is somewhere as fast as 160 µm in 1.6 s: 0.68 mm at 6 a minute makes 330, 0.5 mm
# at 5 a minute 200. What never is, is a posture that settles.
_SLOWEST_UM = 160
# In 1.6 s, smoothed. A deep breath of 5 mm at 18 a minute makes 5.
_MOVEMENT_UM = 7000
# Noise may look like a breath of half its roughness between slots: so much is asked for then,
# and never more than three times the floor (0.75 mm).
_MOST_FLOORS = const(3)

# With so many steps that are not believed, legs go missing: the pace is not judged, and a chest
# that goes all round the circle breathes.
_PACELESS_SHARE = const(3300)  # 5 %
_CANNOT_SEE_MS = const(60000)

# --- coming and going
# Legs of breath that make somebody where nobody was: three (a breath and a half), the last of them
# 3.5 s after the first was over. Somebody walking past or a door makes two, or is gone sooner.
_SIGN_LEGS = 3
_SIGN_MS = 3500
_SIGN_GAP_MS = 10000
# A heart alone, where the module says that somebody is there, makes somebody after 20 s.
_HEART_SIGN_MS = 20000
# So long without a breath is no longer called breathing.
_STILL_MS = const(10000)

# A chest comes into view anywhere in its beat: for so long its way to the middle of the beat (0.4
# mm, distorted 0.7) is no breath. What is larger is.
_CENTRED_MS = const(1000)
_CENTRING_UM = 700

# A pause of so long is asked about as such, and not once more as slow breathing.
_APNOEA_MS = const(18000)

# No phase for so long: nothing can be said. Four times the slowest interval, and some.
_BLIND_MS = const(1500)
# Phases exactly 0.0 so many times with the flag still up: the gate has shut all the same.
_ZEROS_MEAN_SHUT = const(5)


class BreathingDetector:
    """Readings of total phase and presence in; what the room is like out."""

    lessons = b""
    lessons_version = 0

    def __init__(self, settings: dict) -> None:
        self._work = chest.work(
            settings["breath_floor_um"] * 1000 // _UM_A_RAD, _SLOWEST_UM * 1000 // _UM_A_RAD
        )
        self._movement = _MOVEMENT_UM * 1000 // _UM_A_RAD
        self._centring_span = _CENTRING_UM * 1000 // _UM_A_RAD
        self._pace = Pace(settings["slow_ask_pm"], settings["slow_urgent_pm"])
        self._strength = Strength(settings["weak_percent"])
        self._leaving = Leaving(_UM_A_RAD)
        self.forget()

    def forget(self) -> None:
        """The radar gets power: what it said before is of another time."""
        self.room = UNKNOWN
        self.still_ms = 0
        self.cause = NO_BREATHING
        self.urgent = True
        self.blind = True
        self.cannot_see = False
        self._present = -1
        self._open = False  # the module's gate: phases come
        self._shut_at = 0  # tick at which it shut
        self._centring = False  # a chest has just come into view …
        self._begun_at = 0  # … at this tick
        self._zeros = 0  # readings of exactly 0.0 in a row, 0 … _ZEROS_MEAN_SHUT
        self._somebody = False
        self._awaited = False
        self._sign = self._sign_at = self._sign_from = 0  # legs seen where nobody was
        self._legs = 0  # as last looked at
        self._coarse = 0
        self._unseen_ms = 0  # random phase for so long
        self._next = -1  # tick of the next slot; -1 before the first reading
        self._last = -1  # tick of the last reading
        self.done_at = -1
        self._slot_at = 0
        w = self._work
        w[chest.HAVE] = w[WILD_SHARE] = w[ROUGHNESS] = w[NOISE] = w[LARGEST] = w[chest.TALLY] = 0
        self._leaving.forget()
        self._pace.forget()
        self._strength.forget()

    def noise_floor(self) -> int:
        """How roughly the chest moves from slot to slot, µm, 0 … 39,800; when empty, noise."""
        return (self._work[NOISE] >> 4) * _UM_A_RAD // 1000

    def confidence(self) -> int:
        """100 where steps are smooth; 0 where they are as random phase is, or none come."""
        if self.blind or self.cannot_see or not self._open:
            return 0
        rough = self._work[ROUGHNESS] * 100 // RANDOM_ROUGHNESS  # < 2^25
        return 100 - rough if rough < 100 else 0

    def expect_somebody(self, ticks: int) -> None:
        """Somebody is in there, though the radar has not shown them yet."""
        self._somebody = True
        self._leaving.walked = False
        self._work[ACTIVE] = ticks

    def await_somebody(self, ticks: int) -> None:
        """A resident has just pressed: whoever the module shows is somebody, breathing or not."""
        self._awaited = True
        self._unseen_ms = 0
        self._work[ACTIVE] = ticks

    def answered(self) -> None:
        """Whoever is in there is well, as they breathe now."""
        self._pace.forget()
        self._strength.forget()

    def door_opened(self, ticks: int) -> None:
        """A door contact says so: whoever is lost about now has gone."""
        leaving = self._leaving
        leaving.door_opened(ticks)
        if self._somebody and self._open and not leaving.walked:
            # As good as a walk: unless breath or a heart is seen after it, they have gone.
            leaving.begins(ticks)

    def learn(self, lessons: bytes) -> None:
        """Nothing: this tier has nothing to learn of a place."""

    def take(self, reading, ticks: int) -> None:
        """One report: total phase, or presence."""
        if not self._open or (ticks - self._last) & 0x3FFFFFFF > _BLIND_MS:
            self.tick(ticks)
            self._begin_to_see(ticks)
        self._last = ticks
        self._present = reading[PRESENT]
        if reading[NEW] != NEW_PHASE:
            return
        if reading[ZERO]:
            # Nobody's phase is exactly nought three times over: the gate is shut, or soon will be.
            if self._zeros < _ZEROS_MEAN_SHUT:
                self._zeros += 1
            if self._present == 0 or self._zeros >= _ZEROS_MEAN_SHUT:
                self._shut(ticks)
            return
        if self._zeros:
            self._zeros = 0
        if not self._open:
            self._open_at(ticks)
        outcome = chest.sample(self._work, reading[PHASE_MRAD], ticks)
        if outcome == 1:
            chest.restart(self._work, ticks)
        if not (ticks - self._next) & 0x20000000:  # since it, 0 or more
            self._one_slot(ticks, outcome != 2)
        self.done_at = ticks  # the gate is open, and only a gap would be anything to tick()

    def _begin_to_see(self, ticks: int) -> None:
        """A report has come: the first one, or the first after a gap, if it is that."""
        if self._last < 0:
            # What is rough from the beginning may be a radar that sees nothing: nobody comes in.
            self._leaving.walk.forget(ticks)
        if self.blind:
            self.blind = False
            self._next = self._slot_at = self._shut_at = ticks
            self._work[chest.HAVE] = 0
            # What was still before the gap has not been seen to go on being so.
            self._work[ACTIVE] = (ticks - self.still_ms) & MASK
            # Nor were the breaths in it: it is no pause between two of them.
            self._pace.forget()

    def _shut(self, ticks: int) -> None:
        if self._open or self.room == UNKNOWN:
            self._leaving.lost(ticks)
            self._open = False
            self.done_at = -1
            self._shut_at = ticks
            self._work[chest.HAVE] = 0
            self._pace.forget()
            self._look_at_shut_gate(ticks)

    def _open_at(self, ticks: int) -> None:
        self._open = True
        self._begin_chest(ticks)
        self._leaving.spread.opened()
        if self._awaited:
            # At home, just after the press: there is somebody, and here they are.
            self._awaited = False
            self._somebody = True

    def _begin_chest(self, ticks: int) -> None:
        """A chest comes into view, or another side of one."""
        chest.restart(self._work, ticks)
        self._centring = True
        self._begun_at = ticks

    def tick(self, ticks: int) -> None:
        """Lets time pass. A gap in the readings is not stillness."""
        if self._last < 0 or self.blind:
            return
        if since(ticks, self._last) > _BLIND_MS:
            self.blind = True
            self._open = False
            self._leaving.heart_ms = 0
            return
        if not self._open and since(ticks, self._next) >= 0:
            self._one_slot(ticks, False)

    def _one_slot(self, ticks: int, believed: bool) -> None:
        """Five times a second, or at every sample where they are slower.

        A slot that ends with a phase that is not believed moves nothing.
        """
        passed = (ticks - self._slot_at) & MASK
        self._slot_at = ticks
        following = (self._next + _SLOT_MS) & MASK
        if since(ticks, following) >= _SLOT_MS:
            following = (ticks + _SLOT_MS) & MASK
        self._next = following
        if passed > _BLIND_MS:
            passed = _SLOT_MS
        if self._open:
            if believed:
                chest.slot(self._work, ticks)
            self._look(ticks, passed)
        else:
            self._look_at_shut_gate(ticks)
            self._cannot_see(self._awaited, passed)

    # --- the gate is open ---------------------------------------------------------------------

    # No more names than there are, here and in what is called from here: with twelve words of
    # state a call takes the heap, five times a second.

    def _look(self, ticks: int, passed: int) -> None:
        w = self._work
        self._ask_for_span(w, ticks)
        moving = self._leaving.slot(w, ticks) or w[SPEED] > self._movement
        if self._unseen_ms or self._leaving.walk.random:
            self._cannot_see(self._leaving.walk.random, passed)
        self._leaving.listen(w, ticks, passed, self._somebody)
        self._look_at(ticks, moving)

    def _ask_for_span(self, w, ticks: int) -> None:
        """How large a leg must be now to be one of breath."""
        floor = w[FLOOR]
        span = w[NOISE] >> 5  # NOISE < 2^21
        # Less than an eighth of this person's own is no breath of theirs.
        if span < self._strength.own >> 3:
            span = self._strength.own >> 3
        # And once there has been none for a while, what is taken for breath must not be weak, nor
        # small where their habit is not known.
        if self.still_ms >= _STILL_MS:
            least = self._strength.least or floor + (floor >> 1)
            if span < least:
                span = least
        if span < floor:
            span = floor
        elif span > _MOST_FLOORS * floor:
            span = _MOST_FLOORS * floor
        if self._centring:
            if since(ticks, self._begun_at) < _CENTRED_MS:
                span = self._centring_span
            else:
                self._centring = False
                chest.centre(w, ticks)
        w[SPAN] = span

    def _has_left(self, ticks: int, legs: int) -> bool:
        """After a walk: whether they are seen to have gone."""
        leaving = self._leaving
        told = leaving.look(self._work, ticks, 0 if leaving.walk.random else legs)
        if told == SETTLED:
            self._begin_chest(ticks)
            self._work[LARGEST] = 0
            self._strength.moved(ticks)
        elif told == GONE and not self.cannot_see:
            self._gone()
            return True
        return False

    def _look_at(self, ticks: int, moving: bool) -> None:
        """Is somebody there, and what do they do?"""
        legs = self._work[LEGS] - self._legs
        if legs:
            self._legs = self._work[LEGS]
        if self._leaving.walked and self._has_left(ticks, legs):
            return
        if not self._somebody:
            self._look_for_somebody(ticks, moving, legs, self._leaving.walk.random)
            if not self._somebody:
                self.room = UNSEEN if self.cannot_see else EMPTY
                self.still_ms = 0
                return
        if moving or (self.cannot_see and self._leaving.walk.random):
            self._work[ACTIVE] = ticks
            self.still_ms = 0
            self._pace.forget()
            self._strength.moved(ticks)
            self.room = UNSEEN if self.cannot_see else MOVING
            return
        self._judge(ticks)

    def _judge(self, ticks: int) -> None:
        """Somebody is in view and keeps their place: how do they breathe?"""
        w = self._work
        everywhere = False
        if w[WILD_SHARE] > _PACELESS_SHARE:
            self._pace.forget()
            everywhere = self._leaving.spread.all_round
            if everywhere:
                # Too many steps cannot be believed to follow the chest, but it goes all round.
                w[ACTIVE] = ticks
            self._coarse = w[COARSE_LEGS]
        elif w[COARSE_LEGS] != self._coarse:
            self._pace.turned(w[COARSE_TURN])
            self._coarse = w[COARSE_LEGS]
        self._age(ticks)
        strength = self._strength
        if strength.tick(w, ticks, everywhere) and not self._centring:
            w[COARSE_SPAN] = w[SPAN]
        if self.still_ms >= _STILL_MS:
            if self.still_ms >= _APNOEA_MS:
                self._pace.forget()
            self.room = STILL
            self.urgent = True
            self.cause = NO_BREATHING if w[HEART] >= self._leaving.heart else NO_MOVEMENT
        elif strength.weak:
            self.room = WEAK
            self.urgent = True
            self.cause = WEAK_BREATHING
        elif self._pace.slow:
            self.room = SLOW
            self.urgent = self._pace.urgent
            self.cause = SLOW_BREATHING
        elif self.room != BREATHING:
            self.room = BREATHING
            self.cause = NO_BREATHING
            self.urgent = True

    def _age(self, ticks: int) -> None:
        still = since(ticks, self._work[ACTIVE])
        if still > LONGEST_MS - 10000:
            self._work[ACTIVE] = (self._work[ACTIVE] + 10000) & MASK
        self.still_ms = still if still > 0 else 0

    def _look_for_somebody(self, ticks: int, moving: bool, legs: int, random: bool) -> None:
        """Somebody who comes in is somebody at once; breath when it goes on."""
        leaving = self._leaving
        if leaving.doubtful and self._present == 1 and leaving.spread.stays():
            # Taken to have gone, and shown again as they lie: they never went.
            leaving.doubtful = False
            self._found(self._work[ACTIVE])
            return
        if moving and leaving.calm:
            # They may only have walked past: until breath or a heart has shown, they may be gone.
            leaving.begins(ticks)
            leaving.calm = False
            self._found(ticks)
            return
        if leaving.heart_ms >= _HEART_SIGN_MS and self._present == 1:
            self._found((ticks - leaving.heart_ms) & MASK)
            return
        if legs and not random:
            if self._sign == 0 or since(ticks, self._sign_at) > _SIGN_GAP_MS:
                self._sign = 0
                self._sign_from = ticks
            self._sign += 1
            self._sign_at = ticks
            if self._sign >= _SIGN_LEGS and since(ticks, self._sign_from) >= _SIGN_MS:
                self._found(ticks)

    def _found(self, active: int) -> None:
        self._somebody = True
        self._sign = 0
        self._work[ACTIVE] = active

    # --- the gate is shut ---------------------------------------------------------------------

    def _look_at_shut_gate(self, ticks: int) -> None:
        """The module sees nobody. Whoever was not seen to go is still in there."""
        if self._leaving.gone(ticks, self._shut_at) and self._somebody:
            self._gone()
        elif self._somebody:
            self._age(ticks)
            self.room = STILL
            self.cause = VANISHED
            self.urgent = True
        elif self._present == 0 or self._zeros >= _ZEROS_MEAN_SHUT:
            self.room = UNSEEN if self.cannot_see else EMPTY

    def _gone(self) -> None:
        self._strength.forget()
        self._somebody = False
        self._leaving.walked = False
        self._sign = 0
        self.still_ms = 0
        self.room = EMPTY

    def _cannot_see(self, poor: bool, passed: int) -> None:
        """A minute of nothing that could be believed; sight comes back at thrice the pace."""
        if poor:
            if self._unseen_ms < _CANNOT_SEE_MS + 10000:
                self._unseen_ms += passed
            if self._unseen_ms >= _CANNOT_SEE_MS:
                self.cannot_see = True
        elif self._unseen_ms > 0:
            self._unseen_ms -= 3 * passed
            if self._unseen_ms <= 0:
                self._unseen_ms = 0
                self.cannot_see = False
