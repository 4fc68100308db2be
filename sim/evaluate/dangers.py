"""Cases in which somebody is in danger: breathing tier, simulated people."""

import random

from sim.evaluate.kind import SIMULATED, Case, Kind
from sim.evaluate.living import begin, live, shutting, stop_breathing, walk_in
from sim.evaluate.stage import Gate, Stage
from sim.evaluate.truth import SLOW_ASKED_S, SLOW_CALLED_S, Must, Truth, danger, question
from sim.people.body import Body, somebody

# The field's fixed threshold needs 180 s: an apnoea goes on for long enough that it may call too.
# Brain injury begins after about four minutes without breath.
LASTS_S = 240.0
# The gate of such a module stays open, or shuts within half a minute (assumption: no recording of
# one over somebody who stops breathing is known).
GATE_SHUTS_WITHIN_S = 30.0

# 5 to 8 a minute: three breaths take 25 s and more, and it is no emergency yet (our own mark).
SLOWISH_ASKED_S = 120.0


def _mode(chance: random.Random) -> str:
    return chance.choice(["home", "washroom"])


def _before(chance: random.Random, stage: Stage, body: Body) -> None:
    """One to four minutes of ordinary life; the last 15 s without a shift, so that it is known
    what the apnoea begins from. A third walk in first."""
    if chance.random() < 1 / 3:
        walk_in(stage, body)
    live(stage, body, chance.uniform(45, 225))
    stage.alone(body, 15)


def _apnoea(chance: random.Random, gate: Gate) -> Case:
    stage, body = begin(chance)
    _before(chance, stage, body)
    onset_ms = stop_breathing(stage, body)
    shuts = None if gate is Gate.OPEN else chance.uniform(0, GATE_SHUTS_WITHIN_S)
    stage.alone(body, LASTS_S, gate=shutting(shuts, gate))
    return Case(
        stage.trace("apnoea", SIMULATED),
        danger(onset_ms),
        _mode(chance),
        notes="" if shuts is None else f"gate shuts {shuts:.1f} s into it",
    )


def stays_open(chance: random.Random) -> Case:
    """The module goes on showing the chest, and the heart in it."""
    return _apnoea(chance, Gate.OPEN)


def shuts(chance: random.Random) -> Case:
    """The module gives up on a body that does not breathe: flag off, zeros."""
    return _apnoea(chance, Gate.SHUT)


def flag_sticks(chance: random.Random) -> Case:
    """The module sends zeros and leaves its flag on."""
    return _apnoea(chance, Gate.STUCK)


def flickers(chance: random.Random) -> Case:
    """The module's gate opens and shuts again over a body that does not breathe."""
    stage, body = begin(chance)
    _before(chance, stage, body)
    onset_ms = stop_breathing(stage, body)
    changes = [0.0]
    while changes[-1] < LASTS_S:
        changes.append(changes[-1] + chance.uniform(0.5, 20))

    def gate(passed: float) -> Gate:
        return Gate.SHUT if sum(at <= passed for at in changes) % 2 == 0 else Gate.OPEN

    stage.alone(body, LASTS_S, gate=gate)
    return Case(stage.trace("apnoea", SIMULATED), danger(onset_ms), _mode(chance))


def _falls(stage: Stage, body: Body) -> int:
    """An empty room, somebody who walks in, and falls; the ms from which they lie still."""
    chance = stage.chance
    stage.nobody(chance.uniform(10, 30), gate=chance.choice([Gate.SHUT, Gate.OPEN]))
    stage.walks(body, chance.uniform(5, 30), chance.uniform(0.3, 1.0))
    body.shift(chance.uniform(300, 800), chance.uniform(0.4, 1.0))
    stage.alone(body, 1.5)
    body.stop_at_once()
    return stage.now_ms


def collapse(chance: random.Random) -> Case:
    """Somebody walks, falls, and breathes no more; the module goes on showing the heart."""
    stage, body = begin(chance)
    onset_ms = _falls(stage, body)
    stage.alone(body, LASTS_S)
    return Case(stage.trace("collapse", SIMULATED), danger(onset_ms))


def collapse_lost(chance: random.Random) -> Case:
    """The same, and the module's gate shuts within 10 s: to the sensor, somebody who walked out."""
    stage, body = begin(chance)
    onset_ms = _falls(stage, body)
    stage.alone(body, LASTS_S, gate=shutting(chance.uniform(0, 10)))
    truth = danger(onset_ms, must=Must.SHOW)
    return Case(stage.trace("collapse", SIMULATED), truth)


def _changes(
    chance: random.Random, pace: tuple[float, float] | None, depth: tuple[float, float] | None
) -> tuple[Stage, int]:
    """One to four minutes of ordinary breath, then within 20 s to this rate or size, and on."""
    stage, body = begin(chance)
    _before(chance, stage, body)
    to_pace = chance.uniform(*pace) / body.breath.rate if pace else 1.0
    to_depth = chance.uniform(*depth) if depth else chance.uniform(0.6, 1.0)

    def steer(passed: float, _: float) -> None:
        part = min(passed / 20, 1.0)
        body.pace = 1 + (to_pace - 1) * part
        body.depth = 1 + (to_depth - 1) * part

    stage.alone(body, 20, each=steer)
    onset_ms = stage.now_ms
    # A breath as long as this one no longer varies by its own tenth and more.
    body.breath.rate_varies = min(body.breath.rate_varies, 0.08)
    stage.alone(body, LASTS_S)
    return stage, onset_ms


