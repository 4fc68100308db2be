"""Lengths of time as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.duration import LONGEST_MS, clock, milliseconds, words


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("850 ms", 850),
        ("45 s", 45_000),
        ("1.5 s", 1_500),
        ("3min", 180_000),
        ("1 min 30 s", 90_000),
        ("8 h", 28_800_000),
        ("1 d", 86_400_000),
        ("0 s", 0),
    ],
)
def test_a_length_is_read(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize(
    "text", ["", "45", "s", "-3 s", "3 weeks", "1 s s", "1e3 s", 45, True, None]
)
def test_what_is_no_length_is_told_in_a_sentence(text: object) -> None:
    with pytest.raises(ValueError, match=r"no length of time|negative"):
        milliseconds(text)


@given(st.integers(0, LONGEST_MS // 1000))
def test_whole_seconds_are_written_as_they_are_read(seconds: int) -> None:
    written = words(1000 * seconds)

    assert milliseconds(written or "0 s") == 1000 * seconds


def test_a_clock_counts_hours() -> None:
    assert clock(27 * 3_600_000 + 61_250) == " 27:01:01.2"


def test_digits_without_end_are_too_long() -> None:
    with pytest.raises(ValueError, match="more than the 31 d"):
        milliseconds("9" * 400 + " d")
