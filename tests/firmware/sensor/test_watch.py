"""When the sensor asks, when it calls, and what a press of B does. Time is told to it."""

import pytest
from doorknock import settings as table
from doorknock.detector import (
    BREATHING,
    EMPTY,
    MOVING,
    NO_BREATHING,
    SLOW,
    SLOW_BREATHING,
    STILL,
    UNKNOWN,
    VANISHED,
)
from doorknock.watch import ASKING, CALLED, HOME, IDLE, WASHROOM, WATCHING, Watch
from hypothesis import event, given
from hypothesis import settings as thorough
from hypothesis import strategies as st

MASK = 0x3FFFFFFF
STEP_MS = 250


class Room:
    """A watch, the time, and what was said. Every run crosses the wrap of the ticks."""

    def __init__(self, mode=WASHROOM, tier="breathing", **given_settings):
        self.said = []
        self.watch = Watch(
            mode,
            tier,
            table.in_force(given_settings),
            lambda kind, what: self.said.append((kind, what)),
        )
        self.ticks = MASK - 5000
        self.still_ms = 0

    def _pass(self, room, cause=NO_BREATHING):
        self.ticks = (self.ticks + STEP_MS) & MASK
        self.watch.tick(room, self.still_ms, cause, self.ticks)

    def be(self, room, seconds):
        for _ in range(round(seconds * 1000 / STEP_MS)):
            self.still_ms = 0
            self._pass(room)
        return self

    def still(self, seconds, cause=NO_BREATHING):
        for _ in range(round(seconds * 1000 / STEP_MS)):
            self.still_ms += STEP_MS
            self._pass(STILL, cause)
        return self

    def press(self, taps=1, held=False):
        self.watch.pressed(taps, held, self.ticks, self.still_ms)
        return self

    def kinds(self):
        return [kind for kind, _ in self.said]

    def last(self):
        return self.said[-1]


def asked(room=None):
    """A washroom in which a person who breathed is now being asked."""
    room = (room or Room()).be(BREATHING, 30).still(20)
    assert room.watch.state == ASKING
    return room


def called():
    """The same, after nobody has answered."""
    room = asked().still(15)
    assert room.watch.state == CALLED
    return room


# --- a call that becomes urgent -------------------------------------------------------------------


def slowly(room, seconds, urgent=False):
    for _ in range(round(seconds * 1000 / STEP_MS)):
        room.still_ms = 0
        room.ticks = (room.ticks + STEP_MS) & MASK
        room.watch.tick(SLOW, 0, SLOW_BREATHING, room.ticks, urgent)
    return room


def called_for_slow_breathing():
    """A washroom in which somebody breathes slowly, was asked, and called for without haste."""
    room = slowly(Room().be(BREATHING, 30), 16)
    assert room.watch.state == CALLED
    assert room.last()[1]["urgency"] == "check_in"
    return room


def test_who_breathes_slower_still_after_a_call_is_called_for_urgently_and_once():
    room = slowly(called_for_slow_breathing(), 60, urgent=True)
    calls = [what["urgency"] for kind, what in room.said if kind == "stillness"]
    assert calls == ["check_in", "urgent"]


def test_who_stops_breathing_after_a_call_that_was_not_urgent_is_called_for_urgently():
    room = called_for_slow_breathing().still(40)
    assert room.last() == (
        "stillness",
        {"cause": "no_breathing", "urgency": "urgent", "for_s": 20},
    )


def test_the_same_after_a_reset_in_between():
    saved = called_for_slow_breathing().watch.saved()
    room = Room()
    room.watch.resume(saved, room.ticks)
    assert room.still(40).last()[1]["urgency"] == "urgent"


def test_slow_breathing_that_goes_on_is_called_for_once():
    room = slowly(called_for_slow_breathing(), 600)
    assert room.kinds().count("stillness") == 1


# --- how a watch begins and ends ------------------------------------------------------------------


