"""Puts bodies before a module and writes down what it says: a trace of the breathing tier."""

import enum
import math
import random
from collections.abc import Callable, Iterator
from functools import partial

from sim.evaluate.module import View
from sim.people.body import Body
from sim.radars.sixty import Module
from sim.trace import Trace

# What the recordings show of a person at 60 cm; for plots only.
_AMPLITUDE = 6000


class Gate(enum.Enum):
    """What the module's own target detection makes of the moment."""

    OPEN = "open"
    SHUT = "shut"  # the flag is off, the phases exactly 0
    STUCK = "stuck"  # the phases are exactly 0, the flag is still on


class Stage:
    """Time goes on with each scene; `now_ms` is how far it has come."""

    def __init__(self, chance: random.Random, module: Module) -> None:
        self.chance = chance
        self.view = View(chance, module)
        self.rows: list[tuple[int, ...]] = []
        self.doors: list[int] = []  # ms at which somebody went out of the door
        self._now_s = 0.0

    @property
    def now_ms(self) -> int:
        """ms since the first sample, as a replay counts them."""
        return round(self._now_s * 1000) - (self.rows[0][0] if self.rows else 0)

    def alone(
        self,
        body: Body,
        length_s: float,
        *,
        gate: Callable[[float], Gate] = lambda _: Gate.OPEN,
        each: Callable[[float, float], None] | None = None,
        strength: float = 1.0,
    ) -> "Stage":
        """Somebody before the module; gate(s into the scene); each(s into it, s passed) steers."""
        for passed, dt_s in self._steps(length_s):
            if each is not None:
                each(passed, dt_s)
            mm = body.step(dt_s)
            self._write(gate(passed), partial(self.view.chest, mm, strength))
        return self

    def walks(self, body: Body, length_s: float, speed_m_s: float) -> "Stage":
        """Somebody walks to and fro: hundreds of turns, and a return that comes and goes.

        The trunk goes faster and slower with each step, about two a second and by about a quarter
        (assumption): without that a module that samples slowly could show a walk as standing still.
        """
        place, speed, left_s = 0.0, speed_m_s * 1000, 0.0
        steps_hz = self.chance.uniform(1.4, 2.2)
        for passed, dt_s in self._steps(length_s):
            left_s -= dt_s
            if left_s <= 0:
                speed = self.chance.choice([-1, 1]) * speed_m_s * 1000
                speed *= self.chance.uniform(0.5, 1.5)
                left_s = self.chance.uniform(0.5, 2.5)
            pace = 1 + 0.25 * math.sin(math.tau * steps_hz * passed) + self.chance.gauss(0, 0.1)
            place += speed * pace * dt_s
            mm = place + body.step(dt_s)
            strength = self.chance.uniform(0.05, 1.0)
            self._write(Gate.OPEN, partial(self.view.chest, mm, strength))
        body.shift(place, 0.001)
        return self

    def nobody(
        self,
        length_s: float,
        *,
        gate: Gate = Gate.SHUT,
        shows: Callable[[float], int] | None = None,
    ) -> "Stage":
        """Nobody in view: the gate is shut, or the module shows shows(s): a wall, a fan, noise."""
        for passed, _ in self._steps(length_s):
            self._write(gate, partial(shows, passed) if shows else self.view.wall)
        return self

    def repeats(self, length_s: float) -> "Stage":
        """The module says its last value again and again."""
        for _ in self._steps(length_s):
            last = self.rows[-1]
            self.rows.append((self._at(), *last[1:]))
        return self

    def silence(self, length_s: float) -> "Stage":
        """The module says nothing."""
        self._now_s += length_s
        return self

    def trace(self, name: str, what: str) -> Trace:
        """What has been put together."""
        return Trace(name, "breathing", self.rows, {"what": what})

    def _steps(self, length_s: float) -> Iterator[tuple[float, float]]:
        passed = 0.0
        while passed < length_s:
            dt_s = self.view.intervals()
            passed += dt_s
            self._now_s += dt_s
            yield passed, dt_s

    def _at(self) -> int:
        at = round(self._now_s * 1000)
        return max(at, self.rows[-1][0] + 1) if self.rows else at

    def _write(self, gate: Gate, phase: Callable[[], int]) -> None:
        if gate is Gate.OPEN:
            self.rows.append((self._at(), phase(), _AMPLITUDE, 60, 1))
        else:
            self.view.lose()
            self.rows.append((self._at(), 0, 0, -1, int(gate is Gate.STUCK)))
