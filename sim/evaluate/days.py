"""Long cases, for how often somebody is disturbed for nothing: nights, evenings, visits."""

import random

from sim.evaluate.kind import REAL_ENVELOPE, SIMULATED, Case, Kind
from sim.evaluate.living import Fidgets, begin, live, walk_in, walk_out
from sim.evaluate.peace import visit
from sim.evaluate.recordings import envelope
from sim.evaluate.stage import Gate, Stage
from sim.evaluate.truth import Must, Truth, rest
from sim.people.manner import ASLEEP, AWAKE, Manner
from sim.radars.sixty import some_module

# A day of home use is counted as one watch of its default limit (watch_limit_s): an assumption.
HOURS_A_DAY = 8.0
# A little less, so that the limit's own question does not come into it.
NIGHT_S = 7.5 * 3600
EVENING_S = 2.0 * 3600
VISITS = 20


def _night(chance: random.Random, breath_from: str, truth: Truth) -> Case:
    """Goes to bed, sleeps; each breath as large as the sleeper's who was recorded."""
    sizes, interval_s = envelope(breath_from)
    stage, body = begin(chance, asleep=True)
    body.breath.rate = min(body.breath.rate, 17.0)
    begins = chance.randrange(len(sizes))
    fidgets = Fidgets(chance, body, ASLEEP)
    since = 0.0

    def steer(passed: float, dt_s: float) -> None:
        nonlocal since
        since = passed
        fidgets(passed, dt_s)
        body.depth = sizes[(begins + int(since / interval_s)) % len(sizes)]

    walk_in(stage, body)
    live(stage, body, 300, AWAKE)
    stage.alone(body, NIGHT_S - 400, each=steer)
    return Case(stage.trace(f"night, {breath_from}", REAL_ENVELOPE), truth, "home", NIGHT_S / 3600)


def quiet_night(chance: random.Random) -> Case:
    """The breath of a sleeper who breathes normally (effort_br2)."""
    return _night(chance, "effort_br2", rest())


def night_with_apnoeas(chance: random.Random) -> Case:
    """The breath of a sleeper with dozens of apnoeas (effort_br1): how often are they woken?"""
    return _night(chance, "effort_br1", Truth(Must.SHOW))


def simulated_night(chance: random.Random) -> Case:
    """A sleeper without any recording's envelope."""
    stage, body = begin(chance, asleep=True)
    walk_in(stage, body)
    live(stage, body, NIGHT_S - 60, ASLEEP)
    return Case(stage.trace("night", SIMULATED), rest(), "home", NIGHT_S / 3600)


def evening(chance: random.Random) -> Case:
    """Two hours at home: sits, does things, goes out of view and comes back."""
    stage, body = begin(chance)
    while stage.now_ms < EVENING_S * 1000:
        walk_in(stage, body)
        manner = chance.choice([AWAKE, AWAKE, Manner(20, 120)])
        live(stage, body, chance.uniform(300, 1800), manner)
        walk_out(stage, body)
        stage.nobody(chance.uniform(20, 300), gate=chance.choice([Gate.SHUT, Gate.OPEN]))
    hours = stage.now_ms / 3_600_000
    trace = stage.trace("evening", SIMULATED)
    return Case(trace, rest(), "home", hours, doors=tuple(stage.doors))


def many_visits(chance: random.Random) -> Case:
    """Twenty visits to a washroom, of one to twelve minutes."""
    stage = Stage(chance, some_module(chance))
    stage.nobody(20)
    for _ in range(VISITS):
        visit(stage, chance.uniform(60, 720) * chance.random() + 30)
    return Case(stage.trace("visits", SIMULATED), rest(), visits=VISITS, doors=tuple(stage.doors))


KINDS = (
    Kind("night at home", "home", SIMULATED, simulated_night, share=0.1, night=True),
    Kind(
        "night, a quiet sleeper's envelope",
        "home",
        REAL_ENVELOPE,
        quiet_night,
        share=0.1,
        night=True,
    ),
    Kind("evening at home", "home", SIMULATED, evening, share=0.25),
    Kind("washroom, 20 visits", "washroom", SIMULATED, many_visits, share=0.25),
    Kind(
        "night, an apnoea sleeper's envelope",
        "limits",
        REAL_ENVELOPE,
        night_with_apnoeas,
        share=0.05,
        night=True,
    ),
)