@pytest.mark.parametrize("late_s", [1, 31, 3600])
def test_a_washroom_is_watched_from_the_first_sign_of_somebody_however_late(late_s):
    # LESSON 2: movement that began more than 30 s after the door closed was never looked after.
    room = Room().be(EMPTY, late_s).be(MOVING, 1)
    assert room.said == [("watch", {"state": "started", "by": "room"})]


def test_no_door_is_needed_to_end_a_visit_or_to_begin_the_next():
    # LESSON 7: a missed door message made a session that never ended and swallowed the next.
    room = called().be(MOVING, 2).be(EMPTY, 11).be(MOVING, 1).still(20).still(15)
    assert room.kinds() == [
        *("watch", "prompt", "stillness", "stirring", "left", "watch"),
        *("watch", "prompt", "stillness"),
    ]


def test_a_washroom_that_is_empty_for_long_enough_has_been_left():
    room = Room().be(MOVING, 5).be(EMPTY, 9)
    assert room.watch.state == WATCHING
    room.be(EMPTY, 1)
    assert room.said[1:] == [("left", {}), ("watch", {"state": "ended", "by": "room"})]
    assert room.watch.state == IDLE


def test_a_home_is_not_watched_until_the_resident_holds_b():
    room = Room(HOME).be(MOVING, 600)
    assert room.said == []
    room.press(held=True)
    assert room.said == [("watch", {"state": "started", "by": "resident"})]


def test_at_home_the_resident_ends_the_watch_and_nothing_else_does():
    room = Room(HOME).press(held=True).be(MOVING, 5).be(EMPTY, 60)
    assert room.kinds() == ["watch", "left"]
    room.be(MOVING, 5).press(held=True)
    assert room.last() == ("watch", {"state": "ended", "by": "resident"})
    assert room.watch.state == IDLE


def test_a_watch_over_a_radar_that_does_not_work_is_refused_not_ended_by_the_resident():
    room = Room(HOME).press(held=True)
    room.watch.refuse()
    assert room.last() == ("watch", {"state": "ended", "by": "refused"})
    assert room.watch.state == IDLE
    room.watch.refuse()
    assert room.kinds() == ["watch", "watch"]


def test_a_question_that_is_on_stands_though_the_radar_fails():
    room = asked(Room(HOME).press(held=True))
    room.watch.refuse()
    assert room.watch.state == ASKING


def test_at_home_the_limit_asks_first_and_an_answer_ends_the_watch():
    room = Room(HOME, watch_limit_s=600).press(held=True).be(BREATHING, 600)
    assert room.last() == ("prompt", {"state": "asked", "cause": "long_stay"})
    room.press()
    assert room.said[-1] == ("watch", {"state": "ended", "by": "limit"})
    assert room.watch.state == IDLE


def test_at_home_the_limit_never_ends_the_watch_on_somebody_who_does_not_answer():
    room = Room(HOME, watch_limit_s=600).press(held=True).be(BREATHING, 615)
    assert room.last()[0] == "stillness"
    assert room.last()[1]["urgency"] == "check_in"
    room.be(BREATHING, 30).still(20)
    assert room.last() == ("prompt", {"state": "asked", "cause": "no_breathing"})


def test_a_long_stay_in_a_washroom_is_asked_about_and_an_answer_gives_as_long_again():
    room = Room(long_stay_s=600).be(BREATHING, 601)
    assert room.last() == ("prompt", {"state": "asked", "cause": "long_stay"})
    room.press().be(BREATHING, 590)
    assert room.kinds() == ["watch", "prompt", "prompt", "ok"]


def test_somebody_who_leaves_while_asked_about_a_long_stay_is_not_called_for():
    room = Room(long_stay_s=600).be(MOVING, 601).be(EMPTY, 30)
    assert "stillness" not in room.kinds()
    assert room.watch.state == IDLE


