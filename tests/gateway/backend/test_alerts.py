"""The life of an alert, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.backend.alerts import Alert, State, advance, kind_called, raise_alert
from gateway.backend.escalation import Plan
from gateway.backend.happenings import (
    Arrived,
    CannotGo,
    DeviceEvent,
    Effect,
    Happening,
    Kind,
    Light,
    NobodyReached,
    NoticeSent,
    Notify,
    OnMyWay,
    Reason,
    Resolved,
    Show,
    TimeIsUp,
    Withdraw,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLAN = Plan(steps=(("ana", "ben"), ("carla",)))
BUTTON, SENSOR = "00112233aabb", "00112233ccdd"


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def event(
    kind: str, seq: int = 2, at: float = 0, device: str = BUTTON, **details: Any
) -> DeviceEvent:
    return DeviceEvent(
        id=f"{device}.1.{seq}",
        gateway="house-1",
        unit="204",
        device=device,
        boot=1,
        seq=seq,
        kind=kind,
        details=details,
        occurred_at=after(at),
    )


def raised(kind: str = "press", **details: Any) -> Alert:
    opened = raise_alert(event(kind, 1, **details), NOON, PLAN)
    assert opened is not None
    return opened[0]


def then(alert: Alert, *steps: tuple[float, Happening]) -> tuple[Alert, list[Effect]]:
    effects: list[Effect] = []
    for at, happening in steps:
        alert, effects = advance(alert, happening, after(at), PLAN)
    return alert, effects


def lights(effects: list[Effect]) -> list[Light]:
    return [effect.light for effect in effects if isinstance(effect, Show)]


def written_to(effects: list[Effect]) -> dict[Reason, tuple[str, ...]]:
    return {effect.reason: effect.people for effect in effects if isinstance(effect, Notify)}


@pytest.mark.parametrize(
    ("kind", "details", "called"),
    [
        ("press", {"taps": 1, "held": 0}, Kind.CHECK_IN),
        ("press", {"taps": 2, "held": 0}, Kind.URGENT),
        ("press", {"taps": 1, "held": 1}, Kind.URGENT),
        ("press", {}, Kind.CHECK_IN),
        ("press", {"taps": "many"}, Kind.CHECK_IN),
        ("stillness", {"urgency": "urgent"}, Kind.URGENT),
        ("stillness", {"urgency": "check_in"}, Kind.CHECK_IN),
        ("stillness", {}, Kind.URGENT),
        ("ok", {}, None),
        ("prompt", {"state": "asked"}, None),
        ("stirring", {}, None),
    ],
)
def test_what_an_event_calls_for(kind: str, details: dict[str, Any], called: Kind | None) -> None:
    assert kind_called(event(kind, **details)) is called


@pytest.mark.parametrize("kind", ["ok", "prompt", "stirring"])
def test_what_calls_nobody_opens_no_alert(kind: str) -> None:
    assert raise_alert(event(kind), NOON, PLAN) is None


def test_the_first_step_is_asked_at_once() -> None:
    opened = raise_alert(event("press"), NOON, PLAN)
    assert opened is not None
    alert, effects = opened
    assert alert.state is State.RAISED
    assert written_to(effects) == {Reason.ASK: ("ana", "ben")}
    assert alert.due_at == after(60)


def test_delivered_is_shown_when_a_notice_has_gone_out_and_not_before() -> None:
    alert = raised()
    assert alert.light is None
    alert, effects = then(alert, (1, NoticeSent("ana")))
    assert alert.state is State.NOTIFIED
    assert effects == [Show(Light.DELIVERED, ((BUTTON, 1, 1),))]
    assert then(alert, (2, NoticeSent("ben")))[1] == []


def test_unanswered_is_reminded_every_60_s_and_the_next_step_asked_at_120_s_for_ever() -> None:
    alert, _ = then(raised(), (1, NoticeSent("ana")))
    told: list[tuple[float, dict[Reason, tuple[str, ...]]]] = []
    for at in range(1, 601):
        if alert.due_at is not None and alert.due_at <= after(at):
            alert, effects = advance(alert, TimeIsUp(), after(at), PLAN)
            told.append((at, written_to(effects)))
    everybody = {Reason.REMIND: ("ana", "ben", "carla")}
    assert told[:2] == [
        (60, {Reason.REMIND: ("ana", "ben")}),
        (120, {Reason.REMIND: ("ana", "ben"), Reason.ASK: ("carla",)}),
    ]
    assert told[2:] == [(at, everybody) for at in range(180, 601, 60)]


def test_each_step_has_its_two_minutes_and_none_is_passed_over() -> None:
    plan = Plan(steps=(("ana",), ("ben",), ("carla",)))
    opened = raise_alert(event("press"), NOON, plan)
    assert opened is not None
    alert, asked = opened[0], []
    for at in range(1, 601):
        if alert.due_at is not None and alert.due_at <= after(at):
            alert, effects = advance(alert, TimeIsUp(), after(at), plan)
            if Reason.ASK in written_to(effects):
                asked.append((at, written_to(effects)[Reason.ASK]))
    assert asked == [(120, ("ben",)), (240, ("carla",))]


def test_a_step_does_not_wait_for_a_reminder_that_is_rarer() -> None:
    plan = Plan(steps=(("ana",), ("ben",)), remind_every=timedelta(seconds=300))
    opened = raise_alert(event("press"), NOON, plan)
    assert opened is not None
    assert opened[0].due_at == after(120)
    assert asked_at(opened[0], 120, plan)[Reason.ASK] == ("ben",)


def test_nobody_reached_tries_the_next_step_and_not_the_one_after_it() -> None:
    plan = Plan(steps=(("ana",), ("ben",), ("carla",)))
    opened = raise_alert(event("press"), NOON, plan)
    assert opened is not None
    _, effects = advance(opened[0], NobodyReached(), after(3), plan)
    assert effects == [Notify(("ben",), Reason.ASK)]


def test_a_reminder_takes_the_place_of_what_has_not_gone_out() -> None:
    _, effects = then(raised(), (60, TimeIsUp()))
    assert effects == [Withdraw(), Notify(("ana", "ben"), Reason.REMIND)]


def test_an_answered_alert_that_asks_again_asks_those_who_have_joined_the_plan_as_well() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")))
    joined = Plan(steps=(("ana", "dora"), ("carla",)))
    alert, effects = advance(alert, event("press", 3, at=60), after(60), joined)
    assert written_to(effects) == {
        Reason.CALLED_AGAIN: ("ana", "ben"),
        Reason.ASK: ("dora",),
    }
    assert "dora" in alert.asked


def test_asked_again_is_shown_each_time_more_people_are_asked_and_only_then() -> None:
    alert, _ = then(raised(), (1, NoticeSent("ana")))
    alert, effects = then(alert, (60, TimeIsUp()))
    assert lights(effects) == []
    alert, effects = then(alert, (120, TimeIsUp()))
    assert lights(effects) == [Light.ASKED_AGAIN]


def test_a_night_without_power_is_one_reminder_and_not_five_hundred() -> None:
    alert, effects = then(raised(), (8 * 3600, TimeIsUp()))
    assert len(written_to(effects)) == 2
    assert alert.due_at == after(8 * 3600 + 60)


def test_nobody_reached_asks_the_next_step_at_once_and_stops_at_the_last() -> None:
    alert, effects = then(raised(), (3, NobodyReached()))
    assert effects == [Notify(("carla",), Reason.ASK)]
    assert lights(effects) == [], "nothing has gone out: nothing may be promised"
    assert then(alert, (4, NobodyReached())) == (alert, [])


def test_a_new_press_while_a_check_in_is_open_makes_it_urgent() -> None:
    alert, _ = then(raised(), (1, NoticeSent("ana")))
    alert, effects = then(alert, (20, event("press", taps=1)))
    assert alert.kind is Kind.URGENT
    assert written_to(effects) == {Reason.RAISED: ("ana", "ben")}
    assert effects[-1] == Show(Light.DELIVERED, ((BUTTON, 1, 2),))
    assert alert.due_at == after(80)


def test_many_presses_are_not_many_messages() -> None:
    # lesson 33
    alert, _ = then(raised(taps=2), (1, NoticeSent("ana")))
    for seq in range(2, 40):
        alert, effects = then(alert, (seq, event("press", seq)))
        assert written_to(effects) == {}
        assert effects == [Show(Light.DELIVERED, ((BUTTON, 1, seq),))]


def test_a_check_in_call_of_the_sensor_does_not_make_less_of_an_urgent_alert() -> None:
    alert, _ = then(raised(taps=2), (5, event("stillness", device=SENSOR, urgency="check_in")))
    assert alert.kind is Kind.URGENT


def test_on_my_way_is_coming_and_the_others_are_told_once() -> None:
    alert, _ = then(raised(), (1, NoticeSent("ana")))
    alert, effects = then(alert, (10, OnMyWay("ana")))
    assert alert.state is State.ATTENDING
    assert alert.asking is None
    assert effects[0] == Withdraw()
    assert written_to(effects) == {Reason.ATTENDED: ("ben",)}
    assert lights(effects) == [Light.COMING]
    # The same word once more changes nothing.
    assert then(alert, (11, OnMyWay("ana"))) == (alert, [])


def test_two_replies_do_not_race_the_second_joins() -> None:
    # lesson 27
    alert, effects = then(raised(), (10, OnMyWay("ana")), (11, OnMyWay("ben")))
    assert alert.attending == ("ana", "ben")
    assert alert.state is State.ATTENDING
    assert written_to(effects) == {}


@pytest.mark.parametrize("word", [OnMyWay, Arrived])
def test_whoever_does_not_go_is_told_once_that_somebody_does_and_again_after_a_new_call(
    word: type[OnMyWay | Arrived],
) -> None:
    plan = Plan(steps=(("ana", "ben", "carla"),))
    opened = raise_alert(event("press"), NOON, plan)
    assert opened is not None
    alert, effects = advance(opened[0], word("ana"), after(10), plan)
    assert written_to(effects) == {Reason.ATTENDED: ("ben", "carla")}
    alert, effects = advance(alert, word("ben"), after(20), plan)
    assert written_to(effects) == {}
    alert, _ = advance(alert, event("press", 3, at=60), after(60), plan)
    alert, effects = advance(alert, word("ben"), after(70), plan)
    assert written_to(effects) == {Reason.ATTENDED: ("carla",)}
    assert alert.asking is None


def test_whoever_came_without_being_asked_is_asked_when_the_room_calls_again() -> None:
    alert, _ = then(raised(), (10, OnMyWay("dora")))
    alert, effects = then(alert, (60, event("press", 3, at=60)))
    assert "dora" in written_to(effects)[Reason.CALLED_AGAIN]


def test_one_who_cannot_go_after_all_calls_nobody_while_somebody_is_there() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")), (20, OnMyWay("ben")), (60, Arrived("ana")))
    alert, effects = then(alert, (70, CannotGo("ben")))
    assert (alert.state, alert.asking, effects) == (State.ARRIVED, None, [])
    assert alert.due_at == after(60 + 1800)


def test_one_who_has_to_leave_leaves_the_other_on_the_way() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")), (20, OnMyWay("ben")), (60, Arrived("ana")))
    alert, effects = then(alert, (70, CannotGo("ana")))
    assert (alert.state, alert.attending, alert.arrived) == (State.ATTENDING, ("ben",), ())
    assert (alert.asking, effects) == (None, [])
    assert alert.due_at == after(320)


def test_a_new_press_in_an_attended_alert_asks_again_and_somebody_is_still_coming() -> None:
    # lesson 34: an alert that had been answered swallowed the next emergency in the room
    alert, _ = then(raised(taps=2), (10, OnMyWay("ana")))
    alert, effects = then(alert, (30, event("press", taps=1)))
    assert alert.asking is not None
    assert written_to(effects) == {Reason.CALLED_AGAIN: ("ana", "ben")}
    assert alert.attending == ("ana",)
    assert effects[-1] == Show(Light.COMING, ((BUTTON, 1, 2),))
    alert, effects = then(alert, (90, TimeIsUp()))
    assert written_to(effects) == {Reason.REMIND: ("ana", "ben")}
    # Ana answers again: it was her whom it asked as well.
    alert, _ = then(alert, (95, OnMyWay("ana")))
    assert alert.asking is None


def test_somebody_is_coming_ends_five_minutes_after_they_said_so_also_while_it_asks() -> None:
    alert, _ = then(raised(taps=2), (1, NoticeSent("ana")), (20, OnMyWay("ana")))
    alert, effects = then(alert, (240, event("press", at=240, taps=2)))
    assert lights(effects) == [Light.COMING]
    shown: list[tuple[float, Light]] = []
    while alert.due_at is not None and alert.due_at < after(8 * 3600):
        at = alert.due_at
        alert, effects = advance(alert, TimeIsUp(), at, PLAN)
        shown += [((at - NOON).total_seconds(), light) for light in lights(effects)]
    assert shown[0] == (320, Light.ASKED_AGAIN)
    assert Light.COMING not in [light for _, light in shown]


def test_whoever_was_there_is_not_coming_when_the_room_calls_again() -> None:
    # The call comes from inside: if somebody still were there, it would not.
    alert, _ = then(raised(), (20, OnMyWay("ana")), (120, Arrived("ana")))
    alert, effects = then(alert, (240, event("press", at=240)))
    assert lights(effects) == [Light.ASKED_AGAIN]
    assert alert.asking is not None
    alert, effects = then(alert, (250, OnMyWay("ana")))
    assert lights(effects) == [Light.COMING]
    assert (alert.state, alert.arrived) == (State.ATTENDING, ())
    assert alert.due_at == after(550)


def test_whoever_was_there_before_a_new_call_stands_in_for_nobody_who_answers_it() -> None:
    # Given somebody who was there, went, and did not close it; and a room that calls again
    alert, _ = then(
        raised(), (20, OnMyWay("ana")), (120, Arrived("ana")), (240, event("press", at=240))
    )

    # When another says that they go, then it is they who are waited for, no longer than ever
    alert, _ = then(alert, (250, OnMyWay("ben")))
    assert (alert.state, alert.arrived) == (State.ATTENDING, ())
    assert alert.due_at == after(550)

    # And where they cannot after all, then nobody comes, and everybody is asked again
    alert, effects = then(alert, (300, CannotGo("ben")))
    assert alert.asking is not None
    assert written_to(effects) == {Reason.FOLLOW_UP: ("ana", "ben")}
    assert lights(effects) == [Light.ASKED_AGAIN]


def test_whoever_is_there_after_a_new_call_is_alone_there_when_they_leave() -> None:
    alert, _ = then(
        raised(), (20, OnMyWay("ana")), (120, Arrived("ana")), (240, event("press", at=240))
    )
    alert, _ = then(alert, (300, Arrived("ben")))
    assert (alert.state, alert.arrived) == (State.ARRIVED, ("ben",))
    alert, _ = then(alert, (310, CannotGo("ben")))
    assert alert.asking is not None


def test_one_who_cannot_go_leaves_nobody_coming_but_a_promise_that_was_not_kept() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")), (290, OnMyWay("ben")))
    alert, effects = then(alert, (400, CannotGo("ben")))
    assert alert.attending == ("ana",)
    assert lights(effects) == [Light.ASKED_AGAIN]
    assert alert.asking is not None


def test_one_who_cannot_go_leaves_the_other_coming_until_their_time_is_up() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")), (100, OnMyWay("ben")))
    alert, effects = then(alert, (110, CannotGo("ben")))
    assert lights(effects) == []
    assert alert.due_at == after(310)


@pytest.mark.parametrize("word", [OnMyWay("ana"), Arrived("ana")])
def test_a_stillness_in_an_answered_alert_asks_again(word: Happening) -> None:
    # lesson 34
    alert, _ = then(raised(), (10, word), (20, event("stillness", device=SENSOR)))
    assert alert.asking is not None
    assert alert.kind is Kind.URGENT


def test_somebody_on_the_way_who_does_not_arrive_is_followed_up() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")))
    assert alert.due_at == after(310)
    alert, effects = then(alert, (310, TimeIsUp()))
    assert written_to(effects) == {Reason.FOLLOW_UP: ("ana", "ben")}
    assert lights(effects) == [Light.ASKED_AGAIN]
    alert, effects = then(alert, (430, TimeIsUp()))
    assert written_to(effects)[Reason.ASK] == ("carla",)


def test_an_alert_left_open_at_the_door_asks_first_those_there_and_then_everybody() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")), (60, Arrived("ana")))
    assert alert.state is State.ARRIVED
    assert alert.due_at == after(60 + 1800)
    alert, effects = then(alert, (1860, TimeIsUp()))
    assert written_to(effects) == {Reason.STILL_OPEN: ("ana",)}
    assert alert.due_at == after(2160)
    alert, effects = then(alert, (2160, TimeIsUp()))
    assert written_to(effects) == {Reason.FOLLOW_UP: ("ana", "ben")}


def test_the_last_who_cannot_go_leaves_an_alert_that_asks() -> None:
    alert, _ = then(raised(), (10, OnMyWay("ana")), (11, OnMyWay("ben")), (12, CannotGo("ana")))
    assert alert.asking is None
    alert, effects = then(alert, (13, CannotGo("ben")))
    assert alert.state is State.NOTIFIED
    assert lights(effects) == [Light.ASKED_AGAIN]
    assert alert.due_at == after(73)


def test_done_closes_it_and_puts_the_light_out() -> None:
    alert, effects = then(raised(), (10, OnMyWay("ana")), (99, Resolved("ana", "fine")))
    assert (alert.state, alert.outcome, alert.closed_by) == (State.RESOLVED, "fine", "ana")
    assert alert.due_at is None
    assert lights(effects) == [Light.NONE]
    assert written_to(effects) == {Reason.CLOSED: ("ben",)}


def test_nothing_moves_a_closed_alert() -> None:
    closed, _ = then(raised(), (10, Resolved("ana", "fine")))
    for happening in (OnMyWay("ben"), TimeIsUp(), event("ok"), Resolved("ben", "other")):
        assert then(closed, (20, happening)) == (closed, [])


def test_im_ok_lowers_an_alert_and_somebody_still_looks_in() -> None:
    alert, effects = then(raised(taps=2), (30, event("ok", device=SENSOR, at=30)))
    assert alert.kind is Kind.CHECK_IN
    assert alert.ok_at == after(30)
    assert alert.asking is not None
    assert effects == []


def test_a_press_after_im_ok_is_urgent_again() -> None:
    alert, effects = then(
        raised(taps=2), (30, event("ok", device=SENSOR, at=30)), (40, event("press", at=40))
    )
    assert (alert.kind, alert.ok_at) == (Kind.URGENT, None)
    assert Reason.RAISED in written_to(effects)


def test_an_im_ok_that_was_said_before_the_call_does_not_lower_it() -> None:
    alert, _ = then(raised(taps=2), (30, event("ok", device=SENSOR, at=-20)))
    assert (alert.kind, alert.ok_at) == (Kind.URGENT, None)


@pytest.mark.parametrize("ok_closes", [False, True])
def test_an_im_ok_of_unknown_time_takes_back_no_call_of_another_device(ok_closes: bool) -> None:
    # Said in the morning, its way was down: it arrives just after the press of the evening.
    called = replace(raised(taps=2), ok_closes=ok_closes)
    old = replace(event("ok", 5, at=40, device=SENSOR), exact=False)
    alert, effects = then(called, (40, old))
    assert (alert.state, alert.kind, alert.ok_at) == (State.RAISED, Kind.URGENT, None)
    assert alert.asking is not None
    assert effects == []


def test_an_im_ok_of_unknown_time_counts_after_the_same_devices_call() -> None:
    # One device numbers what it says: this was said after its own press, whenever that was.
    alert, _ = then(raised(taps=2), (40, replace(event("ok", 5, at=40), exact=False)))
    assert (alert.kind, alert.ok_at) == (Kind.CHECK_IN, after(40))


def test_an_im_ok_of_unknown_time_that_the_same_device_said_before_its_call_is_no_answer() -> None:
    # Its own numbers say which came first, whatever the times are taken for.
    opened = raise_alert(event("stillness", 5, device=SENSOR), NOON, PLAN)
    assert opened is not None
    said_before = replace(event("ok", 3, at=40, device=SENSOR), exact=False)
    alert, _ = then(opened[0], (40, said_before))
    assert (alert.kind, alert.ok_at) == (Kind.URGENT, None)


def test_im_ok_closes_only_where_the_resident_chose_so_beforehand() -> None:
    alert, effects = then(replace(raised(), ok_closes=True), (30, event("ok", at=30)))
    assert alert.state is State.CANCELLED
    assert lights(effects) == [Light.NONE]


@pytest.mark.parametrize("kind", ["stirring", "prompt"])
def test_stirring_withdraws_nothing(kind: str) -> None:
    before = raised("stillness", device=SENSOR)
    alert, effects = then(before, (30, event(kind, 5, device=SENSOR)))
    assert effects == []
    assert replace(alert, devices=before.devices) == before
    assert alert.devices == ((SENSOR, 1, 5),)


def test_the_light_names_the_newest_event_of_each_device() -> None:
    alert, _ = then(raised(), (1, event("stillness", 7, device=SENSOR)), (2, event("press", 9)))
    _, effects = then(alert, (3, OnMyWay("ana")))
    assert effects[-1] == Show(Light.COMING, ((SENSOR, 1, 7), (BUTTON, 1, 9)))


def asked_at(alert: Alert, at: float, plan: Plan) -> dict[Reason, tuple[str, ...]]:
    return written_to(advance(alert, TimeIsUp(), after(at), plan)[1])


def test_whoever_joins_a_step_that_was_asked_is_asked_at_the_next_reminder() -> None:
    joined = Plan(steps=(("ana", "dora", "ben"), ("carla",)))
    told = asked_at(raised(), 60, joined)
    assert told == {Reason.REMIND: ("ana", "ben"), Reason.ASK: ("dora",)}


def test_a_plan_in_which_nobody_asked_is_left_asks_everybody_in_it() -> None:
    changed = Plan(steps=(("carla",), ("dora",)))
    assert asked_at(raised(), 60, changed)[Reason.ASK] == ("carla", "dora")


def test_a_plan_that_has_become_shorter_asks_whoever_is_left_in_it() -> None:
    alert, _ = then(raised(), (120, TimeIsUp()))
    assert asked_at(alert, 180, Plan(steps=(("dora", "ana"),)))[Reason.ASK] == ("dora",)


def test_an_alert_that_nobody_could_be_asked_about_asks_once_there_is_a_plan() -> None:
    opened = raise_alert(event("press"), NOON, Plan(steps=()))
    assert opened is not None
    assert asked_at(opened[0], 60, PLAN)[Reason.ASK] == ("ana", "ben", "carla")


def test_a_plan_without_people_still_has_a_time_at_which_it_looks_again() -> None:
    opened = raise_alert(event("press"), NOON, Plan(steps=()))
    assert opened is not None
    assert opened[0].due_at == after(60)
