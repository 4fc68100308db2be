"""The life of an alert: a pure function of (alert, what happened, now).

    raised ──a notice went out──► notified ──"on my way"──► attending ──"I'm there"──► arrived
      └─────────────────────────────┴───── "done: it was …" ────┴───────► resolved ◄───────┘
                        the resident's "I'm OK", where they chose so beforehand ──► cancelled

Beside its state an alert is *asking* or not. It asks from its first moment until a person answers,
and again when the room calls anew, when somebody on the way does not arrive, or when the last of
them cannot go. While it is open it always has a time at which it does something by itself.
"""

import hashlib
from dataclasses import replace
from datetime import datetime

from gateway.backend import escalation
from gateway.backend.alert import Alert, State, kind_called
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
    SaidOk,
    Show,
    TimeIsUp,
    Withdraw,
)


def raise_alert(
    event: DeviceEvent, now: datetime, plan: Plan, *, ok_closes: bool = False
) -> tuple[Alert, list[Effect]] | None:
    """The alert that *event* opens in a unit that has none; None where it opens none."""
    kind = kind_called(event)
    if kind is None:
        return None
    move = escalation.begin(plan, now)
    where = ((event.device, event.boot, event.seq),)
    alert = Alert(
        # Of the event's own id: the same event can never open two alerts.
        id=hashlib.sha256(f"{event.gateway}/{event.id}".encode()).hexdigest()[:16],
        gateway=event.gateway,
        unit=event.unit,
        kind=kind,
        state=State.RAISED,
        raised_at=now,
        called_at=event.occurred_at,
        asking=move.asking,
        asked=move.fresh,
        devices=where,
        calls=where,
        ok_closes=ok_closes,
    )
    return alert, [Notify(move.fresh, Reason.ASK)]


def advance(
    alert: Alert, happening: Happening, now: datetime, plan: Plan
) -> tuple[Alert, list[Effect]]:
    """The alert after *happening*, and what must now be done about it.

    Never raises: a happening that means nothing in this state changes nothing. The caller has
    seen to it that no event comes here twice.
    """
    if not alert.is_open:
        return alert, []
    match happening:
        case DeviceEvent(kind="ok"):
            return _resident_is_ok(alert, happening, now)
        case SaidOk(calls):
            if calls != alert.calls_seen or alert.ok_at is not None:
                return alert, []  # the room has called since; or it was said before
            return _is_ok(alert, now, now, exact=True)
        case DeviceEvent():
            return _event(alert, happening, now, plan)
        case TimeIsUp():
            return _time_is_up(alert, now, plan)
        case OnMyWay(person):
            return _on_my_way(alert, person, now, plan)
        case CannotGo(person):
            return _cannot_go(alert, person, now, plan)
        case Arrived(person):
            return _arrived(alert, person, now, plan)
        case Resolved(calls=seen) if seen is not None and seen != alert.calls_seen:
            return alert, []  # the room has called since: that call is not over
        case Resolved(person, outcome):
            closed = replace(_closed(alert, State.RESOLVED, now), outcome=outcome, closed_by=person)
            return closed, _at_the_end(closed, others=_others(alert, person))
        case NoticeSent():
            if alert.state is not State.RAISED:
                return alert, []
            return _shown(replace(alert, state=State.NOTIFIED), Light.DELIVERED)
        case NobodyReached():
            if alert.asking is None or not escalation.has_next(plan, alert.asking):
                return alert, []
            move = escalation.next_step(plan, alert.asking, alert.asked, now)
            # Whoever could not be reached a moment ago is being tried again anyway.
            return _moved(alert, replace(move, again=()), Reason.REMIND)


def must_act(alert: Alert, now: datetime, plan: Plan) -> bool:
    """Whether TimeIsUp would find something to do."""
    asking = alert.asking
    return (
        asking is not None and escalation.is_due(asking.next_at, now, plan.remind_every)
    ) or _follow_up_is_due(alert, now, plan)


# --- what the room says ---------------------------------------------------------------------------


