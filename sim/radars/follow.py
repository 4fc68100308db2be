"""First-order filters over many samples at once: each value follows what comes, and keeps a part.

y[n] = keep · y[n − 1] + take · x[n], in blocks of 64 by one multiplication each.
"""

from functools import lru_cache

import numpy as np

from sim.people.chest import Floats

_BLOCK = 64


@lru_cache
def _weights(keep: float) -> tuple[Floats, Floats]:
    powers = np.arange(_BLOCK)[:, None] - np.arange(_BLOCK)[None, :]
    triangle: Floats = np.where(powers >= 0, keep ** np.maximum(powers, 0), 0.0)
    decay: Floats = np.power(keep, np.arange(1.0, _BLOCK + 1))
    return triangle, decay


def follow(values: Floats, before: Floats, keep: float, take: float) -> Floats:
    """The filtered values, (n, columns) as given; before: where each column stood, (columns,)."""
    triangle, decay = _weights(keep)
    found = np.empty_like(values)
    for first in range(0, len(values), _BLOCK):
        some = values[first : first + _BLOCK]
        size = len(some)
        found[first : first + size] = take * (triangle[:size, :size] @ some) + np.outer(
            decay[:size], before
        )
        before = found[first + size - 1]
    return found