# --- stillness ------------------------------------------------------------------------------------


def test_a_still_chest_is_asked_about_after_20_s_and_called_for_15_s_later():
    room = Room().be(BREATHING, 30).still(19.5)
    assert room.kinds() == ["watch"]
    room.still(0.5)
    assert room.last() == ("prompt", {"state": "asked", "cause": "no_breathing"})
    room.still(14.5)
    assert room.watch.state == ASKING
    room.still(0.5)
    assert room.last() == (
        "stillness",
        {"cause": "no_breathing", "urgency": "urgent", "for_s": 35},
    )


def test_somebody_who_vanished_is_called_for_as_vanished():
    room = Room().be(BREATHING, 30).still(35, VANISHED)
    assert room.last()[1]["cause"] == "vanished"


def test_the_presence_tier_asks_after_180_s_without_movement():
    room = Room(tier="presence").be(MOVING, 30).still(179.5)
    assert room.kinds() == ["watch"]
    room.still(0.5)
    assert room.last()[0] == "prompt"


def test_movement_every_ten_seconds_is_never_stillness():
    # LESSON 1, as far as it is the watch's: real movement resets the clock, every time.
    room = Room()
    for _ in range(30):
        room.still(10).be(MOVING, 0.5)
    assert room.kinds() == ["watch"]


def test_a_call_is_made_once_for_one_stillness():
    room = called().still(600)
    assert room.kinds().count("stillness") == 1


# --- the prompt -----------------------------------------------------------------------------------


def test_breathing_that_resumes_withdraws_the_prompt():
    room = asked().be(BREATHING, 1)
    assert room.last() == ("prompt", {"state": "withdrawn", "cause": "no_breathing"})
    assert room.watch.state == WATCHING


def test_one_press_answers_and_the_next_question_comes_a_whole_time_later():
    room = asked().press()
    assert [kind for kind, _ in room.said[-2:]] == ["prompt", "ok"]
    assert room.last() == ("ok", {"during": "prompt"})
    room.still(19.5)
    assert room.kinds().count("prompt") == 2
    room.still(0.5)
    assert room.last()[1]["state"] == "asked"


@pytest.mark.parametrize(("taps", "held"), [(2, False), (5, False), (1, True)])
def test_two_presses_or_a_hold_call_at_once(taps, held):
    room = asked().press(taps, held)
    assert ("press", {"taps": taps, "held": int(held)}) in room.said
    assert room.watch.state == CALLED
    room.still(60)
    assert "stillness" not in room.kinds()


@pytest.mark.parametrize("mode", [WASHROOM, HOME])
def test_two_presses_ask_for_help_at_any_time(mode):
    assert Room(mode).be(EMPTY, 1).press(2).said == [("press", {"taps": 2, "held": 0})]


def test_a_hold_in_a_washroom_asks_for_help():
    assert Room().be(MOVING, 5).press(held=True).last() == ("press", {"taps": 1, "held": 1})


def test_apnoeas_that_keep_coming_back_are_called_for_unless_somebody_answers():
    room = Room().be(BREATHING, 30)
    for _ in range(2):
        room.still(21).be(BREATHING, 30)
    assert room.kinds().count("stillness") == 0
    room.still(21).be(BREATHING, 15)
    assert room.kinds()[-2:] == ["stillness", "stirring"]
    assert room.said[-2][1]["for_s"] == 20


def test_an_answer_makes_the_next_apnoea_the_first():
    room = Room().be(BREATHING, 30)
    for _ in range(5):
        room.still(21).be(BREATHING, 30)
        room.press()
    assert "stillness" not in room.kinds()


def test_apnoeas_far_apart_do_not_add_up():
    room = Room().be(BREATHING, 30)
    for _ in range(5):
        room.still(21).be(BREATHING, 601)
    assert "stillness" not in room.kinds()


# --- after a call ---------------------------------------------------------------------------------


