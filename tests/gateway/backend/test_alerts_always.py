"""What holds of every alert, whatever happens and in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.backend.alert_record import from_body, to_body
from gateway.backend.alerts import Alert, State, advance, must_act, raise_alert
from gateway.backend.escalation import Plan
from gateway.backend.happenings import (
    Arrived,
    CannotGo,
    DeviceEvent,
    Happening,
    Kind,
    Light,
    NobodyReached,
    NoticeSent,
    Notify,
    OnMyWay,
    Reason,
    Resolved,
    SaidOk,
    Show,
    TimeIsUp,
)

PEOPLE = st.sampled_from(["ana", "ben", "carla", "dora"])
STEPS = st.lists(st.lists(PEOPLE, min_size=1, max_size=3, unique=True), max_size=3)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LONGEST_WAIT = timedelta(minutes=30)


class AlertLife(RuleBasedStateMachine):
    """One unit: events, words and time in any order; an alert opens when one calls for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.seq = 0
        self.alert: Alert | None = None
        self.shown: dict[str, Light] = {}
        self.plan = Plan(steps=())
        self.said_on_my_way: dict[str, datetime] = {}

    @initialize(steps=STEPS)
    def plan_is(self, steps: list[list[str]]) -> None:
        self.plan = Plan(steps=tuple(tuple(step) for step in steps))

    @rule(steps=STEPS)
    def plan_changes(self, steps: list[list[str]]) -> None:
        self.plan_is(steps)

    @rule(
        kind=st.sampled_from(["press", "stillness", "ok", "stirring", "prompt"]),
        device=st.sampled_from(["aa", "bb"]),
        taps=st.integers(1, 3),
        urgency=st.sampled_from(["urgent", "check_in"]),
        age_s=st.integers(0, 7200),
    )
    def device_says(self, kind: str, device: str, taps: int, urgency: str, age_s: int) -> None:
        self.seq += 1
        event = DeviceEvent(
            id=f"{device}.1.{self.seq}",
            gateway="house-1",
            unit="204",
            device=device,
            boot=1,
            seq=self.seq,
            kind=kind,
            details={"taps": taps, "urgency": urgency},
            occurred_at=self.now - timedelta(seconds=age_s),
            age_s=age_s,
        )
        if self.alert is not None and self.alert.is_open:
            before = self.alert
            self.happens(event)
            if kind == "press":
                assert self.alert.kind is Kind.URGENT
                assert self.alert.asking is not None, "a press went unheard in an open alert"
            if kind in ("stirring", "prompt"):
                assert replace(self.alert, devices=()) == replace(before, devices=())
            return
        opened = raise_alert(event, self.now, self.plan)
        assert (opened is not None) == (kind in ("press", "stillness"))
        if opened is not None:
            self.alert = opened[0]
            self.shown = {}
            self.said_on_my_way = {}

    @rule(person=PEOPLE, word=st.sampled_from([OnMyWay, Arrived, CannotGo]))
    def person_says(self, person: str, word: type[OnMyWay | Arrived | CannotGo]) -> None:
        before = self.alert
        self.happens(word(person))
        if self.alert != before:
            self.said_on_my_way.pop(person, None)
            if word is OnMyWay:
                self.said_on_my_way[person] = self.now
        if self.alert is not None and self.alert.is_open and word is not CannotGo:
            assert person in self.alert.attending
            once = self.alert
            self.happens(word(person))
            assert self.alert == once, "said twice is not said differently"

    @rule(seen=st.booleans())
    def resident_says_ok_on_their_page(self, seen: bool) -> None:
        before = self.alert
        if before is None or not before.is_open:
            return
        self.happens(SaidOk(before.calls_seen if seen else "another call"))
        if not seen or before.ok_at is not None:
            assert self.alert == before
        else:
            assert (self.alert.kind, self.alert.ok_at) == (Kind.CHECK_IN, self.now)
            # Nobody who was to come is told not to, and nobody who is asked is asked no more.
            assert self.alert.asking == before.asking
            assert self.alert.attending == before.attending

    @rule(person=PEOPLE)
    def person_closes(self, person: str) -> None:
        self.happens(Resolved(person, "fine"))

    @rule(happening=st.sampled_from([NoticeSent("ana"), NobodyReached(), TimeIsUp()]))
    def machine_says(self, happening: Happening) -> None:
        self.happens(happening)

    @rule(seconds=st.integers(1, 4000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.integers(1, 20000))
    def clock_steps_back(self, seconds: int) -> None:
        self.now -= timedelta(seconds=seconds)

    @rule()
    def timer_fires(self) -> None:
        if self.alert is None or self.alert.due_at is None:
            return
        if not must_act(self.alert, self.now, self.plan):
            self.now = self.alert.due_at
        self.happens(TimeIsUp())
        if self.alert.asking is not None and any(self.plan.steps):
            planned = {person for step in self.plan.steps for person in step}
            assert planned & set(self.alert.asked), "nobody who is in the plan has been asked"
        assert self.alert.due_at is not None
        assert self.alert.due_at > self.now, "the timer would fire for ever"
        assert not must_act(self.alert, self.now, self.plan)

    @rule(times=st.integers(2, 12))
    def nobody_does_anything(self, times: int) -> None:
        for _ in range(times):
            self.timer_fires()

    def happens(self, happening: Happening) -> None:
        if self.alert is None:
            return
        before = self.alert
        self.alert, effects = advance(before, happening, self.now, self.plan)
        for effect in effects:
            if isinstance(effect, Show):
                for device, _, _ in effect.devices:
                    self.shown[device] = effect.light
            if isinstance(effect, Notify) and effect.reason is Reason.ATTENDED:
                assert not set(effect.people) & set(self.alert.attending)

    @invariant()
    def an_open_alert_always_has_a_time_to_act(self) -> None:
        if self.alert is not None:
            assert (self.alert.due_at is not None) == self.alert.is_open
        if self.alert is None or must_act(self.alert, self.now, self.plan):
            return
        if self.alert.asking is not None:
            assert self.alert.asking.next_at <= self.now + self.plan.remind_every
        if self.alert.due_at is not None:
            assert self.alert.due_at <= self.now + LONGEST_WAIT

    @invariant()
    def unanswered_is_asking(self) -> None:
        alert = self.alert
        if alert is not None and alert.is_open and not alert.attending:
            assert alert.asking is not None
            assert alert.state in (State.RAISED, State.NOTIFIED)

    @invariant()
    def the_room_is_told_the_truth(self) -> None:
        if self.alert is None or not self.shown:
            return
        if not self.alert.is_open:
            assert set(self.shown.values()) == {Light.NONE}
        elif Light.COMING in self.shown.values():
            assert self.alert.attending, "nobody is coming"

    @invariant()
    def coming_is_said_only_while_somebody_is_believed_to_come_or_is_there(self) -> None:
        alert = self.alert
        if alert is None or alert.light is not Light.COMING:
            return
        if alert.arrived and alert.asking is None:
            return
        assert must_act(alert, self.now, self.plan) or any(
            self.now - said_at < self.plan.follow_up_after
            for said_at in self.said_on_my_way.values()
        ), "nobody has said within five minutes that they come"

    @invariant()
    def it_is_kept_whole(self) -> None:
        if self.alert is not None:
            assert from_body(to_body(self.alert)) == self.alert


AlertLife.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
TestAlertLife = AlertLife.TestCase
