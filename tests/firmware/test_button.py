"""Edges of a pin to presses."""

import pytest
from doorknock import clock
from doorknock.button import DEBOUNCE_MS, HOLD_MS, TAP_GAP_MS, Button
from hypothesis import given
from hypothesis import strategies as st


class Finger:
    """A button with a finger on it, and a clock one can begin anywhere."""

    def __init__(self, start: int = 0) -> None:
        self.now = start
        self.presses: list[tuple[int, bool, int]] = []
        self.downs: list[int] = []
        self.began = start
        self.button = Button(
            lambda: self.downs.append(self.passed),
            lambda taps, held: self.presses.append((taps, held, self.passed)),
        )

    @property
    def passed(self) -> int:
        return clock.since(self.now, self.began)

    def wait(self, ms: int) -> None:
        for _ in range(ms // 5):
            self.now = (self.now + 5) & clock.MASK
            self.button.tick(self.now)

    def down(self, ms: int, *, bounces: int = 0) -> None:
        for level in [True, False] * bounces + [True]:
            self.button.edge(level, self.now)
            self.now = (self.now + 1) & clock.MASK
        self.wait(ms)
        for level in [False, True] * bounces + [False]:
            self.button.edge(level, self.now)
            self.now = (self.now + 1) & clock.MASK

    @property
    def told(self) -> list[tuple[int, bool]]:
        return [(taps, held) for taps, held, _ in self.presses]


# Also across the wrap of the ticks.
@pytest.fixture(params=[0, clock.MASK - 300])
def finger(request: pytest.FixtureRequest) -> Finger:
    return Finger(request.param)


def test_one_tap_is_told_once_nothing_has_followed_for_the_gap(finger: Finger) -> None:
    finger.down(80)
    finger.wait(TAP_GAP_MS - 40)
    assert finger.told == []

    finger.wait(100)

    assert finger.told == [(1, False)]
    assert not finger.button.busy


def test_the_first_light_does_not_wait_for_the_gap(finger: Finger) -> None:
    finger.down(80)

    assert finger.downs == [DEBOUNCE_MS + 1]


def test_a_second_tap_is_urgent_at_once(finger: Finger) -> None:
    finger.down(60)
    finger.wait(150)
    finger.down(60)

    assert finger.told == [(2, False)]


def test_a_quick_double_tap_sends_something_urgent(finger: Finger) -> None:
    finger.down(30)
    finger.wait(35)
    finger.down(30)
    finger.wait(1000)

    assert finger.told == [(2, False)]


def test_more_taps_of_one_series_are_told_once(finger: Finger) -> None:
    for _ in range(6):
        finger.down(60)
        finger.wait(150)
    finger.wait(1000)

    assert finger.told == [(2, False)]


def test_two_slow_presses_are_two_presses(finger: Finger) -> None:
    finger.down(80)
    finger.wait(TAP_GAP_MS + 100)
    finger.down(80)
    finger.wait(TAP_GAP_MS + 100)

    assert finger.told == [(1, False), (1, False)]


def test_a_bounce_is_no_second_tap(finger: Finger) -> None:
    finger.down(80, bounces=4)
    finger.wait(1000)

    assert finger.told == [(1, False)]


def test_a_hold_is_told_while_it_is_held(finger: Finger) -> None:
    finger.down(HOLD_MS - 100)
    assert finger.told == []
    finger.wait(1000)
    finger.presses.clear()

    finger.button.edge(True, finger.now)
    finger.wait(HOLD_MS + 50)

    assert finger.told == [(1, True)]
    finger.button.edge(False, finger.now)
    finger.wait(1000)
    assert finger.told == [(1, True)]
    assert not finger.button.busy


def test_a_spike_is_no_press(finger: Finger) -> None:
    finger.button.edge(True, finger.now)
    finger.now += 3
    finger.button.edge(False, finger.now)
    finger.wait(1000)

    assert finger.told == []
    assert finger.downs == []


def test_the_tap_that_woke_the_device_is_told_at_once_and_raised_by_the_next(
    finger: Finger,
) -> None:
    finger.button.woken(finger.now, True)
    assert finger.told == [(1, False)]
    finger.wait(60)
    finger.button.edge(False, finger.now)
    finger.wait(200)

    finger.down(60)
    finger.wait(1000)

    assert finger.told == [(1, False), (2, False)]


def test_a_tap_that_was_kept_as_one_is_only_told_where_it_becomes_more(finger: Finger) -> None:
    finger.down(60)
    finger.button.kept_as_one()
    finger.wait(1000)
    assert finger.told == []

    finger.down(60)
    finger.button.kept_as_one()
    finger.wait(150)
    finger.down(60)
    finger.wait(1000)
    assert finger.told == [(2, False)]


def test_a_hold_that_woke_the_device_is_raised_to_a_hold(finger: Finger) -> None:
    finger.button.woken(finger.now, True)
    finger.wait(HOLD_MS + 50)

    assert finger.told == [(1, False), (1, True)]


def test_a_tap_over_before_the_device_was_awake_counts_once(finger: Finger) -> None:
    finger.button.woken(finger.now, False)
    finger.wait(1000)

    assert finger.told == [(1, False)]
    assert not finger.button.busy


def test_a_press_is_untold_until_it_is_told(finger: Finger) -> None:
    assert not finger.button.untold
    finger.down(80)
    finger.wait(TAP_GAP_MS - 100)
    assert finger.button.untold
    finger.wait(200)
    assert not finger.button.untold

    # A hold is told while the finger is still on it
    finger.button.edge(True, finger.now)
    finger.wait(HOLD_MS - 100)
    assert finger.button.untold
    finger.wait(200)
    assert not finger.button.untold
    assert finger.button.told_urgent


def test_a_third_tap_is_known_to_add_nothing(finger: Finger) -> None:
    finger.down(60)
    finger.wait(150)
    assert not finger.button.told_urgent
    finger.down(60)
    finger.wait(150)
    assert finger.button.told_urgent
    finger.wait(1000)
    assert not finger.button.told_urgent


def test_it_is_busy_from_the_first_edge_until_all_is_told(finger: Finger) -> None:
    """A device that fell asleep in between would lose the press."""
    assert (finger.button.busy, finger.button.at_rest) == (False, True)
    finger.button.edge(True, finger.now)
    # Not settled yet, then down, then let go, then waiting for the next tap
    for ms in (5, 60):
        assert (finger.button.busy, finger.button.at_rest) == (True, False)
        finger.wait(ms)
    finger.button.edge(False, finger.now)
    for ms in (5, 60, TAP_GAP_MS - 100):
        assert (finger.button.busy, finger.button.at_rest) == (True, False)
        finger.wait(ms)
    assert finger.told == []

    finger.wait(100)

    assert finger.told == [(1, False)]
    assert (finger.button.busy, finger.button.at_rest) == (False, True)


def test_a_hold_keeps_it_busy_until_it_is_let_go(finger: Finger) -> None:
    finger.button.edge(True, finger.now)
    finger.wait(HOLD_MS + 100)
    assert finger.told == [(1, True)]
    assert (finger.button.busy, finger.button.at_rest) == (True, False)

    finger.button.edge(False, finger.now)
    assert (finger.button.busy, finger.button.at_rest) == (True, False)
    finger.wait(100)

    assert (finger.button.busy, finger.button.at_rest) == (False, True)


def test_a_level_that_is_told_again_and_again_settles_all_the_same(finger: Finger) -> None:
    """The task tells the present level at each look, every 10 ms."""
    for level, ms in ((True, 80), (False, 2 * TAP_GAP_MS)):
        for _ in range(ms // 10):
            finger.button.edge(level, finger.now)
            finger.wait(10)

    assert finger.downs
    assert finger.told == [(1, False)]


def test_a_second_tap_just_within_the_gap_is_of_the_same_series(finger: Finger) -> None:
    # Given a tap, and a second that goes down in time and has not settled when the gap is over
    finger.down(80)
    finger.wait(TAP_GAP_MS - 10)
    finger.down(80)

    finger.wait(1000)

    assert finger.told == [(2, False)]


def test_a_release_just_before_it_would_be_a_hold_is_none(finger: Finger) -> None:
    finger.button.edge(True, finger.now)
    finger.wait(HOLD_MS - 10)
    finger.button.edge(False, finger.now)

    finger.wait(1000)

    assert finger.told == [(1, False)]


@pytest.mark.parametrize("still_down", [True, False])
def test_the_tap_that_woke_the_device_is_lit_at_once(finger: Finger, still_down: bool) -> None:
    finger.button.woken(finger.now, still_down)

    assert finger.downs == [0]
    assert finger.button.busy


def test_edges_seen_late_mean_the_same_as_edges_seen_in_time() -> None:
    # Given a loop that stood still while somebody tapped twice
    finger = Finger()
    for at, down in ((0, True), (80, False), (300, True), (380, False)):
        finger.button.edge(down, at)
    finger.now = 3000
    finger.button.tick(3000)

    assert finger.told == [(2, False)]


def test_a_late_look_does_not_join_two_presses() -> None:
    finger = Finger()
    for at, down in ((0, True), (80, False), (900, True), (980, False)):
        finger.button.edge(down, at)
    finger.now = 3000
    finger.button.tick(3000)

    assert finger.told == [(1, False), (1, False)]


@given(st.lists(st.tuples(st.integers(25, 1500), st.integers(25, 500)), min_size=1, max_size=8))
def test_whatever_is_pressed_something_is_told_and_the_button_comes_to_rest(
    series: list[tuple[int, int]],
) -> None:
    finger = Finger()
    for down, up in series:
        finger.down(down)
        finger.wait(up)
    finger.wait(1000)

    assert finger.told
    assert not finger.button.busy
    # Taps closer than the gap are one series: urgent exactly if there was more than one.
    assert finger.told == [(2, False) if len(series) > 1 else (1, False)]
