"""A door contact: evidence that somebody went out, never a condition, and it hides nobody."""

import random

import pytest
from doorknock import detector
from doorknock.door import Contact, Door
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.sensor.test_sensor import Bench, breaths

HEART = [0.5 if slot % 8 < 4 else -0.5 for slot in range(80)]


def opened(bench, is_open=True):
    bench.sensor.door(is_open, bench.ticks)
    return bench


def kinds_of(bench, *wanted):
    return [kind for kind in bench.kinds() if kind in wanted]


# --- what it changes ------------------------------------------------------------------------------


def test_who_is_lost_as_the_door_opens_has_gone_and_sooner_than_without_a_door():
    def left_after(with_door):
        bench = Bench().phases(breaths(20))
        if with_door:
            opened(bench)
        for second in range(60):
            if "left" in bench.kinds():
                return second
            bench.phases([0.0] * 10, present=False)
        return None

    assert left_after(with_door=True) <= 20
    # Nobody was seen to walk: without a door they are still in there, and are asked.
    assert left_after(with_door=False) is None


def test_an_empty_chair_that_the_module_goes_on_showing_is_empty_after_the_door():
    bench = opened(Bench().phases(breaths(20)))
    bench.phases([0.004 * (slot % 2) for slot in range(400)])
    assert kinds_of(bench, "left", "prompt", "stillness") == ["left"]


def test_who_goes_on_breathing_after_the_door_was_somebody_else_is_looked_after_still():
    # given a visitor who goes
    bench = opened(Bench().phases(breaths(20)))
    bench.phases(breaths(60))
    assert kinds_of(bench, "left", "prompt") == []
    # when the one who stayed stops breathing
    bench.phases(HEART * 6)
    assert kinds_of(bench, "left", "prompt", "stillness") == ["prompt", "stillness"]


# --- what it cannot change ------------------------------------------------------------------------


def test_somebody_who_has_stopped_breathing_is_not_gone_because_a_door_opens():
    bench = Bench().phases(breaths(20)).phases(HEART[:60])
    opened(bench).phases([0.0] * 400, present=False)
    assert kinds_of(bench, "left", "prompt", "stillness") == ["prompt", "stillness"]


def test_who_comes_in_by_the_door_and_is_lost_at_once_has_not_gone_by_it():
    # given an empty room, somebody at the door who breathes, and a module that gives up on them
    bench = opened(Bench().phases([0.0] * 50, present=False))
    bench.phases(breaths(9)).phases([0.0] * 400, present=False)
    assert kinds_of(bench, "left", "prompt", "stillness") == ["prompt", "stillness"]


def test_a_contact_that_is_stuck_changes_nothing():
    free, stuck = Bench(), opened(Bench())
    for bench in (free, stuck):
        bench.phases(breaths(20)).phases(HEART * 5).phases([0.0] * 200, present=False)
    assert free.events == stuck.events
    assert "stillness" in free.kinds()


def test_a_contact_that_flutters_hides_nobody():
    # given a draught that moves the door every 0.4 to 2 s, over a minute of breath
    bench, chance = Bench().phases(breaths(20)), random.Random(3)
    is_open, next_slot = False, 0
    for slot, phase in enumerate([*breaths(60), *[0.0] * 400]):
        if slot == next_slot:
            is_open = not is_open
            next_slot += chance.randrange(4, 20)
            opened(bench, is_open)
        # when the module then gives up on them
        bench.phases([phase], present=slot < 600)
    assert kinds_of(bench, "left", "prompt", "stillness") == ["prompt", "stillness"]


def test_a_door_by_which_nobody_goes_is_believed_no_more_until_the_room_was_empty():
    door = Door()
    now = 0

    def opens():
        nonlocal now
        now += 30_000
        evidence = door.changed(True, detector.BREATHING, 0, now)
        now += 3_000
        assert not door.changed(False, detector.BREATHING, 0, now)
        return evidence

    assert [opens() for _ in range(5)] == [True, True, True, False, False]
    door.saw(detector.STILL)
    assert not opens()
    door.saw(detector.EMPTY)
    assert opens()


@pytest.mark.parametrize("room", [detector.UNKNOWN, detector.EMPTY, detector.SLOW, detector.WEAK])
def test_of_an_empty_room_and_of_somebody_who_hardly_breathes_a_door_says_nothing(room):
    assert not Door().changed(True, room, 0, 0)


def test_who_has_been_still_for_long_has_not_just_walked_to_the_door():
    assert Door().changed(True, detector.STILL, 4_999, 0)
    assert not Door().changed(True, detector.STILL, 5_000, 0)


def test_a_door_that_stands_open_is_no_second_evidence():
    door = Door()
    assert door.changed(True, detector.MOVING, 0, 0)
    assert not door.changed(True, detector.MOVING, 0, 60_000)


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 7), st.integers(0, 30_000), st.integers(0, 40_000))
    )
)
def test_no_contact_speaks_more_often_than_allowed_while_somebody_is_in_there(happenings):
    door, now, told = Door(), 0x3FFFFFFF - 50_000, 0
    for is_open, room, still_ms, passed in happenings:
        now = (now + passed) & 0x3FFFFFFF
        door.saw(room)
        told = 0 if room == detector.EMPTY else told
        told += door.changed(is_open, room, still_ms, now)
        assert told <= 3


# --- the contact itself ---------------------------------------------------------------------------


def changes(levels):
    contact = Contact()
    return [contact.is_open for level in levels if contact.look(level)]


def test_what_the_contact_is_at_first_is_no_change():
    assert changes([True, True, True]) == []
    assert changes([False, False]) == []


def test_bounce_is_no_change_and_a_change_is_one():
    assert changes([False, True, False, True, False]) == []
    assert changes([False, True, True, True, False, False]) == [True, False]
