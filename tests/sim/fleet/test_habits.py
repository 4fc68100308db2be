"""The plan of a fleet: in order, the same for a seed, and every event one that the wire takes."""

import random
from collections import Counter

import pytest
from doorknock import wire
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.fleet.habits import Doing, plan, type_of

KEY = bytes(32)


def planned(
    devices: int = 40, length_s: float = 600.0, presses: float = 60.0, seed: int = 1
) -> list[Doing]:
    return list(plan(devices, length_s, presses, random.Random(seed)))


def test_the_same_seed_makes_the_same_plan_and_another_makes_another() -> None:
    assert planned(seed=7) == planned(seed=7)
    assert planned(seed=7) != planned(seed=8)


# The machine may be busy: how long an example takes says nothing.
@settings(deadline=None, max_examples=50)
@given(
    devices=st.integers(1, 30),
    length_s=st.floats(0.6, 120),
    presses=st.floats(0, 300),
    seed=st.integers(0, 1 << 32),
)
def test_every_event_is_in_order_in_time_of_a_device_there_is_and_can_be_sent(
    devices: int, length_s: float, presses: float, seed: int
) -> None:
    doings = planned(devices, length_s, presses, seed)

    assert [one.at_s for one in doings] == sorted(one.at_s for one in doings)
    for one in doings:
        assert 0 <= one.at_s < length_s
        assert 0 <= one.device < devices
        assert wire.encode(one.kind, "001122334455", 1, 1, 0, one.details, KEY)


def test_people_press_as_often_as_was_asked_for() -> None:
    presses = Counter(one.kind for one in planned(length_s=6_000.0))["press"]

    # A Poisson process of 6,000: five standard deviations either way.
    assert 6_000 - 390 < presses < 6_000 + 390


def test_nobody_presses_where_nobody_is_to() -> None:
    assert {one.kind for one in planned(presses=0)} == {"heartbeat"}


def test_a_sensor_is_heard_every_minute_and_a_button_every_quarter_of_an_hour() -> None:
    beats = Counter(type_of(one.device) for one in planned(10, 9_000.0, 0))

    assert beats["sensor"] / 5 == pytest.approx(9_000 / 60, rel=0.05)
    assert beats["button"] / 5 == pytest.approx(9_000 / 900, rel=0.2)


def test_only_sensors_ask_and_each_question_is_over_before_long() -> None:
    doings = [one for one in planned() if one.kind in ("prompt", "stillness", "ok")]
    asked = [one for one in doings if one.details.get("state") == "asked"]
    over = [one for one in doings if one.kind == "stillness" or one.details.get("state") != "asked"]

    assert {type_of(one.device) for one in doings} == {"sensor"}
    assert len(asked) > 100
    for question in asked:
        assert question.at_s > 580 or any(
            one.device == question.device and 0 < one.at_s - question.at_s <= 15.1 for one in over
        )
