"""Cases in which nothing is wrong, and modules that fail: breathing tier, simulated."""

import math
import random

from sim.evaluate.kind import SIMULATED, Case, Kind
from sim.evaluate.living import begin, live, walk_in, walk_out
from sim.evaluate.stage import Gate, Stage
from sim.evaluate.truth import Must, Truth, rest
from sim.people.body import Body, somebody
from sim.people.manner import ASLEEP, AWAKE, RESTLESS, Manner
from sim.radars.sixty import some_module

LENGTH_S = (240.0, 600.0)


def _lives(chance: random.Random, manner: Manner, name: str, *, asleep: bool = False) -> Case:
    stage, body = begin(chance, asleep=asleep)
    if not asleep and chance.random() < 0.5:
        walk_in(stage, body)
    live(stage, body, chance.uniform(*LENGTH_S), manner)
    return Case(stage.trace(name, SIMULATED), rest(), chance.choice(["home", "washroom"]))


def seated(chance: random.Random) -> Case:
    """Sits and breathes."""
    return _lives(chance, AWAKE, "seated")


def sleeps(chance: random.Random) -> Case:
    """Lies and sleeps: evenly, with few movements."""
    return _lives(chance, ASLEEP, "asleep", asleep=True)


def restless(chance: random.Random) -> Case:
    """Does something all the time: undresses, washes, looks for a thing."""
    return _lives(chance, RESTLESS, "restless")


def _now_and_then(chance: random.Random, every_s: tuple[float, float], what: str) -> Case:
    stage, body = begin(chance)
    live(stage, body, 60)
    for _ in range(chance.randint(6, 12)):
        if what == "hold":
            body.pause(chance.uniform(6, 8))
        elif what == "cough":
            for _ in range(chance.randint(1, 4)):
                body.bump(chance.choice([-1, 1]) * chance.uniform(3, 25), chance.uniform(0.2, 0.5))
                stage.alone(body, chance.uniform(0.3, 0.9))
        live(stage, body, chance.uniform(*every_s))
    return Case(stage.trace(what, SIMULATED), rest(), chance.choice(["home", "washroom"]))


def holds(chance: random.Random) -> Case:
    """Holds their breath for 6 to 8 s, time and again."""
    return _now_and_then(chance, (20, 60), "hold")


def coughs(chance: random.Random) -> Case:
    """Coughs in fits."""
    return _now_and_then(chance, (10, 60), "cough")


def clusters(chance: random.Random) -> Case:
    """Breathes in clusters of 4 to 8 breaths with 5 to 10 s between (Biot; opioids too)."""
    stage, body = begin(chance)
    live(stage, body, 60)
    body.breath.rate = chance.uniform(15, 20)
    while stage.now_ms < 400_000:
        stage.alone(body, chance.randint(4, 8) * 60 / body.breath.rate)
        body.pause(chance.uniform(5, 10))
        stage.alone(body, 60 / body.breath.rate)
    return Case(stage.trace("clusters", SIMULATED), rest(), chance.choice(["home", "washroom"]))


def _after_them(chance: random.Random, stage: Stage, length_s: float) -> None:
    """Nobody there, and one of the ways in which a module says so."""
    way = chance.choice(["shuts", "shuts late", "wall", "flag"])
    if way == "shuts late":
        stage.nobody(chance.uniform(1, 30), gate=Gate.OPEN)
    if way == "wall":
        stage.nobody(length_s, gate=Gate.OPEN)
    else:
        stage.nobody(length_s, gate=Gate.STUCK if way == "flag" else Gate.SHUT)


def visit(stage: Stage, stay_s: float) -> None:
    """In, a while on the seat, out; then nobody for a while."""
    chance = stage.chance
    body = Body(chance, *somebody(chance))
    walk_in(stage, body)
    live(stage, body, stay_s, chance.choice([AWAKE, AWAKE, RESTLESS]))
    walk_out(stage, body)
    _after_them(chance, stage, chance.uniform(20, 120))


def comes_and_goes(chance: random.Random) -> Case:
    """A washroom: three visits."""
    stage = Stage(chance, some_module(chance))
    _after_them(chance, stage, 20)
    for _ in range(3):
        visit(stage, chance.uniform(45, 300))
    return Case(stage.trace("visits", SIMULATED), rest(), visits=3, doors=tuple(stage.doors))


def leaves_wall(chance: random.Random) -> Case:
    """Goes, and the module shows the bare wall as though somebody were there."""
    return _leaves(chance, Gate.OPEN)


def leaves_flag(chance: random.Random) -> Case:
    """Goes, and the module's flag sticks over zeros."""
    return _leaves(chance, Gate.STUCK)


def _leaves(chance: random.Random, gate: Gate) -> Case:
    stage, body = begin(chance)
    if chance.random() < 0.5:
        walk_in(stage, body)
    live(stage, body, chance.uniform(60, 200))
    walk_out(stage, body)
    stage.nobody(300, gate=gate)
    mode = chance.choice(["home", "washroom"])
    return Case(stage.trace("leaves", SIMULATED), rest(), mode, doors=tuple(stage.doors))


