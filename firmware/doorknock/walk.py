"""Whether somebody walks: from steps of phase that no chest makes.

A walk turns the phase more than half a turn between samples: each falls anywhere on the circle.
So do, now and then, deep breaths seen seldom and a poor return. What tells them apart is what was
usual for this person before it. The test is sequential (Page's sum): each sample is weighed by how
much likelier its step is of a walk than of the usual; the sum never falls below nought, and tells a
walk when it is high and has been above nought for as long as a walk takes.
"""

from micropython import const

from .chest import ROUGHNESS, TALLY, WILD_SHARE
from .clock import since

# Random phase is rough in 57 % of steps, near half a turn in a quarter (where something that stands
# still is seen as well; a third where not). Weights in 32nds of a natural logarithm, by what is
# usual in 16ths: of a rough step, and of one that is not.
_ROUGH = (72, 58, 41, 31, 23, 16, 11, 6, 2, 0, 0, 0, 0, 0, 0, 0)
_SMOOTH = (-25, -24, -22, -19, -17, -13, -10, -6, -3, 0, 0, 0, 0, 0, 0, 0)
_WILD = (46, 30, 14, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
_TAME = (-7, -6, -4, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
_TURN = const(60)  # of a whole turn, which no chest makes
# Fifty times likelier a walk.
_SURE = const(130)
_MOST = const(400)
# At least 1.4 s: a collapse is over sooner (a fall takes under a second).
_WALK_MS = const(1400)
# Whoever is at the edge of the beam soon shows no wild step any more, and steps on: they may walk.
# A fall's roughness is as short as the fall, but for a heart that is seen after it.
_MAY_WALK_MS = const(600)
_ROUGH_MS = const(1600)
# A way out takes 3 to 8 s. What goes on for longer, and is not random phase, is usual for this
# person.
_LONGEST_MS = const(10000)
_RANDOM_LONGEST_MS = const(40000)
# What is usual: a mean over 64 slots, 13 s.
_USUAL = const(6)

# Movement: four rough steps within the last 1.6 s, the last of them 0.6 s ago or less, and a whole
# turn among them or such steps as are likelier a walk. A fade makes two or three.
_WINDOW = const(8)  # slots
_MOVE_ROUGH = const(4)
_MOVE_OVER_MS = const(1000)
_LIKELY = const(90)

# Random phase, in 64ths of a mrad and 65,536ths: rough by 1.57 rad on the mean, wild in 33 %. The
# poorest recording of somebody breathing, over its poorest quarter: 1.45 rad and 21 %.
RANDOM_ROUGHNESS = 1300 * 64
_RANDOM_ROUGHNESS = const(83200)  # the same, where it is asked for in each slot
_RANDOM_WILD = const(13100)  # 20 %

# At nine samples a second and more no chest is usually rough in three steps of 16 and wild in one:
# a poor return. Only whole turns tell of a walk then. In samples a slot, 256ths.
_OFTEN = const(460)
_POOR_ROUGH = const(3)
_POOR_WILD = const(1)

# Lost in the middle of what may well be a walk (seven times likelier one), with a wild step within
# 1.5 s; or of what surely is one by its rough steps (a return that fades shows few wild ones).
_MAY_WALK = const(64)
_GOING_MS = const(1500)
_FADED_MS = const(3500)

# Of the last 13 s so much (in 16ths) was rough: as after 1.5 s of a walk (a fall is rough for 1 s
# at the most), after three seconds of one, in somebody whose steps tell nothing.
_ROUGH_LATELY = const(1)
_ROUGH_FOR_LONG = const(2)
_TELLS_NOTHING = const(3)
_ALWAYS_ROUGH = const(4)


class Walk:
    """Slots in; whether somebody moves, walks, may be going."""

    def __init__(self) -> None:
        self._window = [0] * _WINDOW
        self.forget(0)

    def forget(self, ticks: int) -> None:
        """Another time, or another person."""
        for place in range(_WINDOW):
            self._window[place] = 0
        self._at = 0
        self.sum = 0  # 0 … _MOST
        self._often = 512  # samples a slot, a mean, in 256ths
        self._seen = self._whole = 0  # rough steps, and whole turns, in the window …
        self._turned = 0  # … as they were when a slot last had samples
        self._since = ticks  # tick at which it was nought
        self._rough = self._wild = 0  # usual, in 65,536ths
        self._lately = 0  # rough, the same mean, since somebody was last seen to stay
        self._rough_as = self._wild_as = 0  # the same, as they were at _since, in 16ths
        self.rough_at = ticks  # tick of the last slot with a rough step
        self.last = ticks  # tick of the last slot with a step such as a walk makes
        self.moving = False
        self.walking = False
        self.may_walk = False
        self.random = False
        self.calm = False  # nothing rough for two seconds

    # No names more than there are, here and in what is called from here: with twelve words of
    # state a call takes the heap, five times a second.

    def slot(self, w, ticks: int) -> None:
        """A slot is over: what its samples were like."""
        tally = w[TALLY]
        w[TALLY] = 0
        at = self._at
        before = self._window[at]
        self._window[at] = tally
        self._at = (at + 1) % _WINDOW
        if (tally | before) >> 8:
            self._seen += (tally >> 8 & 255) - (before >> 8 & 255)
            self._whole += (tally >> 24) - (before >> 24)
        self.random = w[ROUGHNESS] >= _RANDOM_ROUGHNESS and w[WILD_SHARE] >= _RANDOM_WILD
        if tally >> 8 & 0xFFFF:
            self.rough_at = ticks
        elif self.sum == 0:
            if tally:
                self._goes_on(tally, ticks)
            return
        if tally & 255:
            self._steps(tally, ticks)

    def _steps(self, tally: int, ticks: int) -> None:
        """A slot with samples, of which some are rough or there is a sum to go on with."""
        longest = _RANDOM_LONGEST_MS if self.random else _LONGEST_MS
        if self.sum == 0 or since(ticks, self._since) > longest:
            self.sum = 0
            self._since = ticks
            self._rough_as = self._rough >> 12
            self._wild_as = self._wild >> 12
        if tally >> 16 & 255:
            self.last = ticks
        self._weigh(tally)
        self._get_used(tally)
        self._tell(ticks)

    def _goes_on(self, n: int, ticks: int) -> None:
        """A slot of n smooth samples after what was no walk, as nearly all are.

        What _weigh, _get_used and _tell come to then: the sum stays at nought.
        """
        self._since = ticks
        self._often += ((n << 8) - self._often) >> _USUAL
        usual = self._rough
        self._rough_as = usual >> 12
        if usual:
            self._rough = usual + (-usual >> _USUAL)
        usual = self._wild
        self._wild_as = usual >> 12
        if usual:
            self._wild = usual + (-usual >> _USUAL)
        usual = self._lately
        if usual:
            self._lately = usual + (-usual >> _USUAL)
        self.walking = self.may_walk = self.moving = False
        usual = self._turned = self._whole
        if usual and self._seen >= _MOVE_ROUGH:
            self.moving = since(ticks, self.last) < _MOVE_OVER_MS

    def _weigh(self, tally: int) -> None:
        """The steps of a slot: how much likelier they are of a walk."""
        n = tally & 255
        total = self.sum + (tally >> 24) * _TURN
        some = tally >> 8 & 255
        usual = self._rough_as
        total += some * _ROUGH[usual] + (n - some) * _SMOOTH[usual]
        some = tally >> 16 & 255
        usual = self._wild_as
        total += some * _WILD[usual] + (n - some) * _TAME[usual]
        self.sum = 0 if total < 0 else _MOST if total > _MOST else total

    def _get_used(self, tally: int) -> None:
        """The same steps, for what is usual."""
        n = tally & 255
        self._often += ((n << 8) - self._often) >> _USUAL
        share = ((tally >> 8 & 255) << 16) // n
        self._rough += (share - self._rough) >> _USUAL
        self._lately += (share - self._lately) >> _USUAL
        share = ((tally >> 16 & 255) << 16) // n
        self._wild += (share - self._wild) >> _USUAL

    def _tell(self, ticks: int) -> None:
        """What all this means by now."""
        turned = self._turned = self._whole
        likely = self.sum
        if turned == 0 and self._poor():
            likely = 0
        fresh = since(ticks, self.last) < _MOVE_OVER_MS
        lasted = since(self.last, self._since)
        self.walking = fresh and lasted >= _WALK_MS and likely >= _SURE
        self.may_walk = (
            self.sum >= _SURE
            and self.rough_at == ticks
            and since(ticks, self._since) >= _ROUGH_MS
            and lasted >= _MAY_WALK_MS
        )
        self.moving = fresh and self._seen >= _MOVE_ROUGH and (turned > 0 or likely >= _LIKELY)

    def _poor(self) -> bool:
        return (
            self._often >= _OFTEN and self._rough_as >= _POOR_ROUGH and self._wild_as >= _POOR_WILD
        )

    def was_rough(self, since_stayed: bool) -> bool:
        """Whether there was enough for a walk in the last 13 s and some; since_stayed: and since
        somebody was last seen to stay, unless they always are so rough."""
        if self._poor():
            return False
        rough = self._rough >> 12
        if since_stayed and rough < _ALWAYS_ROUGH:
            rough = self._lately >> 12
        return rough >= _ROUGH_LATELY

    def stayed(self) -> None:
        """Breath or a heart was seen after a walk: what was rough before says nothing more."""
        self._lately = 0

    def cannot_tell(self) -> bool:
        """Whether this chest's own steps are no other than a walk's."""
        usual = self._rough >> 12
        return not self._poor() and (
            usual >= _TELLS_NOTHING or (usual >= _ROUGH_FOR_LONG and self.sum >= _MAY_WALK)
        )

    def going(self, ticks: int) -> bool:
        """Whether whoever is lost now is lost walking."""
        if self._turned == 0 and self._poor():
            return False
        quiet = since(ticks, self.last)
        if quiet < _GOING_MS and self.sum >= _MAY_WALK:
            return since(self.last, self._since) >= _WALK_MS
        return (
            quiet < _FADED_MS
            and self.sum >= _SURE
            and since(ticks, self.rough_at) < _GOING_MS
            and since(self.rough_at, self._since) >= _WALK_MS
        )
