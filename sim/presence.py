"""Makes traces of the presence tier from the energies that were seen (means and deviations).

Nobody's energies without breath are known: `still` stands for somebody who does not move, whatever
else they do, and `lost` for one the module no longer sees.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sim.trace import Trace

INTERVAL_MS = 100
# Still energy of an empty room holds on to itself: AR(1), 0.7 at 1 s, 0.965 between two reports.
_RHO = 0.7**0.1


@dataclass(frozen=True)
class Scene:
    """What the gates show: mean and standard deviation of each, moving then still energies."""

    moving: Sequence[float]
    moving_sd: Sequence[float]
    still: Sequence[float]
    still_sd: Sequence[float]
    state: int  # as the module itself would say: bit 0 moving, bit 1 still


EMPTY = Scene(
    (15, 27, 9, 6.5, 5, 4, 5, 3, 5),
    (16, 6.6, 7, 3.8, 2.4, 2.2, 1.9, 1.6, 1.8),
    (0, 0, 61, 41, 25, 20, 13, 11, 9),
    (0, 0, 14.5, 10, 5.5, 3.9, 2.4, 2.2, 1.9),
    0,
)
MOVING = Scene(
    (31, 40, 75, 75, 40, 20, 10, 8, 6),
    (15, 15, 22, 22, 15, 10, 5, 4, 3),
    (0, 0, 100, 100, 100, 75, 61.5, 57, 34),
    (0, 0, 0, 0, 0, 15, 12, 10, 8),
    3,
)
STILL = Scene(
    (15, 27, 10, 9, 6, 5, 5, 3, 5),
    (16, 6.6, 5, 4, 2.4, 2.2, 1.9, 1.6, 1.8),
    (0, 0, 100, 90, 64, 40, 20, 15, 12),
    (0, 0, 0, 8, 10, 8, 4, 3, 3),
    2,
)
# Somebody that the module itself no longer counts: energies between those of nobody and of somebody
# still. An assumption: no recording of such a person is known.
LOST = Scene(
    EMPTY.moving,
    EMPTY.moving_sd,
    (0, 0, 69, 49, 33, 28, 21, 19, 17),
    (0, 0, 14.5, 8, 5, 3.9, 2.4, 2.2, 1.9),
    0,
)
VACANT_BED = Scene((2.1,) * 9, (1.8,) * 9, (0, 0, *(6.7,) * 7), (0, 0, *(3.5,) * 7), 0)
VACANT_BED_FAN_ON = Scene((18.5,) * 9, (6.3,) * 9, (0, 0, *(7.2,) * 7), (0, 0, *(4.1,) * 7), 1)


class PresenceComposer:
    """Puts one trace of the presence tier together from scenes."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)
        self._rows: list[tuple[int, ...]] = []
        self._slow = [0.0] * 9

    def scene(self, what: Scene, length_s: float) -> "PresenceComposer":
        """So many seconds of this."""
        for _ in range(round(length_s * 1000 / INTERVAL_MS)):
            self._rows.append(self._report(what))
        return self

    def trace(self, name: str = "composed") -> Trace:
        """What has been put together so far."""
        return Trace(name, "presence", list(self._rows), {"what": "synthetic"})

    def _report(self, what: Scene) -> tuple[int, ...]:
        moving = [
            _energy(self._chance.gauss(mean, sd))
            for mean, sd in zip(what.moving, what.moving_sd, strict=True)
        ]
        fresh = (1 - _RHO**2) ** 0.5
        self._slow = [_RHO * slow + fresh * self._chance.gauss(0, 1) for slow in self._slow]
        still = [
            _energy(mean + sd * slow)
            for mean, sd, slow in zip(what.still, what.still_sd, self._slow, strict=True)
        ]
        summary = (150, max(moving[2:]), 150, max(still[2:]))
        return (len(self._rows) * INTERVAL_MS, what.state, *summary, *moving, *still)


def _energy(value: float) -> int:
    return min(max(round(value), 0), 100)