def _event(
    alert: Alert, event: DeviceEvent, now: datetime, plan: Plan
) -> tuple[Alert, list[Effect]]:
    here = (event.device, event.boot, event.seq)
    alert = replace(alert, devices=_newest(alert.devices, here))
    called = kind_called(event)
    if called is None:
        # Stirring, a prompt: shown on the page. Somebody who stirs may still need somebody.
        return alert, []
    was = alert.kind
    # Whoever calls twice, or is called for twice by a button, needs somebody now.
    urgent = event.kind == "press" or called is Kind.URGENT
    if alert.ok_at is not None and alert.asking is not None:
        # What was called before was taken back; this is a call of its own.
        alert = replace(alert, asking=escalation.begun_anew(alert.asking, now))
    alert = replace(
        alert,
        kind=Kind.URGENT if urgent else was,
        calls=_newest(alert.calls, here),
        called_at=max(alert.called_at, event.occurred_at),
        ok_at=None,
    )
    if alert.asking is None:
        return _asked_anew(alert, Reason.CALLED_AGAIN, now, plan)
    if alert.kind is was:
        # Already asking for as much: twenty presses are not twenty messages.
        return _shown_again(alert)
    asking = escalation.restart_reminders(plan, alert.asking, now)
    alert = replace(alert, asking=asking)
    effects: list[Effect] = [Withdraw(), Notify(alert.asked, Reason.RAISED)]
    alert, shown = _shown_again(alert)
    return alert, effects + shown


def _resident_is_ok(alert: Alert, event: DeviceEvent, now: datetime) -> tuple[Alert, list[Effect]]:
    here = (event.device, event.boot, event.seq)
    overtaken = _is_before_a_call(alert, event)
    alert = replace(alert, devices=_newest(alert.devices, here))
    if overtaken:
        return alert, []
    return _is_ok(alert, event.occurred_at, now, exact=event.exact)


def _is_ok(
    alert: Alert, said_at: datetime, now: datetime, *, exact: bool
) -> tuple[Alert, list[Effect]]:
    alert = replace(alert, ok_exact=exact)
    if alert.ok_closes:
        closed = replace(_closed(alert, State.CANCELLED, now), ok_at=said_at)
        return closed, _at_the_end(closed, others=alert.asked)
    # Lower, never withdrawn: people say it under pressure, and somebody still looks in.
    return replace(alert, kind=Kind.CHECK_IN, ok_at=said_at), []


def _is_before_a_call(alert: Alert, event: DeviceEvent) -> bool:
    """Whether this "I'm OK" was said, or may have been, before the newest call.

    One device numbers what it says. Between two there are only times: where the time of an "ok"
    is not known it may be of the morning, and takes back nothing that another device has called.
    """
    for device, boot, seq in alert.calls:
        if device == event.device:
            if (event.boot, event.seq) < (boot, seq):
                return True
        elif not event.exact:
            return True
    return event.occurred_at < alert.called_at


# --- what people say ------------------------------------------------------------------------------


def _on_my_way(alert: Alert, person: str, now: datetime, plan: Plan) -> tuple[Alert, list[Effect]]:
    if person in alert.attending and alert.asking is None:
        return alert, []  # pressed twice
    first = not alert.attending or alert.asking is not None
    until = now + plan.follow_up_after
    alert = _answered(alert, person)
    on_the_way = (*_not_of(alert.on_the_way, person), (person, until))
    alert = replace(alert, on_the_way=on_the_way)
    if alert.arrived:
        # Somebody else is there already; this one joins them.
        due = alert.follow_up_at or now + plan.still_open_after
        alert = replace(alert, state=State.ARRIVED, follow_up_at=due)
    else:
        alert = replace(alert, state=State.ATTENDING, follow_up_at=until)
    return _told(alert, person, tell_others=first)


