"""The field's fixed threshold, on traces of which everything is known."""

import math

import pytest

from sim.evaluate import baseline
from sim.evaluate.baseline import BASELINES, energies, events, smoothed, speeds
from sim.evaluate.kind import Case
from sim.evaluate.truth import rest
from sim.trace import Trace

SLOW, QUICK = BASELINES
# 2.5 mm at 15 a minute is 3.1 rad peak to peak, at 10 samples a second.
BREATH = [round(3100 / 2 * math.sin(math.tau * 0.25 * i / 10)) or 1 for i in range(600)]


def breathing(phases, doors=(), present=1):
    rows = [(i * 100, phase, 0, 60, present) for i, phase in enumerate(phases)]
    return Case(Trace("t", "breathing", rows), rest(), doors=doors)


def calls(said):
    return [line["t_ms"] for line in said if line["event"] == "stillness"]


def test_it_calls_after_three_minutes_of_a_still_chest_and_once():
    case = breathing(BREATH + [BREATH[-1]] * 3000)
    (called,) = calls(events(SLOW, case))
    assert called == pytest.approx(60_000 + 180_000, abs=3_000)


def test_a_shorter_wait_calls_sooner():
    (called,) = calls(events(QUICK, breathing(BREATH + [BREATH[-1]] * 3000)))
    assert called == pytest.approx(60_000 + 35_000, abs=3_000)


def test_it_leaves_somebody_who_breathes_in_peace():
    assert events(QUICK, breathing(BREATH * 3)) == []


def test_an_empty_room_in_which_nobody_ever_was_is_no_stillness():
    assert events(QUICK, breathing([5] * 3000)) == []


def test_a_door_ends_it_and_without_one_an_exit_is_a_call():
    left = BREATH + [BREATH[-1]] * 3000
    assert calls(events(SLOW, breathing(left, doors=(60_000,)))) == []
    assert calls(events(SLOW, breathing(left))) != []


def test_a_heart_in_a_still_chest_keeps_it_quiet():
    # 0.4 mm at 1.2 Hz moves as fast as a breath: a threshold on speed cannot tell them apart.
    heart = [round(500 * math.sin(math.tau * 1.2 * i / 10)) or 1 for i in range(3000)]
    assert calls(events(QUICK, breathing(BREATH + heart))) == []


def test_a_shut_gate_stands_still_and_a_wrap_is_no_movement():
    assert {speed for _, speed in speeds(breathing([0, 0, 0], present=0).trace)} == {0.0}
    (_, (_, speed)) = speeds(breathing([3100, -3100]).trace)
    # 83 mrad the short way round, in 0.1 s.
    assert speed == pytest.approx(0.083 * 0.398 * 10, rel=0.01)


def test_energies_are_those_of_the_gates_that_tell():
    row = (0, 0, 0, 0, 0, 0, 99, 99, 7, 30, *range(5), *[0] * 9)
    assert list(energies(Trace("t", "presence", [row]))) == [(0, 30.0)]


def test_smoothing_is_a_mean_of_20_of_a_median_of_5():
    signal = [(i, 100.0 if i == 7 else 1.0) for i in range(40)]
    assert {value for _, value in smoothed(iter(signal))} == {1.0}
    step = list(smoothed((i, float(i >= 10)) for i in range(60)))
    assert step[-1][1] == 1.0
    assert step[20][1] == pytest.approx(0.45, abs=0.1)
    assert baseline.BY_NAME["fixed threshold, 180 s"] is SLOW
