"""A breathing radar (60 GHz) as it looks at a body: fades, noise, its rate, its gate.

The return is a sum of turning pointers: the chest, a second place on the body that moves a little
differently, something that stands still, and noise. Fades, distortion and lost turns follow from
the sum by themselves. The module unwraps what it sees at its own sample rate.

Sources: 0.398 mm a radian; phase noise 0.0043 rad on a strong static return, random phase where
there is none; phases exactly 0 while the gate is shut. What modules differ in: sim/radars/sixty.py.
"""

import cmath
import math
import random

from sim.people.body import MM_A_RAD
from sim.radars.sixty import Module


class View:
    """One module at work: displacement in, total phase in mrad out."""

    def __init__(self, chance: random.Random, module: Module) -> None:
        self.module = module
        self._chance = chance
        self._angle = chance.uniform(-math.pi, math.pi)  # of the standing return
        self._between = chance.uniform(-math.pi, math.pi)  # of the second place
        self._total = module.begins_at_rad
        self._seen: float | None = None
        self._true = 0.0

    def intervals(self) -> float:
        """Seconds to the next sample."""
        nominal = 1 / self.module.rate_hz
        return nominal * (1 + self.module.jitter * self._chance.uniform(-1, 1))

    def lose(self) -> None:
        """The gate shuts: when it opens again the count of turns begins anew."""
        self._seen = None

    def chest(self, mm: float, strength: float = 1.0) -> int:
        """Somebody at this displacement; strength: of the return, 1 as usual, 0 none."""
        m = self.module
        true = mm / MM_A_RAD
        pointer = strength * cmath.rect(1.0, true)
        pointer += strength * m.second * cmath.rect(1.0, m.second_follows * true + self._between)
        pointer += m.still * cmath.rect(1.0, self._angle)
        turns = true - self._true if m.unwraps else 0.0
        self._true = true
        return self._phase(pointer, turns)

    def wall(self, mm: float = 0.0) -> int:
        """A bare wall, or something on it that moves by so much."""
        return self._phase(cmath.rect(1.0, self._angle + mm / MM_A_RAD), 0.0)

    def nothing(self) -> int:
        """No return at all: random phase."""
        return self._phase(0j, 0.0)

    def _phase(self, pointer: complex, turns: float) -> int:
        gauss, noise = self._chance.gauss, self.module.noise_rad
        pointer += complex(gauss(0, noise), gauss(0, noise))
        angle = cmath.phase(pointer)
        if self._seen is None:
            self._seen = angle
        step = math.remainder(angle - self._seen, math.tau)
        if abs(turns) > math.pi:
            step += math.tau * round((turns - step) / math.tau)
        self._seen = angle
        self._total += step
        if self.module.wraps:
            return _not_nought(round(1000 * angle))
        return _not_nought(round(1000 * _as_float32(self._total)))


def _as_float32(value: float) -> float:
    """With the 24 bits that the frame's float has."""
    if abs(value) < 1:
        return value
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(mantissa * (1 << 24)), exponent - 24)


def _not_nought(mrad: int) -> int:
    """A phase of exactly 0 is the shut gate's word; a real one is hardly ever that."""
    return mrad or 1
