"""What an LD2410's nine gates show of rooms and people: means and deviations.

Source: the energies seen (PROTOCOLS of the module; the same figures as sim/presence.py), for
somebody in gate 2, at 1.5 to 2.2 m. Assumptions: that somebody nearer or farther shows the same,
gates shifted; what a seated person's moving energies are (as asleep, 5 to 15 near them); how a
turn-over spreads over the gates beside; what a thing that moves adds.
"""

import enum
from dataclasses import dataclass

import numpy as np

from sim.people.chest import Floats
from sim.presence import EMPTY, MOVING, STILL

GATES = 9
GATE_M = 0.75
# The gate for which the energies of people were seen.
_SEEN_IN = 2
# Slow: AR(1), 0.6 to 0.8 at 1 s.
STILL_RHO_AT_1S = 0.7


class Level(enum.IntEnum):
    """How much somebody moves, as the module sees it."""

    ABSENT = 0
    SLEEPS = 1
    SITS = 2
    STANDS = 3
    TURNS = 4
    WALKS = 5


@dataclass(frozen=True)
class Gates:
    """Means and deviations: moving energies of nine gates, then still ones, (18,) each."""

    mean: Floats
    sd: Floats


def _gates(moving: object, moving_sd: object, still: object, still_sd: object) -> Gates:
    wide = [np.broadcast_to(np.array(one, dtype=float), GATES) for one in (moving, moving_sd)]
    more = [np.broadcast_to(np.array(one, dtype=float), GATES) for one in (still, still_sd)]
    return Gates(np.concatenate([wide[0], more[0]]), np.concatenate([wide[1], more[1]]))


# An empty room with clutter close by, and one with hardly any (a vacant bed).
CLUTTERED = _gates(EMPTY.moving, EMPTY.moving_sd, EMPTY.still, EMPTY.still_sd)
BARE = _gates(2.1, 1.8, (0, 0, *(6.7,) * 7), (0, 0, *(3.5,) * 7))
FAN_ON = _gates(18.5, 6.3, (0, 0, *(7.2,) * 7), (0, 0, *(4.1,) * 7))

PEOPLE: dict[Level, Gates] = {
    Level.ABSENT: _gates(0, 0, 0, 0),
    # 5 to 15 moving, still 64 (40 to 80) in bed.
    Level.SLEEPS: _gates(
        (0, 4, 9, 9, 5, 4, 4, 3, 3),
        (0, 2, 3, 3, 2, 2, 2, 1.6, 1.6),
        (0, 0, *(64,) * 7),
        (0, 0, *(9,) * 7),
    ),
    Level.SITS: _gates(
        (0, 4, 10, 9, 6, 5, 5, 3, 5),
        (0, 2, 5, 4, 2.4, 2.2, 1.9, 1.6, 1.8),
        STILL.still,
        STILL.still_sd,
    ),
    Level.STANDS: _gates(
        (31, 26, 44.5, 43, 17, 9, 7, 7, 5.5),
        (15, 13, 22, 22, 9, 5, 4, 4, 3),
        (0, 0, 100, 100, 100, 75, 61.5, 57, 34),
        (0, 0, 0, 0, 0, 15, 19, 15, 12),
    ),
    # Turning over: 30 to 60.
    Level.TURNS: _gates(
        (12, 30, 45, 45, 30, 15, 10, 6, 5), (5, 8, 9, 9, 8, 5, 4, 3, 3), STILL.still, STILL.still_sd
    ),
    Level.WALKS: _gates(MOVING.moving, MOVING.moving_sd, MOVING.still, MOVING.still_sd),
}


def room(clutter: float) -> Gates:
    """An empty room; clutter 0 (a vacant bed) … 1 (clutter close by)."""
    mean = BARE.mean + (CLUTTERED.mean - BARE.mean) * clutter
    return Gates(mean, BARE.sd + (CLUTTERED.sd - BARE.sd) * clutter)


def _shifted(values: Floats, by: int) -> Floats:
    """The same, so many gates farther; what lies beyond an end is as that end."""
    places = np.clip(np.arange(GATES) - by, 0, GATES - 1)
    return values[places]


def _table() -> tuple[Floats, Floats]:
    means = np.zeros((len(Level), GATES, 2 * GATES))
    deviations = np.zeros_like(means)
    for level, gates in PEOPLE.items():
        for gate in range(GATES):
            for to, values in ((means, gates.mean), (deviations, gates.sd)):
                moving, still = values[:GATES], values[GATES:]
                # Gates 0 and 1 report no still energy, whoever is there.
                shown = _shifted(np.concatenate([[still[2]] * 2, still[2:]]), gate - _SEEN_IN)
                to[level, gate] = np.concatenate([_shifted(moving, gate - _SEEN_IN), shown])
                to[level, gate, GATES : GATES + 2] = 0
    return means, deviations


# (level, gate that they are in, 18 energies)
MEANS, DEVIATIONS = _table()
