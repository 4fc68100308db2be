"""Where what happens meets what is stored: the backend's acts.

Every method is one transaction and blocks; api.py and the workers call them in threads. Nothing
is sent from here: a notice is a row, written with the event that caused it (course.py).
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import structlog

from gateway.backend import questions
from gateway.backend.alert import Alert, after_clock_set
from gateway.backend.alert_record import UNREADABLE
from gateway.backend.alerts import must_act
from gateway.backend.course import Course
from gateway.backend.happenings import (
    ASKING,
    Arrived,
    CannotGo,
    DeviceEvent,
    NoticeSent,
    OnMyWay,
    Resolved,
    SaidOk,
    TimeIsUp,
)
from gateway.backend.incoming import Heartbeat, Incoming, NotAcceptable, UnitAnswers
from gateway.backend.ledger import GATEWAY, Ledger
from gateway.backend.oversight import GATEWAY_LOST_AFTER, Oversight
from gateway.backend.policy import Clock, Policy
from gateway.backend.retention import forget
from gateway.store import Store

_log = structlog.get_logger(__name__)

# Kinds that concern an alert; the others say how the device is.
_ALARM = frozenset(("press", "ok", "prompt", "stillness", "stirring"))

# Longer than a send may take (notices.py): a replica that dies holds its notices no longer.
LEASE = timedelta(seconds=30)
# First quickly, for a hiccup; never rarer than the reminders, for a provider that is down.
_RETRY_AFTER_S = (2, 5, 10, 20, 40, 60)
_LONGEST_RETRY = timedelta(seconds=max(_RETRY_AFTER_S))
# About ten minutes. What asks for an answer is written anew at each reminder anyway.
MOST_ATTEMPTS = 15
_MOST_AT_ONCE = 500
_STUCK_TOLD_EVERY = timedelta(minutes=10)

# Of a stream item: the named question was answered on the resident's page.
SAID_OK = "said_ok"

_WORDS: dict[type, str] = {
    OnMyWay: "on_my_way",
    CannotGo: "cannot_go",
    Arrived: "arrived",
    Resolved: "resolved",
}


class Said(Enum):
    """What became of an "I'm OK" on the resident's page."""

    NOTHING = "nothing"  # nothing was asked and no call was open
    PASSED_ON = "passed_on"  # to the sensor that asks
    TOO_LATE = "too_late"  # nobody has heard how the question ended
    SHOWN = "shown"  # in the open alert: somebody still looks in
    CLOSED = "closed"  # as the resident had chosen beforehand
    CALLED_SINCE = "called_since"  # the room has called since their page was made


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event is committed. alert: the id of the alert it belongs to, if any."""

    duplicate: bool
    alert: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice to send now. alert: None for one to staff; call: the log row it is about."""

    number: int
    person: str
    channel: int
    reason: str
    details: dict[str, Any]
    made_at: datetime
    attempts: int
    alert: Alert | None
    call: Any


