"""How fast somebody breathes: from the times of the turning points of their chest.

Counted over 40 s or more, from whole breath to whole breath (two legs, so that a short in-breath
and a long out-breath weigh the same). A pause or two among quick breaths is not slow breathing: the
breaths that are left without the longest must be slow as well.
"""

from array import array

from .clock import since

# Turning points kept: 12 breaths, over 40 s eighteen a minute; whoever breathes more quickly is
# not slow whatever came before.
_KEPT = 24
# Counted over so long: at 5 a minute four breaths. An onset of slow breathing is then called within
# 75 s, the question's 15 s included. To ask about 5 to 8 a minute, which a sleeper may do for a
# little, longer.
_URGENT_OVER_MS = 40000
_ASK_OVER_MS = 50000
# Two breaths in under 13 s: no longer slow.
_TWO_QUICK_MS = 13000


class Pace:
    """Turning points in; whether that is slow out."""

    def __init__(self, ask_per_min: int, urgent_per_min: int) -> None:
        self._ask = ask_per_min
        self._at = urgent_per_min
        self._times = array("i", [0] * _KEPT)
        self.forget()

    def forget(self) -> None:
        """What came before says nothing of now: a movement, a gate that shut, an answer."""
        self._count = 0  # turning points known, 0 … _KEPT
        self._newest = 0
        self.slow = False
        self.urgent = False

    def turned(self, ticks: int) -> None:
        """The chest turned back at this tick."""
        self._newest = (self._newest + 1) % _KEPT
        self._times[self._newest] = ticks
        if self._count < _KEPT:
            self._count += 1
        self.slow = self._judged(ticks)

    def _back(self, legs: int) -> int:
        return self._times[(self._newest - legs) % _KEPT]

    def _judged(self, ticks: int) -> bool:
        """Whether the breaths up to this turning point are slow ones."""
        if self._count > 4 and since(ticks, self._back(4)) < _TWO_QUICK_MS:
            return False
        self.urgent = False
        longest = second = 0
        legs = 2
        while legs < self._count:
            took = since(self._back(legs - 2), self._back(legs))
            if took > longest:
                second = longest
                longest = took
            elif took > second:
                second = took
            over = since(ticks, self._back(legs))
            # Without the two longest as well: a pause among ordinary breaths is none of this.
            regular = (legs - 4) * 30000 <= (self._ask + 1) * (over - longest - second)
            # breaths a minute = legs / 2 * 60,000 / over: all below 2^20 * 60; and a quarter of a
            # breath more, for the grain of the slots.
            if over >= _URGENT_OVER_MS and legs * 30000 <= self._at * over + over // 4 and regular:
                self.urgent = True
                return True
            if over >= _ASK_OVER_MS:
                return legs * 30000 <= self._ask * over + over // 4 and regular
            legs += 2
        return False