def slow(chance: random.Random) -> Case:
    """2.5 to 4.6 breaths a minute."""
    stage, onset_ms = _changes(chance, (2.5, 4.6), None)
    return Case(
        stage.trace("slow", SIMULATED),
        _slow_or_weak(onset_ms - 20_000, onset_ms),
        _mode(chance),
    )


def slowish(chance: random.Random) -> Case:
    """5.5 to 7.2 breaths a minute: to be asked about, not an emergency yet."""
    stage, onset_ms = _changes(chance, (5.5, 7.2), None)
    truth = question(onset_ms - 20_000, SLOWISH_ASKED_S + 20, may_call=True)
    return Case(stage.trace("slowish", SIMULATED), truth, _mode(chance))


def weak(chance: random.Random) -> Case:
    """8 to 20 % of this person's own size, at their own rate."""
    stage, onset_ms = _changes(chance, None, (0.08, 0.20))
    return Case(
        stage.trace("weak", SIMULATED),
        _slow_or_weak(onset_ms - 20_000, onset_ms),
        _mode(chance),
    )


def _slow_or_weak(first_ms: int, onset_ms: int) -> Truth:
    """Questions are right from first_ms on; they are due 90 s after onset_ms."""
    more_s = (onset_ms - first_ms) / 1000
    return danger(first_ms, SLOW_ASKED_S + more_s, SLOW_CALLED_S + more_s)


def decline(chance: random.Random) -> Case:
    """Slower and shallower over three to ten minutes, as after an opioid; then it stays so."""
    stage, body = begin(chance)
    _before(chance, stage, body)
    length_s = chance.uniform(180, 600)
    to_rate, to_depth = chance.uniform(2.5, 4.5), chance.uniform(0.3, 0.7)
    own = body.breath.rate
    first_ms = last_ms = 0

    def steer(passed: float, _: float) -> None:
        nonlocal first_ms, last_ms
        part = min(passed / length_s, 1.0)
        rate = own + (to_rate - own) * part
        body.pace, body.depth = rate / own, 1 + (to_depth - 1) * part
        if rate < 8.8 and not first_ms:
            first_ms = stage.now_ms
        if rate <= 5 and not last_ms:
            last_ms = stage.now_ms

    stage.alone(body, length_s, each=steer)
    stage.alone(body, LASTS_S)
    # Questions are right from 8 a minute on (10 % above it: breaths differ); an answer is due 90 s
    # after 5 a minute.
    truth = _slow_or_weak(first_ms, last_ms)
    return Case(stage.trace("decline", SIMULATED), truth, _mode(chance))


def ends(chance: random.Random) -> Case:
    """Breath comes back after 26 to 32 s: the question was right, a call is not."""
    stage, body = begin(chance)
    _before(chance, stage, body)
    onset_ms = stop_breathing(stage, body)
    stage.alone(body, chance.uniform(26, 32))
    body.begin()
    stage.alone(body, 120)
    truth = question(onset_ms)
    return Case(stage.trace("ends", SIMULATED), truth, _mode(chance))


def repeated(chance: random.Random) -> Case:
    """Apnoeas of 25 to 33 s, 20 to 60 s apart, each too short for a call by itself: a call before
    the fourth is over."""
    stage, body = begin(chance)
    _before(chance, stage, body)
    first_ms = fourth_ms = 0
    for number in range(5):
        onset_ms = stop_breathing(stage, body)
        first_ms = first_ms or onset_ms
        stage.alone(body, chance.uniform(25, 33))
        if number == 3:
            fourth_ms = stage.now_ms
        body.begin()
        stage.alone(body, chance.uniform(20, 60))
    truth = danger(first_ms, called_s=(fourth_ms - first_ms) / 1000)
    return Case(stage.trace("repeated", SIMULATED), truth, _mode(chance))


def companion(chance: random.Random) -> Case:
    """Somebody beside them breathes on, in the same range bin: what they leave in the phase is
    30 to 80 % of a breath."""
    stage, body = begin(chance)
    _before(chance, stage, body)
    onset_ms = stop_breathing(stage, body)
    breath, heart = somebody(chance)
    breath.span_mm *= chance.uniform(0.3, 0.8)
    stage.alone(Body(chance, breath, heart), LASTS_S)
    truth = danger(onset_ms, must=Must.SHOW)
    return Case(stage.trace("companion", SIMULATED), truth, _mode(chance))


KINDS = (
    Kind("apnoea, gate stays open", "apnoea", SIMULATED, stays_open),
    Kind("apnoea, gate shuts", "apnoea", SIMULATED, shuts),
    Kind("apnoea, flag sticks", "apnoea", SIMULATED, flag_sticks),
    Kind("apnoea, gate flickers", "apnoea", SIMULATED, flickers),
    Kind("collapse, gate stays open", "apnoea", SIMULATED, collapse),
    Kind("repeated apnoeas", "repeated", SIMULATED, repeated),
    Kind("slow, under 5 a minute", "slow", SIMULATED, slow),
    Kind("weak, under 20 %", "weak", SIMULATED, weak),
    Kind("slow decline", "slow", SIMULATED, decline),
    Kind("slow, 5 to 8 a minute", "ask", SIMULATED, slowish),
    Kind("apnoea that ends", "ask", SIMULATED, ends),
    Kind("collapse, gate shuts at once", "limits", SIMULATED, collapse_lost, share=0.5),
    Kind("a companion breathes on", "limits", SIMULATED, companion, share=0.5),
)