def _arrived(alert: Alert, person: str, now: datetime, plan: Plan) -> tuple[Alert, list[Effect]]:
    if person in alert.arrived and alert.asking is None:
        return alert, []
    first = not alert.attending or alert.asking is not None
    alert = _answered(alert, person)
    alert = replace(
        alert,
        state=State.ARRIVED,
        arrived=_with(alert.arrived, person),
        on_the_way=_not_of(alert.on_the_way, person),
        follow_up_at=now + plan.still_open_after,
    )
    return _told(alert, person, tell_others=first)


def _cannot_go(alert: Alert, person: str, now: datetime, plan: Plan) -> tuple[Alert, list[Effect]]:
    if person not in alert.attending:
        return alert, []
    alert = replace(
        alert,
        attending=_without(alert.attending, person),
        arrived=_without(alert.arrived, person),
        on_the_way=_not_of(alert.on_the_way, person),
    )
    if not alert.attending:
        alert = replace(alert, state=State.NOTIFIED, follow_up_at=None, checked=False)
    elif not alert.arrived:
        alert = replace(alert, state=State.ATTENDING)
    coming_until = _coming_until(alert, now, plan)
    if alert.asking is not None and coming_until is None:
        return _nobody_comes(alert)
    if alert.arrived and alert.asking is None:
        return alert, []
    if coming_until is not None:
        return replace(alert, follow_up_at=coming_until), []
    return _asked_anew(alert, Reason.FOLLOW_UP, now, plan)


def _coming_until(alert: Alert, now: datetime, plan: Plan) -> datetime | None:
    """Until when the room may be told that somebody comes; None: nobody is believed to."""
    believed = [
        until
        for _, until in alert.on_the_way
        if not escalation.is_due(until, now, plan.follow_up_after)
    ]
    return max(believed, default=None)


def _nobody_comes(alert: Alert) -> tuple[Alert, list[Effect]]:
    """An alert that asks, and that may no longer say that somebody is coming."""
    alert = replace(alert, follow_up_at=None)
    return _shown(alert, Light.ASKED_AGAIN) if alert.light is Light.COMING else (alert, [])


def _answered(alert: Alert, person: str) -> Alert:
    """Somebody goes or is there. Whoever was there when it began to ask again may have left: only
    those who answer are counted on, and followed up."""
    return replace(
        alert,
        asking=None,
        arrived=alert.arrived if alert.asking is None else (),
        asked=_with(alert.asked, person),
        attending=_with(alert.attending, person),
        checked=False,
    )


def _told(alert: Alert, person: str, *, tell_others: bool) -> tuple[Alert, list[Effect]]:
    effects: list[Effect] = [Withdraw()]
    others = tuple(p for p in alert.asked if p not in alert.attending and p != person)
    if tell_others and others:
        effects.append(Notify(others, Reason.ATTENDED))
    if alert.light is Light.COMING:
        return alert, effects
    alert, shown = _shown(alert, Light.COMING)
    return alert, effects + shown


# --- what time does -------------------------------------------------------------------------------


def _time_is_up(alert: Alert, now: datetime, plan: Plan) -> tuple[Alert, list[Effect]]:
    follow_up = _follow_up_is_due(alert, now, plan)
    asking = alert.asking
    if asking is not None:
        effects: list[Effect] = []
        if follow_up:
            # Being asked again already; but whoever was on the way has not come.
            alert, effects = _nobody_comes(alert)
        if escalation.is_due(asking.next_at, now, plan.remind_every):
            if alert.ok_at is not None:
                # Somebody still looks in; nobody sends an ambulance to a person who says no.
                plan = escalation.without_ambulance(plan)
            move = escalation.go_on(plan, asking, alert.asked, now)
            alert, moved = _moved(alert, move, Reason.REMIND)
            effects += moved
        return alert, effects
    if not follow_up:
        return alert, []
    if alert.state is State.ARRIVED and not alert.checked:
        # Those who are there first: whoever stays to help has no hand free for a phone.
        alert = replace(alert, checked=True, follow_up_at=now + plan.follow_up_after)
        return alert, [Notify(alert.arrived, Reason.STILL_OPEN)]
    return _asked_anew(alert, Reason.FOLLOW_UP, now, plan)


