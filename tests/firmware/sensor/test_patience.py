"""How often the sensor asks: an answer teaches it, a sleeper may limit it, nothing switches it off.

And what it asks about breath that goes on, but slowly or weakly.
"""

import pytest
from doorknock import settings as table
from doorknock.detector import (
    BREATHING,
    NO_BREATHING,
    SLOW,
    SLOW_BREATHING,
    STILL,
    UNSEEN,
    WEAK,
    WEAK_BREATHING,
)
from doorknock.watch import ASKING, HOME, IDLE, WASHROOM, WATCHING, Watch

STEP_MS = 250


class Night:
    """A watch, its time, and what was said. At home it has been started."""

    def __init__(self, mode=HOME, **given):
        self.said = []
        self.watch = Watch(
            mode, "breathing", table.in_force(given), lambda *event: self.said.append(event)
        )
        self.ticks = self.still_ms = 0
        if mode == HOME:
            self.watch.pressed(1, True, 0, 0)

    def be(self, room, seconds, cause=NO_BREATHING, urgent=True):
        for _ in range(round(seconds * 1000 / STEP_MS)):
            self.ticks += STEP_MS
            self.still_ms = self.still_ms + STEP_MS if room == STILL else 0
            self.watch.tick(room, self.still_ms, cause, self.ticks, urgent)
        return self

    def ok(self):
        self.watch.pressed(1, False, self.ticks, self.still_ms)
        return self

    def waited_s(self):
        """Breath, then none: after how long it asks."""
        self.be(BREATHING, 30)
        while self.watch.state == WATCHING:
            self.be(STILL, STEP_MS / 1000)
        return self.still_ms / 1000

    def calls(self):
        return [details for kind, details in self.said if kind == "stillness"]


def test_each_answer_lengthens_the_next_wait_at_home_up_to_45_s():
    night, waits = Night(), []
    for _ in range(8):
        waits.append(night.waited_s())
        night.ok()
    assert waits[:6] == [20, 25, 30, 35, 40, 45]
    assert waits[6:] == [45, 45]


def test_answers_teach_a_washroom_nothing():
    visit = Night(WASHROOM)
    waits = []
    for _ in range(4):
        waits.append(visit.waited_s())
        visit.ok()
    assert waits == [20, 20, 20, 20]


def test_another_watch_begins_with_the_patience_of_the_setting():
    night = Night()
    night.waited_s()
    night.ok().be(BREATHING, 5)
    night.watch.pressed(1, True, night.ticks, 0)
    night.watch.pressed(1, True, night.ticks, 0)
    assert night.waited_s() == 20


def test_let_me_sleep_waits_45_s_for_as_long_as_was_set_and_no_longer():
    night = Night(quiet_min=10).be(BREATHING, 30).ok()
    assert night.waited_s() == 45
    night.be(BREATHING, 660)
    assert night.waited_s() == 20


def test_let_me_sleep_can_be_switched_off():
    assert Night(quiet_min=0).be(BREATHING, 30).ok().waited_s() == 20


def test_beyond_the_limit_of_an_hour_it_waits_longer_and_still_asks():
    night = Night(asks_per_h=1)
    assert night.waited_s() == 20
    night.be(BREATHING, 30)  # withdrawn by breath
    assert night.waited_s() == 45
    night.be(BREATHING, 3700)
    assert night.waited_s() == 20


def test_nothing_makes_it_deaf():
    night = Night(asks_per_h=1, quiet_min=120)
    for _ in range(10):
        night.waited_s()
        night.ok().be(BREATHING, 5).ok()
    night.waited_s()
    night.be(STILL, 16)
    assert night.calls()[-1]["urgency"] == "urgent"


@pytest.mark.parametrize(("urgent", "urgency"), [(False, "check_in"), (True, "urgent")])
def test_slow_breathing_asks_and_unanswered_calls_as_urgently_as_it_is(urgent, urgency):
    night = Night().be(BREATHING, 30).be(SLOW, 16, SLOW_BREATHING, urgent)
    assert [(call["cause"], call["urgency"]) for call in night.calls()] == [
        ("slow_breathing", urgency)
    ]


def test_slow_breathing_that_grows_slower_while_it_asks_becomes_urgent():
    night = Night().be(BREATHING, 30).be(SLOW, 10, SLOW_BREATHING, False)
    night.be(SLOW, 6, SLOW_BREATHING, True)
    assert night.calls()[0]["urgency"] == "urgent"


def test_slow_breathing_that_stops_while_it_asks_is_called_for_as_what_it_has_become():
    night = Night(answer_s=40).be(BREATHING, 30).be(SLOW, 5, SLOW_BREATHING, False)
    night.be(STILL, 36)
    assert [(call["cause"], call["urgency"]) for call in night.calls()] == [
        ("no_breathing", "urgent")
    ]


def test_slow_breathing_that_was_answered_for_is_left_alone_for_a_quarter_of_an_hour():
    night = Night().be(SLOW, 5, SLOW_BREATHING, False).ok()
    night.be(SLOW, 890, SLOW_BREATHING, False)
    assert night.watch.state == WATCHING
    night.be(SLOW, 20, SLOW_BREATHING, False)
    assert night.watch.state == ASKING


def test_breathing_that_stops_is_asked_about_though_slow_breathing_was_answered_for():
    night = Night().be(SLOW, 5, SLOW_BREATHING, False).ok()
    assert night.waited_s() == 20


def test_weak_breathing_asks_and_ordinary_breathing_ends_the_question():
    night = Night().be(BREATHING, 30).be(WEAK, 5, WEAK_BREATHING)
    assert night.watch.state == ASKING
    night.be(BREATHING, 2)
    assert night.watch.state == WATCHING
    assert not night.calls()


def test_a_radar_that_cannot_see_begins_no_watch():
    room = Night(WASHROOM).be(UNSEEN, 300)
    assert room.watch.state == IDLE
    assert room.said == []
