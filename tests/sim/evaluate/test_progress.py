"""How long the rest may take."""

import io

import pytest
from rich.console import Console

from sim.evaluate.progress import Estimate, Shown


def test_before_anything_was_played_nothing_is_known():
    assert Estimate(["seated"]).left_s() is None


def test_the_rest_takes_as_long_as_its_like():
    estimate = Estimate(["seated"] * 3)
    estimate.done("seated", 2.0)
    estimate.done("seated", 4.0)
    assert estimate.left_s() == pytest.approx(3.0)


def test_a_kind_of_which_none_was_played_is_dearer_by_its_share():
    # A night has a tenth of the cases that were asked for.
    estimate = Estimate(["seated", "seated", "night at home"])
    estimate.done("seated", 1.0)
    assert estimate.left_s() == pytest.approx(1.0 + 10.0)


def test_without_a_terminal_it_is_said_once_a_minute():
    now = 0.0
    said = io.StringIO()
    with Shown(Console(file=said, width=100), ["seated"] * 10, 2, clock=lambda: now) as shown:
        for _ in range(8):
            now += 30
            shown.done("seated", 60.0)
    assert said.getvalue().splitlines() == [
        "2 of 10 cases, about 4 min left",
        "4 of 10 cases, about 3 min left",
        "6 of 10 cases, about 2 min left",
        "8 of 10 cases, about 1 min left",
    ]