def _empty(chance: random.Random, what: str) -> Case:
    stage = Stage(chance, some_module(chance))
    view = stage.view
    hz, mm = chance.uniform(1, 4), chance.uniform(0.01, 0.02)
    fan_hz, fan_mm = chance.uniform(5, 30), chance.uniform(0.002, 0.014)
    shows = {
        "wall": lambda _: view.wall(),
        "noise": lambda _: view.nothing(),
        # A cat: 0.02 … 0.04 mm, breathing and heart quicker than a person's.
        "cat": lambda s: view.wall(mm * math.sin(math.tau * hz * s)),
        # An empty room shows 0.002 … 0.028 mm; that a fan is what shakes it is an assumption.
        "fan": lambda s: view.wall(fan_mm * math.sin(math.tau * fan_hz * s)),
    }[what]
    stage.nobody(chance.uniform(*LENGTH_S), gate=Gate.OPEN, shows=shows)
    return Case(stage.trace(f"empty, {what}", SIMULATED), rest())


def empty_wall(chance: random.Random) -> Case:
    """A bare wall: the phase noise alone."""
    return _empty(chance, "wall")


def empty_noise(chance: random.Random) -> Case:
    """No return at all: random phase, with the flag up."""
    return _empty(chance, "noise")


def empty_cat(chance: random.Random) -> Case:
    """A cat asleep."""
    return _empty(chance, "cat")


def empty_fan(chance: random.Random) -> Case:
    """Something that a fan shakes."""
    return _empty(chance, "fan")


def passers_by(chance: random.Random) -> Case:
    """Nobody in, and people who walk past the door."""
    stage = Stage(chance, some_module(chance))
    for _ in range(chance.randint(3, 6)):
        stage.nobody(chance.uniform(20, 90), gate=chance.choice([Gate.OPEN, Gate.SHUT]))
        body = Body(chance, *somebody(chance))
        stage.walks(body, chance.uniform(1, 3), chance.uniform(0.8, 1.5))
    _after_them(chance, stage, 120)
    return Case(stage.trace("passers-by", SIMULATED), rest())


def stuck(chance: random.Random) -> Case:
    """The module repeats its last value. Whether anybody breathes is then not known."""
    stage, body = begin(chance)
    live(stage, body, chance.uniform(45, 120))
    onset_ms = stage.now_ms
    stage.repeats(120)
    truth = Truth(Must.REPORT, onset_ms, may_ask=True, may_call=True, fault="radar_stuck")
    return Case(stage.trace("stuck", SIMULATED), truth)


def silent(chance: random.Random) -> Case:
    """The module says nothing for two minutes, and then goes on."""
    stage, body = begin(chance)
    live(stage, body, chance.uniform(45, 120))
    onset_ms = stage.now_ms
    stage.silence(120)
    stage.alone(body, 60)
    truth = Truth(Must.REPORT, onset_ms, may_ask=True, may_call=True, fault="radar_silent")
    return Case(stage.trace("silent", SIMULATED), truth)


def unseen(chance: random.Random) -> Case:
    """Somebody is there, and then only random phase comes back: a bag before the sensor."""
    stage, body = begin(chance)
    live(stage, body, chance.uniform(45, 120))
    onset_ms = stage.now_ms
    stage.nobody(240, gate=Gate.OPEN, shows=lambda _: stage.view.nothing())
    truth = Truth(Must.SHOW, onset_ms, may_ask=True, may_call=True, fault="cannot_see")
    return Case(stage.trace("unseen", SIMULATED), truth)


KINDS = (
    Kind("seated", "peace", SIMULATED, seated),
    Kind("asleep", "peace", SIMULATED, sleeps),
    Kind("restless", "peace", SIMULATED, restless),
    Kind("holds of 6 to 8 s", "peace", SIMULATED, holds),
    Kind("coughs", "peace", SIMULATED, coughs),
    Kind("breathes in clusters", "peace", SIMULATED, clusters),
    Kind("comes and goes", "peace", SIMULATED, comes_and_goes),
    Kind("leaves, a wall is shown", "peace", SIMULATED, leaves_wall),
    Kind("leaves, flag sticks", "peace", SIMULATED, leaves_flag),
    Kind("passers-by", "peace", SIMULATED, passers_by),
    Kind("empty, wall", "peace", SIMULATED, empty_wall, share=0.5),
    Kind("empty, random phase", "peace", SIMULATED, empty_noise, share=0.5),
    Kind("empty, cat", "peace", SIMULATED, empty_cat, share=0.5),
    Kind("empty, fan", "peace", SIMULATED, empty_fan, share=0.5),
    Kind("fault: stuck", "fault", SIMULATED, stuck, share=0.5),
    Kind("fault: silent", "fault", SIMULATED, silent, share=0.5),
    Kind("person hidden, random phase", "limits", SIMULATED, unseen, share=0.5),
)
