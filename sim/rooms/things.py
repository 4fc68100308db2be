"""What moves in a room beside people: fans, curtains, pets.

Sources: an empty room shows 0.002 to 0.028 mm, a cat 0.02 to 0.04 mm; plants, curtains, cables and
fans are people to an LD2410. That a fan is what shakes an empty room, how a curtain swings, how
often a cat gets up and how little of the beam it returns are assumptions.
"""

import math
import random
from dataclasses import dataclass, field

import numpy as np

from sim.people.chest import Flags, Floats
from sim.people.draws import Draws

# Of what a person would show in an LD2410 (assumption).
_CURTAIN_PRESENCE, _CAT_PRESENCE = 0.7, 0.5


@dataclass(frozen=True)
class Return:
    """What comes back from one thing at many moments.

    where: m, (n, 3). here: is there at all. walks: goes as a whole. moves: by more than breath.
    lives: moves as breath does. mm: towards the radar. strength: against a chest, at 60 GHz.
    presence: 0 … 1, how far an LD2410 takes it for a person; shakes: what it does is seen in every
    gate. stops: no longer breathes, None where nothing ever does. stands, sleeps: as people do.
    """

    name: str
    where: Floats
    here: Flags
    walks: Flags
    moves: Flags
    lives: Flags
    mm: Floats
    strength: float
    presence: float | Floats = 1.0
    shakes: bool = False
    stops: Flags | None = None
    stands: bool | Flags = False
    sleeps: bool | Flags = False


def _standing(x: float, y: float, z: float, times: Floats) -> Floats:
    return np.tile(np.array([x, y, z]), (len(times), 1))


@dataclass
class Fan:
    """Shakes what it stands on, while it is on: by mm, hz times a second."""

    x: float
    y: float
    z: float = 1.0
    on: bool = True
    mm: float = 0.008
    hz: float = 17.0
    strength: float = 0.3

    def returns(self, times: Floats) -> Return:
        """What comes back of it."""
        shakes = np.full(len(times), self.on)
        none = np.zeros(len(times), dtype=bool)
        mm = self.mm / 2 * np.sin(math.tau * self.hz * times) if self.on else np.zeros(len(times))
        where = _standing(self.x, self.y, self.z, times)
        return Return(
            "fan", where, shakes, none, none, none, mm, self.strength, float(self.on), shakes=True
        )


@dataclass
class Curtain:
    """Swings in a draught: by mm, once in period_s and a little otherwise each time."""

    x: float
    y: float
    z: float = 1.2
    on: bool = True
    mm: float = 15.0
    period_s: float = 3.5
    strength: float = 0.05

    def returns(self, times: Floats) -> Return:
        """What comes back of it: cloth lets most of a 60 GHz beam through."""
        swings = np.full(len(times), self.on)
        none = np.zeros(len(times), dtype=bool)
        turn = math.tau / self.period_s * times
        mm = self.mm / 2 * (np.sin(turn) + 0.5 * np.sin(0.618 * turn)) * self.on
        where = _standing(self.x, self.y, self.z, times)
        return Return(
            "curtain", where, swings, none, swings, none, mm, self.strength, _CURTAIN_PRESENCE
        )


@dataclass
class Pet:
    """A cat asleep at (x, y), that gets up now and then and walks to (x, y) of another place."""

    x: float
    y: float
    seed: str = "cat"
    walks_every_s: float = 1200.0
    breath_mm: float = 0.03
    breaths: float = 25.0
    strength: float = 0.1
    spots: list[tuple[float, float]] = field(default_factory=list)

    # Quarter hours: within each it may walk once, at a moment of that quarter's own.
    _SLOT_S = 900.0
    _WALK_S = 8.0

    def returns(self, times: Floats) -> Return:
        """What comes back of it."""
        here = np.ones(len(times), dtype=bool)
        walks = np.zeros(len(times), dtype=bool)
        where = _standing(self.x, self.y, 0.2, times)
        chance = self._SLOT_S / self.walks_every_s
        draws = Draws(f"{self.seed}/pet")
        first, last = (int(at // self._SLOT_S) for at in (times[0], times[-1]))
        for slot in range(first, last + 1):
            _, _, whether, when, whither = draws[slot]
            if whether >= chance:
                continue
            from_s = (slot + 0.9 * when) * self._SLOT_S
            part = (times - from_s) / self._WALK_S
            goes = (part >= 0) & (part < 1)
            # There and back: it is where it was when the next quarter begins.
            to = self._spot(whither)
            there = np.sin(np.pi * part[goes])[:, None]
            here_xy = np.array([self.x, self.y])
            where[goes, :2] = here_xy + (np.array(to) - here_xy) * there
            walks |= goes
        mm = self.breath_mm / 2 * np.sin(math.tau * self.breaths / 60 * times)
        none = np.zeros(len(times), dtype=bool)
        return Return(
            "pet",
            where,
            here,
            walks,
            walks,
            none,
            mm,
            self.strength,
            np.where(walks, _CAT_PRESENCE, 0.0),
        )

    def _spot(self, which: float) -> tuple[float, float]:
        if self.spots:
            return self.spots[int(which * len(self.spots))]
        chance = random.Random(f"{self.seed}/{which}")
        return self.x + chance.uniform(-1, 1), self.y + chance.uniform(-1, 1)
