"""The look at the radar with which a watch begins."""

import pytest
from doorknock import clock
from doorknock.selftest import ENOUGH_FRAMES, FAILED, GOOD, LOOKING, OFF, WITHIN_MS, SelfTest
from doorknock.settings import TABLE


# Also across the wrap of the ticks and of the count of frames.
@pytest.fixture(params=[(0, 0), (clock.MASK - 1000, 0x3FFFFFFF)])
def begun(request: pytest.FixtureRequest) -> tuple[SelfTest, int, int]:
    ticks, frames = request.param
    test = SelfTest()
    assert test.look(frames, ticks) == OFF
    test.begin(frames, ticks)
    return test, ticks, frames


def after(ticks: int, ms: int) -> int:
    return (ticks + ms) & clock.MASK


def plus(frames: int, count: int) -> int:
    return (frames + count) & 0x3FFFFFFF


def test_frames_within_the_time_are_good(begun: tuple[SelfTest, int, int]) -> None:
    test, ticks, frames = begun
    assert test.look(plus(frames, ENOUGH_FRAMES - 1), after(ticks, 3000)) == LOOKING
    assert test.look(plus(frames, ENOUGH_FRAMES), after(ticks, 3100)) == GOOD
    # And stay so until the result is taken
    assert test.look(plus(frames, ENOUGH_FRAMES), after(ticks, WITHIN_MS)) == GOOD
    test.end()
    assert test.look(plus(frames, 100), after(ticks, 60000)) == OFF


@pytest.mark.parametrize("count", [0, ENOUGH_FRAMES - 1])
def test_none_within_the_time_is_a_failure(begun: tuple[SelfTest, int, int], count: int) -> None:
    test, ticks, frames = begun
    assert test.look(plus(frames, count), after(ticks, WITHIN_MS - 1)) == LOOKING
    assert test.look(plus(frames, count), after(ticks, WITHIN_MS)) == FAILED
    # Frames that come now come too late: the person has been told
    assert test.look(plus(frames, 50), after(ticks, WITHIN_MS + 100)) == FAILED


def test_frames_of_an_earlier_watch_prove_nothing(begun: tuple[SelfTest, int, int]) -> None:
    test, ticks, frames = begun
    test.look(plus(frames, 10), after(ticks, 1000))
    test.begin(plus(frames, 10), after(ticks, 10000))

    assert test.look(plus(frames, 10), after(ticks, 10000 + WITHIN_MS)) == FAILED


def test_the_sensors_own_fault_comes_first() -> None:
    default_s = next(row[1] for row in TABLE if row[0] == "silent_fault_s")

    assert 1000 * default_s < WITHIN_MS
