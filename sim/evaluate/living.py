"""What people do before a radar, in scenes: live, sleep, walk in, stop breathing.

How often people fidget and shift: sim/people/manner.py.
"""

import random
from collections.abc import Callable

from sim.evaluate.stage import Gate, Stage
from sim.people.body import Body, somebody
from sim.people.manner import AWAKE, FIDGET_MM, FIDGET_S, SHIFT_MM, SHIFT_S, Manner
from sim.radars.sixty import some_module


def begin(chance: random.Random, *, asleep: bool = False) -> tuple[Stage, Body]:
    """Some module, and somebody before it."""
    stage = Stage(chance, some_module(chance))
    return stage, Body(chance, *somebody(chance, asleep=asleep))


class Fidgets:
    """Steers a body: small movements and shifts of posture, at their own times."""

    def __init__(self, chance: random.Random, body: Body, manner: Manner) -> None:
        self._chance = chance
        self._body = body
        self._manner = manner

    def __call__(self, passed: float, dt_s: float) -> None:
        chance, body = self._chance, self._body
        if chance.random() < dt_s / self._manner.fidget_every_s:
            body.bump(
                chance.choice([-1, 1]) * chance.uniform(*FIDGET_MM), chance.uniform(*FIDGET_S)
            )
        if chance.random() < dt_s / self._manner.shift_every_s:
            body.shift(chance.choice([-1, 1]) * chance.uniform(*SHIFT_MM), chance.uniform(*SHIFT_S))


def live(stage: Stage, body: Body, length_s: float, manner: Manner = AWAKE) -> None:
    """Ordinary life before the module."""
    stage.alone(body, length_s, each=Fidgets(stage.chance, body, manner))


def stop_breathing(stage: Stage, body: Body) -> int:
    """The last breath is let out; the ms at which the chest is still."""
    body.stop()
    while body.still_at_s is None:
        stage.alone(body, 0.001)
    return stage.now_ms


def shutting(after_s: float | None, gate: Gate = Gate.SHUT) -> Callable[[float], Gate]:
    """A gate that shuts so long into a scene; None: never."""
    return lambda passed: gate if after_s is not None and passed >= after_s else Gate.OPEN


def walk_in(stage: Stage, body: Body) -> None:
    """Through the door, to the seat; the module notices during it."""
    stage.walks(body, stage.chance.uniform(3, 12), stage.chance.uniform(0.3, 1.0))


def walk_out(stage: Stage, body: Body) -> None:
    """Up, and out of the door."""
    stage.walks(body, stage.chance.uniform(3, 8), stage.chance.uniform(0.4, 1.2))
    stage.doors.append(stage.now_ms)