def test_movement_after_a_call_is_told_and_withdraws_nothing():
    room = called().be(MOVING, 20)
    assert room.kinds() == ["watch", "prompt", "stillness", "stirring"]


def test_stillness_after_stirring_is_asked_about_and_called_for_anew():
    room = called().be(MOVING, 20).still(35)
    assert room.kinds()[3:] == ["stirring", "prompt", "stillness"]


def test_a_press_after_the_call_says_ok_and_withdraws_nothing():
    room = called().press()
    assert room.last() == ("ok", {"during": "alert"})
    assert room.watch.state == WATCHING


# --- over a reset ---------------------------------------------------------------------------------


def resumed(room, mode=WASHROOM):
    after = Room(mode)
    return after, after.watch.resume(room.watch.saved(), after.ticks)


def test_a_reset_in_the_middle_of_a_watch_resumes_it():
    # LESSON 3: a reset in the middle of a visit left the person unwatched until the door moved.
    room, taken_up = resumed(Room().be(BREATHING, 60))
    assert taken_up
    assert room.said == [("watch", {"state": "started", "by": "restart"})]
    room.still(35)
    assert room.kinds() == ["watch", "prompt", "stillness"]


def test_a_reset_in_the_middle_of_a_prompt_asks_anew():
    room, _ = resumed(asked())
    assert room.last() == ("prompt", {"state": "asked", "cause": "no_breathing"})
    assert room.watch.state == ASKING


def test_a_reset_after_a_call_does_not_call_twice():
    room, _ = resumed(called())
    room.still(120)
    assert room.kinds() == ["watch"]
    assert room.watch.state == CALLED


def test_nothing_is_resumed_where_nothing_was_watched():
    room, taken_up = resumed(Room().be(EMPTY, 5))
    assert not taken_up
    assert room.said == []


def test_a_watch_is_not_carried_from_one_mode_to_the_other():
    _, taken_up = resumed(Room().be(BREATHING, 5), HOME)
    assert not taken_up


@given(st.binary(max_size=12))
def test_whatever_the_flash_holds_resuming_survives_it(saved):
    room = Room()
    room.watch.resume(saved, room.ticks)
    room.be(BREATHING, 1)


def test_what_is_saved_changes_its_version_at_every_transition():
    room = Room()
    seen = {}
    for state in (lambda: room.be(MOVING, 1), lambda: room.still(20), lambda: room.still(15)):
        state()
        assert room.watch.saved_version not in seen
        seen[room.watch.saved_version] = room.watch.saved()
    assert len(set(seen.values())) == 3


def test_a_reset_forgets_no_more_than_ten_minutes_of_a_long_watch():
    room = Room(HOME, watch_limit_s=3600).press(held=True).be(BREATHING, 10)
    version = room.watch.saved_version
    room.be(BREATHING, 595)
    assert room.watch.saved_version == version + 1
    after = Room(HOME, watch_limit_s=3600)
    after.watch.resume(room.watch.saved(), after.ticks)
    after.be(BREATHING, 3001)
    assert after.last() == ("prompt", {"state": "asked", "cause": "long_stay"})


# --- always ---------------------------------------------------------------------------------------

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("be"), st.sampled_from([UNKNOWN, EMPTY, MOVING, BREATHING])),
        st.tuples(st.just("still"), st.sampled_from([5, 14, 25])),
        st.tuples(st.just("press"), st.sampled_from([1, 2, 9])),
        st.tuples(st.just("hold"), st.just(0)),
    ),
    max_size=25,
)


