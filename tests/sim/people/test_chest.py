"""Breath by breath and step by step: the two models of one body."""

import random

import numpy as np
import pytest

from sim.people.body import Body, Breath, Heart
from sim.people.chest import Chest
from sim.people.draws import Draws

EVEN = Breath(rate=12.0, span_mm=3.0, rate_varies=0.0, span_varies=0.0, sigh_every_s=1e12)
TIMES = np.arange(0, 300, 0.05)


def crossings(mm, level):
    return int(((mm[:-1] < level) & (mm[1:] >= level)).sum())


def test_a_breath_has_the_shape_that_it_has_step_by_step():
    body = Body(random.Random(1), EVEN, None)
    by_steps = np.array([body.step(0.05) for _ in TIMES])
    at_once = Chest("1", EVEN, None).mm(TIMES)
    # Where in a breath they begin differs; how much time is spent where does not.
    places = np.linspace(0, 1, 21)
    assert np.quantile(at_once, places) == pytest.approx(np.quantile(by_steps, places), abs=0.05)


def test_breaths_differ_as_they_do_step_by_step():
    breath = Breath(rate=14.0, span_mm=3.0, sigh_every_s=1e12)
    tops = []
    for made in (
        Chest("2", breath, None).mm(np.arange(0, 3000, 0.05)),
        np.array(
            [
                one.step(0.05)
                for one in [Body(random.Random(3), breath, None)]
                for _ in range(60_000)
            ]
        ),
    ):
        peaks = (made[1:-1] > made[:-2]) & (made[1:-1] >= made[2:])
        heights, gaps = made[1:-1][peaks], np.diff(np.flatnonzero(peaks)) * 0.05
        tops.append((heights.mean(), heights.std(), gaps.mean(), gaps.std()))
    # Some 700 breaths each: means within some per cent, deviations within a fifth.
    assert tops[0][0] == pytest.approx(tops[1][0], rel=0.04)
    assert tops[0][1] == pytest.approx(tops[1][1], rel=0.2)
    assert tops[0][2] == pytest.approx(tops[1][2], rel=0.04)
    assert tops[0][3] == pytest.approx(tops[1][3], rel=0.2)


def test_a_heart_is_as_large_as_it_is_step_by_step():
    chest = Chest("1", EVEN, Heart(0.6, 1.2))
    chest.stop(0.0, at_once=True)
    assert np.ptp(chest.mm(TIMES)) == pytest.approx(0.6, rel=0.05)


def test_breath_stops_when_it_is_let_out_and_comes_back_with_a_gasp():
    chest = Chest("1", EVEN, None)
    still_s = chest.stop(60.0)
    assert 60.0 <= still_s <= 65.0
    later = np.arange(still_s + 0.05, 150, 0.05)
    assert np.ptp(chest.mm(later)) == 0.0
    assert not chest.breathes(later).any()
    chest.begin(200.0)
    assert chest.mm(np.arange(200, 205, 0.05)).max() == pytest.approx(4.5, abs=0.1)
    assert chest.breathes(np.array([199.0, 201.0])).tolist() == [False, True]


def test_breath_goes_over_to_another_rate_and_depth():
    chest = Chest("1", EVEN, None)
    chest.change(100.0, 5.0, 0.4, 60.0)
    before, later = chest.mm(np.arange(0, 100, 0.05)), chest.mm(np.arange(200, 500, 0.05))
    assert crossings(before, 0.5) == pytest.approx(20, abs=1)
    assert crossings(later, 0.5) == pytest.approx(25, abs=1)
    assert later.max() == pytest.approx(1.2, abs=0.01)
    assert chest.rate_and_depth(130.0) == pytest.approx((8.5, 0.7))


def test_a_hold_is_as_long_as_it_was_asked_for():
    chest = Chest("1", EVEN, None)
    chest.hold(30.0, 20.0)
    times = np.arange(0, 120, 0.05)
    still = np.flatnonzero(np.diff(np.flatnonzero(chest.mm(times) > 0.05)) > 100)
    assert len(still) == 1
    assert chest.breathes(times).all()
    quiet = times[~chest.chest_moves(times)]
    assert quiet[-1] - quiet[0] == pytest.approx(20.0, abs=0.2)


def test_what_is_looked_at_does_not_depend_on_how():
    in_one = Chest("1", Breath(), Heart()).mm(TIMES)
    chest = Chest("1", Breath(), Heart())
    chest.mm(np.array([1000.0]))  # somebody looks far ahead
    in_parts = np.concatenate([chest.mm(TIMES[at : at + 7]) for at in range(0, len(TIMES), 7)])
    assert np.array_equal(in_one, in_parts)


def test_a_throw_has_its_number_whenever_it_is_asked_for():
    forwards, backwards = Draws("a"), Draws("a")
    there = [forwards[number] for number in range(1000)]
    assert [backwards[number] for number in reversed(range(1000))] == there[::-1]
    assert Draws("b")[0] != there[0]