class Dispatch:
    """The backend's acts. committed: called after a commit that others may wait for."""

    def __init__(
        self,
        database: Store,
        policy: Policy,
        clock: Clock,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._committed = committed
        self._oversight = Oversight(policy)
        self._told_stuck: dict[str, datetime] = {}

    # --- what the gateway says ---

    def accept(self, incoming: Incoming, webhook_id: str) -> Accepted:
        """Commits the event and all that follows from it, once."""
        now = self._clock()
        event = DeviceEvent(
            id=webhook_id,
            gateway=incoming.gateway,
            unit=incoming.unit,
            device=incoming.device,
            boot=incoming.boot,
            seq=incoming.seq,
            kind=incoming.kind,
            details=incoming.details,
            occurred_at=incoming.occurred_at,
            exact=incoming.exact,
            age_s=incoming.age_s,
        )
        with self._database.write() as connection:
            ledger = Ledger(connection)
            course = Course(ledger, self._policy)
            ledger.lock_unit(event.gateway, event.unit)
            alert = ledger.open_alert(event.gateway, event.unit)
            if not ledger.is_new(webhook_id):
                return Accepted(True, alert.id if alert else None)
            if event.kind in _ALARM:
                questions.note(connection, event, now)
                alert = course.told(alert, event, now)
            else:
                if event.kind == "boot":
                    questions.note(connection, event, now)
                self._oversight.device_says(connection, event, now)
        self._committed()
        return Accepted(False, alert.id if alert else None)

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        """The gateway is there, and so are the devices it has heard."""
        with self._database.write() as connection:
            self._oversight.heartbeat(connection, heartbeat, self._clock())
        self._committed()

    def unit_answers(self, answers: UnitAnswers) -> None:
        """Who comes first to a unit, and when an ambulance, from now on. Raises NotAcceptable where
        that could not be kept."""
        for person in answers.first or ():
            if person not in self._policy.people:
                raise NotAcceptable(
                    f"There is no {person[:40]!r} in [[people]] of the backend; add them there."
                )
        if answers.ambulance_min is not None and not self._policy.plan.ambulance:
            raise NotAcceptable(
                "Nobody is set up to call an ambulance; name somebody as 'ambulance' under "
                "[escalation] of the backend, or answer never."
            )
        with self._database.write() as connection:
            ledger = Ledger(connection)
            ledger.lock_unit(answers.gateway, answers.unit)
            ledger.set_answers(
                answers.gateway,
                answers.unit,
                answers.first,
                answers.ambulance_min,
                answers.answered_at,
            )

    # --- what people say ---

    def reply(
        self, alert_id: str, word: OnMyWay | CannotGo | Arrived | Resolved
    ) -> tuple[Alert, Alert] | None:
        """The alert before and after a person's word; None: there is no such alert."""
        now = self._clock()
        with self._database.write() as connection:
            ledger = Ledger(connection)
            course = Course(ledger, self._policy)
            alert = course.locked(alert_id)
            if alert is None:
                return None
            after = course.advanced(alert, word, now)
            if after != alert:
                details = {"outcome": word.outcome} if isinstance(word, Resolved) else {}
                ledger.log_word(alert, _WORDS[type(word)], word.person, now, **details)
        self._committed()
        return alert, after

    # --- what residents say ---

    def resident_ok(self, gateway: str, unit: str, calls: str) -> Said:
        """The resident of a unit says on their page that they are OK. calls: of the alert that
        their page showed; "": none."""
        now = self._clock()
        said = Said.NOTHING
        with self._database.write() as connection:
            ledger = Ledger(connection)
            course = Course(ledger, self._policy)
            ledger.lock_unit(gateway, unit)
            on = questions.of_unit(connection, gateway, unit, now)
            asked = [one for one in on if not one.answered_in_the_room]
            if asked:
                # The sensor decides: it may have called out meanwhile, or been answered.
                named = [
                    {"unit": unit, "device": one.device, "boot": one.boot, "seq": one.seq}
                    for one in asked
                ]
                ledger.append_to_stream(gateway, now, SAID_OK, named)
                questions.answer(connection, asked, now)
                said = Said.PASSED_ON
            elif questions.end_unknown(connection, gateway, unit, now):
                said = Said.TOO_LATE
            alert = ledger.open_alert(gateway, unit)
            if alert is not None:
                after = course.advanced(alert, SaidOk(calls), now)
                if after != alert:
                    ledger.log_word(alert, "ok_page", None, now)
                    said = Said.SHOWN if after.is_open else Said.CLOSED
                elif calls != alert.calls_seen:
                    said = Said.CALLED_SINCE
        self._committed()
        return said

    # --- what time does ---

    def clock_was_set(self, by: timedelta) -> None:
        """What open alerts wait for is as far away as before, by the clock as it is now."""
        with self._database.write() as connection:
            ledger = Ledger(connection)
            course = Course(ledger, self._policy)
            for one in ledger.open_alerts():
                with contextlib.suppress(*UNREADABLE):
                    alert = course.locked(one)
                    if alert is not None and alert.is_open:
                        ledger.save(after_clock_set(alert, by), new=False)

    def fire_due_timers(self) -> int:
        """Acts on every timer that has come due; how many. Each in a transaction of its own."""
        now = self._clock()
        plan = self._policy.plan
        with self._database.read() as connection:
            course = Course(Ledger(connection), self._policy)
            doubtful_after = min(plan.remind_every, GATEWAY_LOST_AFTER)
            due = [
                one
                for one in course.ledger.due_timers(now, doubtful_after, _MOST_AT_ONCE)
                if one[2] <= now or self._is_left_behind(course, *one, now)
            ]
        fired = 0
        for kind, subject, _ in due:
            try:
                fired += self._fire(kind, subject, now)
            except Exception:
                # One alert that cannot be advanced must not hold up the others.
                self._stuck(kind, subject, now)
        if fired:
            self._committed()
        return fired

    def _is_left_behind(
        self, course: Course, kind: str, subject: str, due_at: datetime, now: datetime
    ) -> bool:
        """Whether a timer is only ahead because the clock was, when it was set."""
        if kind == GATEWAY:
            return due_at > now + GATEWAY_LOST_AFTER
        try:
            alert = course.ledger.alert(subject)
        except UNREADABLE:
            self._stuck(kind, subject, now)
            return False
        return alert is not None and must_act(alert, now, course.plan(alert))

    def _stuck(self, kind: str, subject: str, now: datetime) -> None:
        """Told now and then: it is come back to every second."""
        told_at = self._told_stuck.get(subject)
        if told_at is None or abs(now - told_at) >= _STUCK_TOLD_EVERY:
            self._told_stuck[subject] = now
            _log.exception("a timer could not be acted on; report this", kind=kind, subject=subject)

    def next_due(self) -> datetime | None:
        """When the next timer is due."""
        with self._database.read() as connection:
            return Ledger(connection).next_timer()

    def _fire(self, kind: str, subject: str, now: datetime) -> bool:
        with self._database.write() as connection:
            if kind == GATEWAY:
                return self._oversight.gateway_timer(connection, subject, now)
            course = Course(Ledger(connection), self._policy)
            alert = course.locked(subject, wait=False)
            if alert is None:
                return False
            if not must_act(alert, now, course.plan(alert)):
                return False  # another replica was quicker
            course.advanced(alert, TimeIsUp(), now)
            return True

    def forget(self) -> int:
        """Lets go of what is no longer needed; how many alerts."""
        with self._database.write() as connection:
            forgotten = forget(connection, self._clock())
        self._database.scrub()
        return forgotten

    # --- notices ---

    def claim_notices(self, busy: set[tuple[str, int]]) -> list[Outgoing]:
        """What to send now, ours until LEASE is over; nothing for the channels in *busy*."""
        with self._database.write() as connection:
            ledger = Ledger(connection)
            rows = ledger.claim_notices(self._clock(), LEASE, _LONGEST_RETRY, busy, _MOST_AT_ONCE)
            outgoing = (self._outgoing(ledger, row) for row in rows)
            return [one for one in outgoing if one is not None]

    @staticmethod
    def _outgoing(ledger: Ledger, row: Any) -> Outgoing | None:
        """None where its alert cannot be read: it must not hold up what is said of others. It is
        looked at again when the lease is over."""
        try:
            alert = ledger.alert(row.alert) if row.alert else None
        except UNREADABLE:
            _log.exception("an alert cannot be read; report this", alert=row.alert)
            return None
        return Outgoing(
            number=row.number,
            person=row.person,
            channel=row.channel,
            reason=row.reason,
            details=row.details,
            made_at=row.made_at,
            attempts=row.attempts,
            alert=alert,
            call=ledger.newest_call(row.alert) if row.alert else None,
        )

    def next_notice_due(self, busy: set[tuple[str, int]]) -> datetime | None:
        """When the next notice may be claimed that is for none of the channels in *busy*."""
        with self._database.read() as connection:
            return Ledger(connection).next_notice(busy)

    def notice_sent(self, number: int, *, delivered: bool) -> None:
        """The channel has taken it; *delivered*: and knows that the phone has it."""
        now = self._clock()
        with self._database.write() as connection:
            ledger = Ledger(connection)
            course = Course(ledger, self._policy)
            notice, alert = self._notice(course, number)
            if notice is None:
                return
            ledger.set_notice(
                number,
                state="delivered" if delivered else "sent",
                sent_at=now,
                delivered_at=now if delivered else None,
                attempts=notice.attempts + 1,
                claimed_until=None,
                problem=None,
            )
            if alert is not None and notice.reason in ASKING:
                course.advanced(alert, NoticeSent(notice.person), now)
        self._committed()

    def notice_failed(self, number: int, problem: str) -> None:
        """It did not go out: again later, and somebody else now if nobody was reached."""
        now = self._clock()
        with self._database.write() as connection:
            ledger = Ledger(connection)
            course = Course(ledger, self._policy)
            notice, alert = self._notice(course, number)
            if notice is None or notice.state != "waiting":
                return
            attempts = notice.attempts + 1
            wait_s = _RETRY_AFTER_S[min(attempts, len(_RETRY_AFTER_S)) - 1]
            ledger.set_notice(
                number,
                state="waiting" if attempts < MOST_ATTEMPTS else "given_up",
                due_at=now + timedelta(seconds=wait_s),
                attempts=attempts,
                claimed_until=None,
                problem=problem[:200],
            )
            if attempts == 1 and alert is not None and notice.reason in ASKING:
                course.escalated(alert, now)
        self._committed()

    def notices_seen(self, alert_id: str, person: str) -> None:
        """The person has the alert open before them: what was sent has been delivered."""
        with self._database.write() as connection:
            changed = Ledger(connection).mark_delivered(alert_id, person, self._clock())
        if changed:
            self._committed()

    # --- within a transaction ---

    @staticmethod
    def _notice(course: Course, number: int) -> tuple[Any, Alert | None]:
        notice = course.ledger.notice(number)
        if notice is None or notice.alert is None:
            return notice, None
        alert = course.locked(notice.alert)
        return course.ledger.notice(number), alert
