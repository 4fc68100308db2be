"""How far the phase has spread lately: within a bare wall's noise, within a heart's beat, or all
round the circle.

Steps from sample to sample do not tell a walk from deep breath with a large heart where samples
are few: both fall anywhere. Where the phase *stays* does. A wall keeps it within a fraction of a
heart, a chest that does not breathe within a radian or so either way, and whoever walks nowhere.
Phases are taken within a turn: how many turns there were is not asked.
"""

from micropython import const

_TURN_MRAD = const(6283)
_HALF_MRAD = const(3141)

# A chest that no longer breathes, heart and all, over 12 slots (2.4 s), or closer together over
# nine, or less so over all twenty. Of the simulated module at 4.9 and 6 samples a second, over 12
# and nine: 96 and 70 % of hearts of 0.2 to 0.8 mm, and 0.5 and 0.3 % of walks.
_MANY_PLACES = const(12)
_WITHIN_MRAD = const(2000)
_SOME_PLACES = const(9)
_SOME_WITHIN_MRAD = const(1400)

# Over 20 slots (4 s) in every eighth of the circle but one, which quick steps may pass over: a
# breath, a walk, or no return. A heart of 0.8 mm, distorted, goes 3.4 rad: five or six eighths.
_PLACES = const(20)
_ALL_WITHIN_MRAD = const(2800)
_EIGHTHS = const(8)
_PASSED_OVER = const(1)

# What moves by less than any heart for so long does not beat. How far it went is forgotten by a
# 32nd a slot: the last step of a walk may lie near the wall.
_BEATLESS_MS = const(1200)
_FORGETS = const(5)
# bare_ms is counted so far.
_MOST_MS = const(10000)


class Spread:
    """Slots' phases in. wall: mrad, what a bare wall stays within, and no heart does.

    bare_ms: nothing has moved more than a bare wall does for so long, 0 … 11,500. beatless: what is
    seen is too still for any heart. all_round: it was everywhere lately, as no chest is that does
    not breathe. Attributes, and no properties: see sensor.py.
    """

    def __init__(self, wall: int) -> None:
        self._wall = wall
        self._places = [0] * _PLACES  # mrad, 0 … 6,282
        self._visited = [0] * _EIGHTHS  # how many of them lie in each eighth
        self.opened()

    def opened(self) -> None:
        """The gate opens: what was seen before is of another time."""
        self.bare_ms = 0
        self.beatless = False
        self.all_round = False
        self._at = 0
        self._seen = 0  # slots so far, 0 … _PLACES
        for eighth in range(_EIGHTHS):
            self._visited[eighth] = 0
        self._empty = _EIGHTHS  # eighths that none lies in
        self._from = self._least = self._most = 0  # mrad: where bare_ms began, and how far it went

    def slot(self, phase: int, doubted: int, passed: int) -> None:
        """A slot is over, passed ms long: its newest phase, mrad; doubted: it is not believed."""
        # No name more than these: with twelve words of state a call takes the heap.
        place = phase % _TURN_MRAD
        self._visits(place)
        away = (place - self._from + _HALF_MRAD) % _TURN_MRAD - _HALF_MRAD  # as _apart
        most = self._most
        most = away if away > most else most - (most - away >> _FORGETS)
        least = self._least
        least = away if away < least else least + (away - least >> _FORGETS)
        if doubted or most - least > self._wall:
            self._from = place
            self._least = self._most = self.bare_ms = 0
            self.beatless = False
            return
        self._most = most
        self._least = least
        if self.bare_ms < _MOST_MS:
            self.bare_ms += passed
            self.beatless = self.bare_ms >= _BEATLESS_MS

    def _visits(self, place: int) -> None:
        """Of the places kept, the oldest makes room for this one."""
        places = self._places
        at = (self._at + 1) % _PLACES
        self._at = at
        eighth = place * _EIGHTHS // _TURN_MRAD
        if self._seen < _PLACES:
            self._seen += 1
            self._count(eighth, 1)
        else:
            left = places[at] * _EIGHTHS // _TURN_MRAD
            if left != eighth:
                self._count(left, -1)
                self._count(eighth, 1)
        places[at] = place

    def _count(self, eighth: int, more: int) -> None:
        before = self._visited[eighth]
        self._visited[eighth] = before + more
        if before == 0:
            self._empty -= 1
        elif before + more == 0:
            self._empty += 1
        self.all_round = self._empty <= _PASSED_OVER

    def stays(self) -> bool:
        """Whether a chest was seen lately that stays where it is, and a heart in it."""
        if self._seen < _SOME_PLACES or self.beatless:
            return False
        newest = self._places[self._at]
        least = most = 0
        for back in range(1, self._seen):
            away = _apart(self._places[self._at - back], newest)
            if away > most:
                most = away
            elif away < least:
                least = away
            if back == _SOME_PLACES - 1 and most - least < _SOME_WITHIN_MRAD:
                return True
            if back == _MANY_PLACES - 1 and most - least < _WITHIN_MRAD:
                return True
        return self._seen == _PLACES and most - least < _ALL_WITHIN_MRAD


def _apart(place: int, other: int) -> int:
    """How far the one is from the other on the circle, -3,141 … 3,141 mrad."""
    return (place - other + _HALF_MRAD) % _TURN_MRAD - _HALF_MRAD