def _follow_up_is_due(alert: Alert, now: datetime, plan: Plan) -> bool:
    longest = plan.follow_up_after
    if alert.state is State.ARRIVED and alert.asking is None:
        longest = max(longest, plan.still_open_after)
    at = alert.follow_up_at
    return at is not None and escalation.is_due(at, now, longest)


def _asked_anew(
    alert: Alert, reason: Reason, now: datetime, plan: Plan
) -> tuple[Alert, list[Effect]]:
    """Everybody asked so far, and the plan from its first step on."""
    move = escalation.begin(plan, now)
    again = alert.asked
    fresh = tuple(person for person in move.fresh if person not in again)
    # A resident whose call is answered by "somebody is coming" is not told otherwise by a new
    # call: for as long as that is believed, and not a moment longer.
    coming_until = _coming_until(alert, now, plan) if reason is Reason.CALLED_AGAIN else None
    alert = replace(
        alert,
        asking=move.asking,
        asked=alert.asked + fresh,
        follow_up_at=coming_until,
        checked=False,
    )
    effects: list[Effect] = [Withdraw(), Notify(again, reason)]
    if fresh:
        effects.append(Notify(fresh, Reason.ASK))
    alert, shown = _shown(alert, Light.COMING if coming_until else Light.ASKED_AGAIN)
    return alert, effects + shown


def _moved(alert: Alert, move: escalation.Move, reason: Reason) -> tuple[Alert, list[Effect]]:
    new_to_it = (*move.fresh, *(one for one in move.ambulance if one not in alert.asked))
    alert = replace(alert, asking=move.asking, asked=alert.asked + new_to_it)
    effects: list[Effect] = []
    if move.again or move.ambulance:
        effects.append(Withdraw())
    if move.again:
        effects.append(Notify(move.again, reason))
    if move.ambulance:
        effects.append(Notify(move.ambulance, Reason.AMBULANCE))
    if not move.fresh:
        return alert, effects
    effects.append(Notify(move.fresh, Reason.ASK))
    if alert.light is Light.COMING or alert.state is State.RAISED:
        # Somebody is coming all the same; or nothing has gone out, and nothing may be promised.
        return alert, effects
    alert, shown = _shown(alert, Light.ASKED_AGAIN)
    return alert, effects + shown


# --- the end, and small things --------------------------------------------------------------------


def _closed(alert: Alert, state: State, now: datetime) -> Alert:
    return replace(
        alert, state=state, asking=None, follow_up_at=None, closed_at=now, light=Light.NONE
    )


def _at_the_end(alert: Alert, *, others: tuple[str, ...]) -> list[Effect]:
    effects: list[Effect] = [Withdraw()]
    if others:
        effects.append(Notify(others, Reason.CLOSED))
    return [*effects, Show(Light.NONE, alert.devices)]


def _shown(alert: Alert, light: Light) -> tuple[Alert, list[Effect]]:
    return replace(alert, light=light), [Show(light, alert.devices)]


def _shown_again(alert: Alert) -> tuple[Alert, list[Effect]]:
    """The same light once more: the device knows it by its newest event."""
    return (alert, [Show(alert.light, alert.devices)]) if alert.light else (alert, [])


def _newest(
    known: tuple[tuple[str, int, int], ...], here: tuple[str, int, int]
) -> tuple[tuple[str, int, int], ...]:
    mine = max((one for one in known if one[0] == here[0]), default=here)
    return (*(one for one in known if one[0] != here[0]), max(mine, here))


def _others(alert: Alert, person: str) -> tuple[str, ...]:
    return _without(alert.asked, person)


def _with(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return people if person in people else (*people, person)


def _without(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return tuple(one for one in people if one != person)


def _not_of(
    on_the_way: tuple[tuple[str, datetime], ...], person: str
) -> tuple[tuple[str, datetime], ...]:
    return tuple(one for one in on_the_way if one[0] != person)
