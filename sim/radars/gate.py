"""The module's own target detection: it opens for what lives, and gives up on what does not.

That it is made for moving, breathing people, and may lose one who stops, is what is known of it
(PROTOCOLS of both modules); how soon it notices and gives up are assumptions and parameters.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.people.chest import Flags, Floats


@dataclass(frozen=True)
class Sight:
    """What it has made of things so far. life_s: the last sign of it; since_s: unbroken since."""

    opened: bool = False
    life_s: float = -math.inf
    since_s: float = math.inf
    ever: bool = False


@dataclass(frozen=True)
class Sights:
    """What it makes of each of many moments."""

    opened: Flags
    life_s: Floats
    since_s: Floats
    ever: bool

    def at(self, place: int) -> Sight:
        """One of them."""
        return Sight(
            bool(self.opened[place]),
            float(self.life_s[place]),
            float(self.since_s[place]),
            self.ever or bool(self.opened[: place + 1].any()),
        )


@dataclass(frozen=True)
class Gate:
    """Opens after notices_s of life without a break; shuts gives_up_s after the last sign of it."""

    notices_s: float = 1.0
    gives_up_s: float = 15.0

    def __post_init__(self) -> None:
        if self.notices_s < 0 or self.gives_up_s < 0:
            raise ValueError("A gate's times are 0 s or more.")

    def begin(self) -> Sight:
        """Shut: the module has seen nothing yet."""
        return Sight()

    def many(self, before: Sight, times: Floats, lives: Flags) -> tuple[Flags, Sights]:
        """Whether it is open at each of these moments; lives: whether something does then."""
        opened = np.zeros(len(times), dtype=bool)
        life = np.full(len(times), before.life_s)
        since = np.full(len(times), math.inf)
        sight = before
        edges = np.flatnonzero(np.diff(lives.astype(np.int8))) + 1
        for begins, ends in zip([0, *edges], [*edges, len(times)], strict=True):
            some = slice(begins, ends)
            if lives[begins]:
                start = min(sight.since_s, float(times[begins]))
                opened[some] = sight.opened | (times[some] >= start + self.notices_s)
                life[some], since[some] = times[some], start
            else:
                life[some] = sight.life_s
                opened[some] = sight.opened & (times[some] < sight.life_s + self.gives_up_s)
            sight = Sight(bool(opened[ends - 1]), float(life[ends - 1]), float(since[ends - 1]))
        return opened, Sights(opened, life, since, before.ever)
