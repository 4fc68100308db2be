"""A clock that somebody sets while the gateway runs."""

from gateway.clock_step import SMALLEST_STEP_MS, ClockStep


class Clocks:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.wall_ms, self.monotonic_ms = 1_790_000_000_000, 5_000
        self.step = ClockStep(lambda: self.wall_ms, lambda: self.monotonic_ms)

    def go_on(self, ms: int) -> None:
        self.wall_ms += ms
        self.monotonic_ms += ms


def test_time_that_passes_is_no_step() -> None:
    clocks = Clocks()

    clocks.go_on(30 * 86_400_000)

    assert clocks.step.look_ms() == 0


def test_a_step_is_told_until_it_is_taken_and_never_again() -> None:
    clocks = Clocks()
    clocks.go_on(60_000)
    clocks.wall_ms -= 3_600_000

    assert clocks.step.look_ms() == clocks.step.look_ms() == -3_600_000
    clocks.step.taken(-3_600_000)
    clocks.go_on(60_000)
    assert clocks.step.look_ms() == 0


def test_small_steps_are_told_when_they_have_become_large() -> None:
    clocks = Clocks()
    clocks.wall_ms += SMALLEST_STEP_MS - 1
    assert clocks.step.look_ms() == 0

    clocks.wall_ms += SMALLEST_STEP_MS - 1

    assert clocks.step.look_ms() == 2 * (SMALLEST_STEP_MS - 1)