@thorough(deadline=None, max_examples=80)
@given(happenings, st.sampled_from([WASHROOM, HOME]))
def test_a_call_always_follows_a_question_that_nobody_answered(happenings, mode):
    room = Room(mode, long_stay_s=600, watch_limit_s=600)
    for what, value in happenings:
        if what == "be":
            room.be(value, 6)
        elif what == "still":
            room.still(value)
        else:
            room.press(max(value, 1), what == "hold")
    open_question = False
    for kind, details in room.said:
        if kind == "prompt":
            assert open_question == (details["state"] != "asked")
            open_question = details["state"] == "asked"
        if kind == "stillness":
            assert open_question
            open_question = False
    assert open_question == (room.watch.state == ASKING)


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", table.TABLE, ids=lambda row: row[0])
def test_every_setting_has_both_bounds_and_refuses_what_lies_outside(row):
    # LESSON 9: settings had no upper bound.
    name, default, low, high, unit = row
    assert low <= default <= high
    assert low < high
    assert unit
    for value in (low - 1, high + 1, "20", None):
        with pytest.raises(
            ValueError, match=f"^{name} must be a whole number from {low} to {high}"
        ):
            table.checked(name, value)
    assert table.checked(name, low) == low
    assert table.checked(name, high) == high


def test_one_setting_does_not_overwrite_another():
    # LESSON 9: one setting overwrote another's storage; one was not loaded.
    lowest = {row[0]: row[2] for row in table.TABLE}
    assert table.in_force(lowest) == lowest
    for row in table.TABLE:
        in_force = table.in_force({row[0]: row[3]})
        assert in_force == {other[0]: other[1] for other in table.TABLE} | {row[0]: row[3]}


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(ValueError, match=r"There is no setting stil_prompt_s; the settings are"):
        table.in_force({"stil_prompt_s": 20})


# What may happen to a watch: time in a room, with somebody still or not; a press; a reset's word.
_A_WHILE = st.tuples(
    st.sampled_from(range(8)),
    st.sampled_from([NO_BREATHING, SLOW_BREATHING]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 100, 250, 4000, 59_900, 400_000]),
    st.integers(1, 40),
)
_HAPPENINGS = st.lists(
    st.one_of(_A_WHILE, st.sampled_from(["ok", "twice", "hold", "refuse", "saved"])), max_size=25
)


@given(st.sampled_from([WASHROOM, HOME]), st.integers(0, 3), _HAPPENINGS)
@thorough(max_examples=300)
def test_a_watch_that_goes_on_says_and_keeps_what_a_full_look_at_every_tick_would(
    mode, hours, happenings
):
    limits = {"long_stay_s": 1800 + 3600 * hours, "watch_limit_s": 7200 + 3600 * hours}
    looked, went_on = Room(mode, **limits), Room(mode, **limits)
    passed_over = 0
    for happening in happenings:
        if isinstance(happening, str):
            for room in (looked, went_on):
                {
                    "ok": room.press,
                    "twice": lambda room=room: room.press(taps=2),
                    "hold": lambda room=room: room.press(held=True),
                    "refuse": room.watch.refuse,
                    "saved": lambda room=room: room.said.append(("saved", room.watch.saved())),
                }[happening]()
            continue
        place, cause, still, urgent, step_ms, steps = happening
        for _ in range(steps):
            for room in (looked, went_on):
                room.ticks = (room.ticks + step_ms) & MASK
                room.still_ms = room.still_ms + step_ms if still else 0
                if room is went_on and room.watch.goes_on(place, room.ticks):
                    passed_over += 1
                else:
                    room.watch.tick(place, room.still_ms, cause, room.ticks, urgent)
                room.said.append((room.watch.state, room.watch.cause, room.watch.saved_version))
    assert went_on.said == looked.said
    assert went_on.watch.saved() == looked.watch.saved()
    event(f"ticks passed over: {'some' if passed_over else 'none'}")


def test_a_room_as_it_was_is_passed_over_nearly_always():
    room = Room().be(BREATHING, 1)
    ticks = [(room.ticks + 100 * n) & MASK for n in range(1, 601)]
    assert [room.watch.goes_on(BREATHING, at) for at in ticks] == [True] * len(ticks)
    assert not room.watch.goes_on(STILL, ticks[-1])
