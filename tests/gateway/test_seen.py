"""What has been seen, as ranges: the same as a set, and as small as can be."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.seen import Seen


@given(st.lists(st.integers(0, 60)))
def test_it_answers_as_a_set_would(numbers: list[int]) -> None:
    seen, model = Seen(), set[int]()

    for number in numbers:
        assert seen.add(number) == (number not in model)
        model.add(number)

    assert {n for n in range(-1, 62) if n in seen} == model


@given(st.lists(st.integers(0, 60)))
def test_ranges_neither_overlap_nor_touch(numbers: list[int]) -> None:
    seen = Seen()
    for number in numbers:
        seen.add(number)

    ranges = seen.ranges

    assert all(first <= last for first, last in ranges)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(ranges))
    assert Seen(ranges).ranges == ranges


def test_a_boot_of_any_length_is_one_range() -> None:
    seen = Seen()

    for number in range(1, 10_001):
        seen.add(number)

    assert seen.ranges == [(1, 10_000)]


@given(st.lists(st.integers(0, 60)))
def test_holes_without_end_are_few_ranges_and_nothing_seen_is_forgotten(
    numbers: list[int],
) -> None:
    seen, most = Seen(most=3), 0

    for number in numbers:
        seen.add(number)
        most = max(most, len(seen.ranges))

    assert most <= 3
    assert all(number in seen for number in numbers)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(seen.ranges))
