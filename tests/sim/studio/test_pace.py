"""How fast the world goes."""

import pytest

from sim.studio.pace import FASTEST, SLOWEST, Pace


def test_the_world_is_due_as_often_as_real_time_as_was_asked_for():
    pace = Pace(10, real_s=100.0)
    assert pace.due_ms(100.0) == 0
    assert pace.due_ms(102.5) == 25_000


def test_a_pause_stops_time_and_nothing_is_made_up_for_afterwards():
    pace = Pace(10, real_s=0.0)
    pace.pause(True, 1.0, 10_000)
    assert pace.due_ms(500.0) == 10_000
    pace.pause(False, 500.0, 10_000)
    assert pace.due_ms(501.0) == 20_000


def test_another_speed_holds_from_now_on():
    pace = Pace(1, real_s=0.0)
    pace.set_speed(100, 10.0, 10_000)
    assert pace.due_ms(11.0) == 110_000


@pytest.mark.parametrize(("asked", "kept"), [(0, SLOWEST), (-5, SLOWEST), (1e9, FASTEST)])
def test_a_speed_is_kept_within_its_bounds(asked, kept):
    pace = Pace(1, real_s=0.0)
    pace.set_speed(asked, 0.0, 0)
    assert pace.speed == kept


def test_a_machine_that_cannot_keep_up_says_what_it_reaches():
    pace = Pace(1000, real_s=0.0)
    for tenth in range(1, 31):
        pace.reached(tenth / 10, tenth * 20_000)
    assert pace.real_speed == pytest.approx(200, rel=0.01)


def test_what_fell_behind_is_not_rushed_through():
    pace = Pace(100, real_s=0.0)
    # After ten seconds it has come as far as in five.
    pace.reached(10.0, 500_000)
    assert pace.due_ms(10.0) == 500_000
    assert pace.due_ms(10.1) == 510_000


def test_a_speed_that_was_only_just_set_is_believed():
    pace = Pace(50, real_s=0.0)
    pace.reached(0.1, 0)
    assert pace.real_speed == 50
