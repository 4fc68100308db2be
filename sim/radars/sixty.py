"""What breathing radars (60 GHz) differ in: rate, jitter, noise, wraps, the other returns.

Sources: 0.398 mm a radian (half a wavelength there and back is 2 pi); phase noise 0.0043 rad on a
strong static return, random phase where there is none; 4.88 samples a second in collection mode,
8 to 20 by firmware else. Jitter of the samples, the second place and its size are assumptions.
"""

import random
from dataclasses import dataclass

# 32-bit floats have 24 bits: from here on a phase is coarser than 1/128 rad.
FAR_RAD = 100_000.0


@dataclass
class Module:
    """rate_hz 4.88 … 20; noise_rad: of a strong return; wraps: reports −π … π and no turns.

    second, still: sizes of the other returns against the chest's. unwraps: keeps count of turns
    that fast movement makes; else those are lost to aliasing, as in a module that samples slowly.
    """

    rate_hz: float = 8.0
    jitter: float = 0.05
    noise_rad: float = 0.0043
    second: float = 0.2
    second_follows: float = 0.8
    still: float = 0.2
    wraps: bool = False
    unwraps: bool = False
    begins_at_rad: float = 0.0


def some_module(chance: random.Random) -> Module:
    """A module as it may be met: its firmware, its place, its luck.

    Noise from the strong return's 0.0043 rad to ten times that (assumption: a return ten times
    weaker, at the edge of the beam).
    """
    return Module(
        rate_hz=chance.choice([4.88, 6.0, 8.0, 8.0, 10.0, 13.0, 16.0, 20.0]),
        jitter=chance.choice([0.0, 0.02, 0.1, 0.2]),
        noise_rad=0.0043 * 10 ** chance.uniform(0, 1),
        second=chance.uniform(0, 0.4),
        second_follows=chance.uniform(0.5, 1.0),
        still=chance.uniform(0, 0.4),
        wraps=chance.random() < 0.15,
        unwraps=chance.random() < 0.5,
        begins_at_rad=chance.choice([0.0, 0.0, chance.uniform(-3000, 3000), FAR_RAD]),
    )
