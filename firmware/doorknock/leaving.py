"""After a walk: have they stayed, or gone? And whoever the module no longer shows: gone, or lost?

Somebody is gone who was seen to walk, and of whom neither breath nor a heart was seen since.
Whoever vanishes without having walked is still in there: modules give up on people who do not
breathe. Where a chest's own steps are no other than a walk's, it is asked where the phase stays
(spread.py): a bare wall after it is an empty room, and who is lost while it stays nowhere went.
"""

from micropython import const

from .chest import DOUBTED, HEART, OTHER, RAW, ROUGHNESS
from .clock import MASK, since
from .spread import Spread
from .walk import Walk

# Life in a chest too still for a breath: a heart shows 0.2 … 0.8 mm, an empty room, in the same
# band, up to 0.051 (noisy recording of a bare wall).
_HEART_UM = 100
# A heart is smooth from sample to sample, the noise of a weak return is rough: its roughness is
# 2.4 deviations, and what it shows as a heart (the largest in 3 s) some four. A heart of 1 Hz at
# 8 samples a second is four times as large as it is rough.
_HEART_TO_ROUGHNESS = const(3)
# Of somebody who has just walked less is asked for: anything quick of so much is life. A bare wall
# shows half of it, and a heart at 5 samples a second is as rough as noise.
_LIFE_UM = 110
# What beats is renewed at least so often; what only fades, after the last step of a walk, is none.
_BEAT_MS = const(3000)
_MOST_HEART_MS = const(60000)

# What came before was still: roughness now is somebody coming.
_CALM_MS = const(2000)
# A walk is over after 1.2 s of quiet; the filters then begin anew. Two legs of breath or 4 s of
# heart after that: they have stayed. Nothing for 12 s: gone.
_SETTLED_MS = 1200
_STAYED_LEGS = 2
_STAYED_HEART_MS = 4000
_GONE_MS = 12000
# The gate shut for so long after a walk: gone. Shorter, it flickers, as it does over people who
# move or fall.
_SHUT_MS = 5000
# The gate must shut within so long after the last wild step of a walk, what was bare not counted:
# whoever goes is lost going. Later, or where they only may have walked, nothing but a bare wall
# must have been seen for so long before it shut: a heart of 40 a minute beats twice in it.
_WALKED_OUT_MS = 4000
_BARE_MS = const(3500)
# Rough steps so soon after the last wild one are still of the same walk.
_FADES_MS = 2000
# Lost within so long of the door's opening, before or after: gone through it.
_DOOR_MS = 10000

# What look() answers.
HERE = 0  # somebody may still be there
SETTLED = 1  # the walk is over: the chest is to be learned anew
GONE = 2


