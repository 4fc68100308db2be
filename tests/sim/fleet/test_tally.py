"""How long things took, in a few numbers."""

import pytest

from sim.fleet.tally import percentile, spread


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(1, 50, 1), (2, 50, 1), (100, 50, 50), (100, 99, 99), (101, 99, 100), (4, 95, 4), (3, 1, 1)],
)
def test_a_percentile_is_the_nearest_rank_above(count: int, percent: int, expected: int) -> None:
    values = [float(value) for value in range(count, 0, -1)]

    assert percentile(values, percent) == expected


def test_of_nothing_there_is_no_spread() -> None:
    assert spread([]) is None
    assert spread([3.0]) == {"p50": 3.0, "p95": 3.0, "p99": 3.0, "worst": 3.0}
