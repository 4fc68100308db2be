"""Numbered dice: the n-th throw is the same however often, and in whatever order, it is asked for.

So what somebody does from a moment on can be drawn ahead, thrown away when a cue changes it, and
drawn again, without the rest of the world coming out differently.
"""

import random

_BLOCK = 64
_KEPT = 8


class Draws:
    """Throws of one seed; each is five numbers: two normal (0, 1), three uniform (0 … 1)."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._blocks: dict[int, list[tuple[float, float, float, float, float]]] = {}

    def __getitem__(self, number: int) -> tuple[float, float, float, float, float]:
        block, place = divmod(number, _BLOCK)
        if block not in self._blocks:
            if len(self._blocks) >= _KEPT:
                self._blocks.pop(min(self._blocks))
            chance = random.Random(f"{self._seed}/{block}")
            self._blocks[block] = [
                (
                    chance.gauss(0, 1),
                    chance.gauss(0, 1),
                    chance.random(),
                    chance.random(),
                    chance.random(),
                )
                for _ in range(_BLOCK)
            ]
        return self._blocks[block][place]