class Leaving:
    """One person's comings and goings."""

    def __init__(self, um_a_rad: int) -> None:
        self.heart = _HEART_UM * 1000 // um_a_rad
        self._lively = _LIFE_UM * 1000 // um_a_rad
        self.walk = Walk()
        self.spread = Spread(self.heart)
        self.forget()

    def forget(self) -> None:
        """The radar gets power."""
        self.walk.forget(0)
        self.spread.opened()
        self.walked = False  # a walk was seen, and nobody who stayed since
        self._surely = False  # … and not only something that may have been one
        self.doubtful = False  # lost while they walked or breathed, and taken to have gone
        self.calm = False  # what came before was still
        self.heart_ms = 0  # a heart has been seen for so long, 0 … _MOST_HEART_MS
        self._end = 0  # tick of the last step of the walk
        self._life = 0  # legs since it settled; -1: it has not settled
        self._beat = self._beat_at = 0  # the newest height of a heart; tick at which it was renewed
        self._door = False  # it has opened …
        self._door_at = 0  # … at this tick

    def begins(self, ticks: int, surely: bool = True) -> None:
        """Somebody walks, or as good as walks: until life is seen after it they may be gone."""
        self.walked = True
        self.doubtful = False
        self._surely = surely
        self._life = 0
        self._end = ticks

    def door_opened(self, ticks: int) -> None:
        """Whoever is lost about now has gone."""
        self._door_at = ticks
        self._door = True
        self._surely = True

    # --- the gate is open -----------------------------------------------------------------------

    def slot(self, w, ticks: int) -> bool:
        """A slot is over; whether somebody moves."""
        walk = self.walk
        walk.slot(w, ticks)
        if not self.calm and since(ticks, walk.rough_at) > _CALM_MS:
            self.calm = True
        if walk.walking:
            self.begins(walk.last)
        elif self.walked and walk.random:
            self._end = walk.last
        elif walk.may_walk:
            if not (self.walked and self._surely):
                self.begins(ticks, False)
            elif since(ticks, walk.last) < _FADES_MS:
                # Out of the beam, no longer wild: still the same walk.
                self._end = ticks
        return walk.moving

    def listen(self, w, ticks: int, passed: int, somebody: bool) -> None:
        """For a heart; of somebody who has walked it may come and go."""
        # No name more than these: with twelve words of state a call takes the heap.
        spread = self.spread
        spread.slot(w[RAW], w[DOUBTED], passed)
        if (
            spread.bare_ms >= _BARE_MS
            and somebody
            and not (self.walked and self._surely)
            and (self.walked or self.walk.was_rough(spread.bare_ms < 2 * _BARE_MS))
        ):
            # What may have been a walk, or was as rough as one, is a bare wall now.
            self.begins((ticks - spread.bare_ms) & MASK)
        if self._beats(w, ticks, somebody):
            if self.heart_ms < _MOST_HEART_MS - passed:
                self.heart_ms += passed
            else:
                self.heart_ms = _MOST_HEART_MS
        elif self.heart_ms:
            if not self.walked or self.heart_ms < passed:
                self.heart_ms = 0
            else:
                self.heart_ms -= passed >> 1

    def _beats(self, w, ticks: int, somebody: bool) -> bool:
        """Something quicker than breath, larger than an empty room shows, that goes on."""
        beat = w[HEART]
        if w[OTHER] == 0:
            # The largest of it fades by an eighth where nothing beats any more.
            if beat > self._beat - (self._beat >> 4):
                self._beat_at = ticks
            self._beat = beat
        if (beat < self.heart and beat < self._lively) or self.spread.beatless:
            return False
        if since(ticks, self._beat_at) > _BEAT_MS:
            return False
        if self.walked and somebody and beat >= self._lively and not self.walk.random:
            return True
        return beat >= self.heart and (w[ROUGHNESS] >> 6) * _HEART_TO_ROUGHNESS <= beat * 2

    def look(self, w, ticks: int, legs: int) -> int:
        """After a walk, with so many legs of breath since the last look: HERE, SETTLED, GONE."""
        since_walk = since(ticks, self._end)
        if since_walk < _SETTLED_MS:
            self._life = -1
            return HERE
        if self._life < 0:
            self._life = 0
            self.heart_ms = 0
            return SETTLED
        if not self.spread.beatless:  # else what the filters still tell of the walk
            self._life += legs
        if self._life >= _STAYED_LEGS or self.heart_ms >= _STAYED_HEART_MS:
            self.walked = False
            self.walk.stayed()
        elif since_walk > _GONE_MS and self._surely:
            # Walked, then neither breath nor heart: an empty chair.
            return GONE
        return HERE

    # --- the gate is shut -----------------------------------------------------------------------

    def lost(self, ticks: int) -> None:
        """The gate shuts."""
        self.heart_ms = 0
        if self.walk.going(ticks):
            self._end = self.walk.rough_at
        elif self.walk.cannot_tell() and not self.spread.stays():
            # They breathed or they walked. Everybody goes; hardly anybody is lost within 2 s of a
            # breath.
            self._end = ticks
        else:
            return
        # If they are shown again as they lie, they never went.
        self.walked = self._surely = self.doubtful = True

    def gone(self, ticks: int, shut_at: int) -> bool:
        """Whether whoever was there has gone, with the gate shut since then."""
        self.calm = True
        bare_ms = self.spread.bare_ms
        if (
            self.walked
            and (not self._surely or since(shut_at, self._end) - bare_ms > _WALKED_OUT_MS)
            and bare_ms < (_BARE_MS if self._life <= 0 else 2 * _BARE_MS)
        ):
            # Had sat down again, or once moved as in a breath: lost without having walked.
            self.walked = False
        if self._door and -_DOOR_MS < since(shut_at, self._door_at) < _DOOR_MS:
            # Whoever is lost within 10 s of the door went through it, and has not sat down again.
            self.walked = self._surely = True
            self._end = shut_at
            self._door = False
        return self.walked and since(ticks, shut_at) >= _SHUT_MS
