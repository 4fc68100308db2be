"""Intervals: what so many of so many proves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.evaluate.statistics import (
    binomial_below,
    poisson_below,
    quantile,
    rate_at_most,
    share,
)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        # Clopper and Pearson's, as printed in tables.
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (5, 10, 0.1871, 0.8129),
        (98, 100, 0.9296, 0.9976),
    ],
)
def test_a_share_lies_between_the_printed_bounds(k, n, low, high):
    assert share(k, n) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_tried_nothing_is_known():
    assert share(0, 0) == (0.0, 1.0)


def test_more_than_all_is_no_count():
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_what_was_seen_and_is_never_empty(counts):
    k, n = counts
    low, high = share(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert high > low


def test_zero_in_so_much_is_the_rule_of_three():
    assert rate_at_most(0, 2.6) == pytest.approx(-math.log(0.05) / 2.6)


def test_events_raise_the_bound_and_exposure_lowers_it():
    # Garwood's one-sided bounds: 4.744 for one event, 6.296 for two.
    assert rate_at_most(1, 1.0) == pytest.approx(4.744, abs=1e-3)
    assert rate_at_most(2, 10.0) == pytest.approx(0.6296, abs=1e-4)
    assert rate_at_most(400, 1.0) == pytest.approx(434.6, abs=1)


def test_without_exposure_no_rate_can_be_ruled_out():
    assert rate_at_most(0, 0.0) == math.inf


def test_certain_and_impossible_chances():
    assert binomial_below(3, 3, 0.9) == 1.0
    assert binomial_below(0, 3, 0.0) == 1.0
    assert binomial_below(2, 3, 1.0) == 0.0
    assert poisson_below(0, 0.0) == 1.0


def test_quantiles_lie_between_the_values():
    assert quantile([], 0.5) is None
    assert quantile([7.0], 0.95) == 7.0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([0.0, 10.0], 0.95) == pytest.approx(9.5)
