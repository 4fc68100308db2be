"""How deep somebody breathes, against their own depth.

Own depth is learned from the largest leg of every 6 s: up by a 16th at the most (one sigh is no
habit, and a hand that moves is no breath), down far more slowly (a 256th in 6 s: to a half in 18
minutes), because nodding off is gradual and must not become the habit. A large movement changes
what the radar sees of a chest, so after it the habit is learned anew, within bounds of what it was.
"""

from .chest import LARGEST
from .clock import since

_BLOCK_MS = 6000
# The habit is known after three blocks; weak for four (24 s) is worrying.
_KNOWN_BLOCKS = 3
# And is what a movement is measured by after eight: the first are of one who fidgets on, it may be.
_WELL_KNOWN_BLOCKS = 8
_WEAK_BLOCKS = 4
# After a movement the radar sees another side of the chest. Breath of less than a fifth of what it
# was before is no other side but weak (assumption: from the front to the side a third is left).
_OTHER_SIDE_PERCENT = 20
# Nor is it another side where it is more than twice as deep, but somebody who fidgets on. Where it
# is a side, the habit comes up to it.
_OTHER_SIDE_TIMES = 2
# Breaths are alike: a leg more than twice the largest of the 6 s beside it is a sigh, or a hand.
_ALIKE_TIMES = 2
# A chest whose steps often cannot be believed, and that goes all round the circle through 6 s of
# keeping its place, moves by a turn at least, whatever was made of its legs.
_TURN_MRAD = 6283
# Weak no longer: so much above what is weak.
_AGAIN_PERCENT = 10
# 5 mm: no seated chest shows more, breath for breath.
_DEEPEST_MRAD = 12500


class Strength:
    """Once in 6 s, the largest leg of breath; whether breath has become weak."""

    def __init__(self, percent: int) -> None:
        self._percent = percent
        self.forget()

    def forget(self) -> None:
        """Another person, or one who has said that they are well: nothing is known of before."""
        self._once = 0  # mrad: the habit before the last movement, or a turn; 0 not known
        self._begin()

    def _begin(self) -> None:
        self.own = 0  # mrad, 0 … _DEEPEST_MRAD
        self.weak = False
        # learned from, 0 … _WELL_KNOWN_BLOCKS; -1: the next one is to be passed over
        self._blocks = 0
        self._before = 0  # the largest of the block before
        self._weak_blocks = 0
        self._from = -1  # tick at which this block began

    @property
    def least(self) -> int:
        """mrad: less would be weak; 0 while the habit is not known."""
        return self.own * self._percent // 100 if self._blocks >= _KNOWN_BLOCKS else 0

    def moved(self, ticks: int) -> None:
        """Somebody moved largely: this block says nothing, and the habit may have changed."""
        if self._blocks >= (_WELL_KNOWN_BLOCKS if self._once else _KNOWN_BLOCKS):
            self._once = self.own
        self._begin()
        self._blocks = -1
        self._from = ticks

    def tick(self, w, ticks: int, everywhere: bool) -> bool:
        """Lets time pass over the work array of chest.py; True when a block is over.

        everywhere: the chest goes all round the circle in steps too large to be followed.
        """
        if self._from < 0:
            self._from = ticks
            w[LARGEST] = 0
        return since(ticks, self._from) >= _BLOCK_MS and self._end_block(w, ticks, everywhere)

    def _end_block(self, w, ticks: int, everywhere: bool) -> bool:
        # Apart from tick: with twelve words of state a call takes the heap, five times a second.
        self._from = ticks
        if everywhere and self._blocks > 0 and self._once < _TURN_MRAD:
            self._once = _TURN_MRAD
        newest, before = w[LARGEST], self._before
        w[LARGEST] = 0
        self._before = newest
        if newest == before == 0:
            return False  # none at all: that is stillness, and another's business
        self._learn(max(newest, before), min(newest, before))
        return True

    def _learn(self, largest: int, smaller: int) -> None:
        """The largest leg of this block and the one before, and that of the other of the two."""
        if largest > _DEEPEST_MRAD:
            largest = _DEEPEST_MRAD
        if self._blocks < 0:
            self._blocks = 0
            return
        breath = min(largest, _ALIKE_TIMES * smaller) if smaller else largest
        if self._blocks < _KNOWN_BLOCKS:
            # The least of the first three: what came before may have been more than breath.
            if self._blocks == 0 or breath < self.own:
                self.own = breath
            self._blocks += 1
            if self._blocks == _KNOWN_BLOCKS and self._once:
                self._hold_to_what_was()
            return
        if self._blocks < _WELL_KNOWN_BLOCKS:
            self._blocks += 1
        if self._under(largest, 0):
            self._weak_blocks += 1
            self.weak = self.weak or self._weak_blocks >= _WEAK_BLOCKS
            return
        if not self._under(largest, _AGAIN_PERCENT):
            self._weak_blocks = 0
            # One sigh is no breathing that has come back.
            if not self._under(smaller, _AGAIN_PERCENT):
                self.weak = False
        if breath > self.own:
            step = (breath - self.own) >> 3
            most = self.own >> 4
            self.own += step if step < most else most
        elif largest < self.own:
            self.own -= min((self.own - largest) >> 3, self.own >> 8)

    def _hold_to_what_was(self) -> None:
        """What was learned after a movement, against what was known before it."""
        if self.own * 100 < self._once * _OTHER_SIDE_PERCENT:
            # No other side of a chest: whoever moved has nodded off since.
            self.own = self._once
        elif self.own > _OTHER_SIDE_TIMES * self._once:
            self.own = _OTHER_SIDE_TIMES * self._once

    def _under(self, leg: int, more: int) -> bool:
        """Whether a leg is weak, by the habit or by what was before a movement; more: percent."""
        return leg * 100 < self.own * (self._percent + more) or leg * 100 < self._once * (
            _OTHER_SIDE_PERCENT + more
        )
