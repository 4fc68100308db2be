"""A radar of the breathing tier as trivial as it can be: a body that breathes, and one that stops.

All arithmetic of a breath is done once; a day of it is then made by repeating.
"""

import math

from sim.radars.mr60 import Mr60

EVERY_MS = 100
# 15 breaths a minute, 1 rad of phase each: an adult at rest, two metres away.
_BREATH_MS = 4000
_BREATH_MRAD = 500


class Breath:
    """An MR60BHA2 before somebody (or nobody) who sits: presence and phases, ten times a second."""

    def __init__(self, present: bool = True) -> None:
        self.present = present
        self.supplied: list[tuple[bool, int]] = []
        self.asked: list[tuple[int, int]] = []
        self.stopped_ms = 1 << 62
        module = Mr60()
        turns = [math.sin(2 * math.pi * ms / _BREATH_MS) for ms in range(0, _BREATH_MS, EVERY_MS)]
        self._breath = [module.sample(_BREATH_MRAD * turn / 1000 + 0.1, True) for turn in turns]
        self._still = [module.sample(0.1 + 0.001 * (at % 3), True) for at in range(len(turns))]
        self._nobody = module.sample(0.0, False)

    def power(self, on: bool, at_ms: int) -> None:
        self.supplied.append((on, at_ms))

    def frames(self, from_ms: int, until_ms: int) -> list[tuple[int, bytes]]:
        self.asked.append((from_ms, until_ms))
        first = from_ms // EVERY_MS + 1
        return [(n * EVERY_MS, self._frame(n)) for n in range(first, until_ms // EVERY_MS + 1)]

    def ahead(self, from_ms: int, until_ms: int) -> tuple[int, list[tuple[int, bytes]]]:
        first, last = from_ms // EVERY_MS + 1, until_ms // EVERY_MS
        return until_ms, [(n * EVERY_MS, self._frame(n)) for n in range(first, last + 1)]

    def _frame(self, number: int) -> bytes:
        if not self.present:
            return self._nobody
        still = number * EVERY_MS >= self.stopped_ms
        frames = self._still if still else self._breath
        return frames[number % len(frames)]

    def written(self, at_ms: int, data: bytes) -> list[tuple[int, bytes]]:
        return []
