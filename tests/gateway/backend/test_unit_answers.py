"""Who comes first to a unit, and an ambulance where it was agreed: kept, and acted on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import answers
from gateway.backend import incoming
from gateway.backend.alert_record import from_body, to_body
from gateway.backend.alerts import advance, raise_alert
from gateway.backend.escalation import Plan
from gateway.backend.happenings import DeviceEvent, Notify, OnMyWay, Reason, TimeIsUp
from gateway.backend.incoming import NotAcceptable, UnitAnswers, read
from gateway.backend.policy import Person, Policy

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PEOPLE = {one: Person(one, one.title(), "en", ("x",)) for one in ("ana", "ben", "cleo", "desk")}
POLICY = Policy(PEOPLE, Plan((("ana",), ("ben",)), ambulance=("desk",)))


def press(seq=1, at=NOW, kind="press"):
    return DeviceEvent(f"d.1.{seq}", "g", "204", "d", 1, seq, kind, {"taps": 1}, at)


class Room:
    """An alert that time passes over."""

    def __init__(self, plan):
        self.plan = plan
        self.alert, effects = raise_alert(press(), NOW, plan)
        self.now = NOW
        self.told = [(0, one) for one in effects]

    def happens(self, what):
        self.alert, effects = advance(self.alert, what, self.now, self.plan)
        self.told += [(round((self.now - NOW).total_seconds()), one) for one in effects]

    def lives(self, minutes):
        until = self.now + timedelta(minutes=minutes)
        while self.alert.due_at is not None and self.alert.due_at <= until:
            self.now = self.alert.due_at
            # As after a restart: all that counts is in the record.
            self.alert = from_body(to_body(self.alert))
            self.happens(TimeIsUp())
        self.now = until

    def asked(self, reason):
        return [
            (at, one.people)
            for at, one in self.told
            if isinstance(one, Notify) and one.reason is reason
        ]


def test_who_comes_first_is_asked_first_and_then_the_programme_s_steps():
    room = Room(POLICY.plan_of(["cleo", "ben"], None))
    room.lives(10)
    assert room.asked(Reason.ASK) == [(0, ("cleo", "ben")), (120, ("ana",))]
    assert room.asked(Reason.AMBULANCE) == []


def test_an_ambulance_is_asked_for_to_the_minute_by_those_set_up_and_again_like_all_else():
    room = Room(POLICY.plan_of([], 5))
    room.lives(6.5)
    assert room.asked(Reason.AMBULANCE) == [(300, ("desk",)), (360, ("desk",))]
    # Who calls it is not reminded of anything else, and is told when somebody goes
    assert all("desk" not in people for _, people in room.asked(Reason.REMIND))
    room.happens(OnMyWay("ana"))
    assert "desk" in room.asked(Reason.ATTENDED)[-1][1]
    room.lives(4)
    assert len(room.asked(Reason.AMBULANCE)) == 2


def test_an_ambulance_due_with_the_next_step_takes_nobodys_place_in_it():
    # Given a step of two, one of whom calls the ambulance, and both due after two minutes
    steps = (("ana",), ("ben", "desk"), ("cleo",))
    room = Room(Policy(PEOPLE, Plan(steps, ambulance=("desk",))).plan_of([], 2))

    room.lives(5)

    # Then the step is asked all the same; who calls the ambulance is asked for that alone
    assert room.asked(Reason.ASK) == [(0, ("ana",)), (120, ("ben",)), (240, ("cleo",))]
    assert room.asked(Reason.AMBULANCE) == [(at, ("desk",)) for at in (120, 180, 240, 300)]
    assert [(at, one) for at, one in room.asked(Reason.REMIND) if at <= 240] == [
        (60, ("ana",)),
        (120, ("ana",)),
        (180, ("ana", "ben")),
        (240, ("ana", "ben")),
    ]


def test_a_clock_that_was_ahead_puts_off_neither_step_nor_ambulance():
    # Given a call, and a clock that is then corrected by six hours
    room = Room(POLICY.plan_of([], 5))
    room.now = NOW - timedelta(hours=6)
    room.happens(TimeIsUp())

    room.lives(6.5)

    # Then both count from the correction
    since = [(at + 6 * 3600, people) for at, people in room.asked(Reason.ASK)[1:]]
    assert since == [(120, ("ben",))]
    since = [(at + 6 * 3600, people) for at, people in room.asked(Reason.AMBULANCE)]
    assert since == [(300, ("desk",)), (360, ("desk",))]


def test_somebody_who_answers_in_time_is_all_it_takes():
    room = Room(POLICY.plan_of([], 5))
    room.lives(4)
    room.happens(OnMyWay("ana"))
    room.lives(4)
    assert room.asked(Reason.AMBULANCE) == []


def test_whoever_says_that_they_are_fine_gets_no_ambulance_and_a_new_call_counts_from_itself():
    room = Room(POLICY.plan_of([], 5))
    room.lives(4)
    room.happens(press(2, room.now, "ok"))
    room.lives(4)
    assert room.asked(Reason.AMBULANCE) == []
    room.happens(press(3, room.now))
    room.lives(4.5)
    assert room.asked(Reason.AMBULANCE) == []
    room.lives(1)
    assert [at for at, _ in room.asked(Reason.AMBULANCE)] == [780]


@pytest.mark.parametrize("plan", [POLICY.plan_of([], None), POLICY.plan])
def test_never_is_never(plan):
    room = Room(plan)
    room.lives(60)
    assert room.asked(Reason.AMBULANCE) == []


def test_nobody_set_up_is_no_ambulance_whatever_was_answered():
    policy = Policy(PEOPLE, Plan((("ana",),)))
    assert policy.plan_of([], 5).ambulance_after is None


@given(
    first=st.lists(st.sampled_from([*PEOPLE, "gone"]), max_size=4),
    steps=st.lists(st.lists(st.sampled_from(["ana", "ben", "cleo"]), min_size=1), max_size=4),
)
def test_whatever_was_answered_everybody_of_the_programme_is_still_in_the_plan(first, steps):
    plan = Policy(PEOPLE, Plan(tuple(tuple(dict.fromkeys(step)) for step in steps)))
    asked = [one for step in plan.plan_of(first, None).steps for one in step]
    assert {one for step in steps for one in step} <= set(asked)
    assert "gone" not in asked
    known = [one for one in first if one != "gone"]
    assert not known or asked[0] == known[0]


def body(**data):
    whole = {"gateway": "g", "unit": "204", "first": ["ana"], "ambulance_min": None} | data
    stamp = NOW.isoformat()
    return {"type": "unit.answers", "timestamp": stamp, "data": whole}


def test_what_is_said_is_read_whole():
    assert read(body(), NOW) == UnitAnswers("g", "204", ("ana",), None, NOW)
    assert read(body(first=None), NOW).first is None


@pytest.mark.parametrize(
    "data",
    [
        {"first": "ana"},
        {"first": [7]},
        {"first": ["a"] * 11},
        {"ambulance_min": 0},
        {"ambulance_min": 1441},
        {"ambulance_min": "5"},
        {"ambulance_min": True},
        {"unit": ""},
    ],
)
def test_what_is_half_said_is_refused(data):
    with pytest.raises(NotAcceptable):
        read(body(**data), NOW)


def test_a_word_left_out_is_no_never():
    whole = body()
    del whole["data"]["ambulance_min"]
    with pytest.raises(NotAcceptable, match="must both be said"):
        read(whole, NOW)


def test_gateway_and_backend_have_the_same_bounds():
    assert answers.AMBULANCE_MIN == incoming.AMBULANCE_MIN


# --- kept by the backend, and acted on ---


def answered(house, first, ambulance_min=None, *, unit="204", at_s=0):
    at = house.clock() + timedelta(seconds=at_s)
    house.backend.dispatch.unit_answers(UnitAnswers("house-1", unit, first, ambulance_min, at))


def asked_by_a_press(house, unit="204"):
    before = len(house.outbox.sent)
    house.happens("press", taps=1, unit=unit)
    house.deliver()
    return sorted(address for address, _ in house.outbox.sent[before:])


def test_a_unit_is_asked_for_in_its_own_order_and_the_others_in_the_programme_s(house):
    answered(house, ("carla",))

    assert asked_by_a_press(house) == ["test://carla"]
    assert asked_by_a_press(house, "205") == ["test://ana", "test://ben"]
    # And then, there as well, whoever is in the programme
    house.pass_time(130, step=10)
    assert {"test://ana", "test://ben"} <= {
        address for address, message in house.outbox.sent if "204" in message.title
    }


def test_the_newest_word_of_a_unit_counts_whichever_comes_last(house):
    answered(house, ("carla",), at_s=60)
    answered(house, ("ben",))

    assert asked_by_a_press(house) == ["test://carla"]


def test_a_unit_that_takes_its_word_back_is_asked_for_like_all_others(house):
    answered(house, ("carla",))
    answered(house, None, at_s=1)

    assert asked_by_a_press(house) == ["test://ana", "test://ben"]


def test_what_could_not_be_kept_to_is_refused_and_changes_nothing(house):
    answered(house, ("carla",))
    with pytest.raises(NotAcceptable, match="nobody-known"):
        answered(house, ("ben", "nobody-known"), at_s=1)
    with pytest.raises(NotAcceptable, match="ambulance"):
        answered(house, ("ben",), 5, at_s=2)

    assert asked_by_a_press(house) == ["test://carla"]


def test_a_unit_that_wants_an_ambulance_gets_one_and_no_other_does(open_house):
    house = open_house(plan=Plan((("ana",),), ambulance=("dora",)))
    answered(house, (), 3)
    house.happens("press", taps=1)
    house.happens("press", taps=1, unit="205")

    house.pass_time(170, step=10)
    assert house.outbox.to("dora") == []
    house.pass_time(30, step=10)

    told = [message.title for message in house.outbox.to("dora")]
    assert len(told) == 1
    assert "204" in told[0]
