"""The statements on alerts, notices, timers and the stream, within one transaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, case, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.backend.alert import Alert
from gateway.backend.alert_record import from_body, to_body
from gateway.backend.happenings import ASKING, DeviceEvent, Reason
from gateway.backend.tables import (
    alerts,
    gateways,
    log,
    notices,
    seen,
    stream,
    timers,
    unit_answers,
    units,
)

ALERT = "alert"
GATEWAY = "gateway"
# Of an alert: a contact that bounces for an hour, or a stolen key, must not make its page one that
# no phone opens, nor each look at what is open one of seconds. The newest stay.
MOST_LINES_OF_A_KIND = 200


def insert_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Inserts the row unless its key is there; whether it was new."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    # Asked back, not counted: a driver need not count the rows of an insert.
    new = dialect.insert(table).values(values).on_conflict_do_nothing()
    return connection.execute(new.returning(*table.primary_key)).first() is not None


class Ledger:
    """One transaction's view of the tables. Times are aware."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    @property
    def connection(self) -> Connection:
        """For the statements of other rooms, within this transaction."""
        return self._do

    # --- locks and duplicates ---

    def is_new(self, webhook_id: str) -> bool:
        """Notes the id for ever; False when it was there already."""
        return insert_new(self._do, seen, {"id": webhook_id})

    def lock_unit(self, gateway: str, unit: str, *, wait: bool = True) -> bool:
        """Nothing else happens in this unit until the transaction ends. False: somebody has it."""
        insert_new(self._do, units, {"gateway": gateway, "unit": unit})
        mine = select(units.c.unit).where(units.c.gateway == gateway, units.c.unit == unit)
        found = self._do.execute(mine.with_for_update(skip_locked=not wait)).first()
        return found is not None

    def lock_gateway(self, gateway: str, now: datetime) -> Any:
        """The gateway's row, locked; made where there is none."""
        # Stream items count up from the time of their gateway's first: a store that was lost and
        # begun anew starts above the one before it, and no cursor out there is ahead of it.
        first = int(now.timestamp() * 1000)
        insert_new(self._do, gateways, {"gateway": gateway, "refused": {}, "last_item": first})
        mine = select(gateways).where(gateways.c.gateway == gateway).with_for_update()
        return self._do.execute(mine).one()

    def set_gateway(self, gateway: str, **values: Any) -> None:
        self._do.execute(update(gateways).where(gateways.c.gateway == gateway).values(**values))

    # --- what was answered for a unit ---

    def answers(self, gateway: str, unit: str) -> Any:
        """The row of this unit; None where nothing was answered."""
        mine = (unit_answers.c.gateway == gateway, unit_answers.c.unit == unit)
        return self._do.execute(select(unit_answers).where(*mine)).first()

    def set_answers(
        self,
        gateway: str,
        unit: str,
        first: tuple[str, ...] | None,
        ambulance_min: int | None,
        answered_at: datetime,
    ) -> None:
        """Keeps the newest; first None: nothing is answered any more."""
        known = self.answers(gateway, unit)
        if known is not None and known.answered_at > answered_at:
            return
        mine = (unit_answers.c.gateway == gateway, unit_answers.c.unit == unit)
        self._do.execute(delete(unit_answers).where(*mine))
        if first is None:
            return
        values = {"gateway": gateway, "unit": unit, "first": list(first)}
        more = {"ambulance_min": ambulance_min, "answered_at": answered_at}
        self._do.execute(insert(unit_answers).values({**values, **more}))

    # --- alerts ---

    def open_alert(self, gateway: str, unit: str) -> Alert | None:
        found = self._do.execute(
            select(alerts.c.body).where(
                alerts.c.gateway == gateway, alerts.c.unit == unit, alerts.c.closed_at.is_(None)
            )
        ).scalar()
        return None if found is None else from_body(found)

    def open_alerts(self) -> list[str]:
        """The ids of all."""
        is_open = select(alerts.c.id).where(alerts.c.closed_at.is_(None))
        return list(self._do.execute(is_open).scalars())

    def alert(self, alert_id: str) -> Alert | None:
        found = self._do.execute(select(alerts.c.body).where(alerts.c.id == alert_id)).scalar()
        return None if found is None else from_body(found)

    def save(self, alert: Alert, *, new: bool) -> None:
        """The alert, and the timer that goes with it."""
        values = {
            "gateway": alert.gateway,
            "unit": alert.unit,
            "state": alert.state.value,
            "raised_at": alert.raised_at,
            "closed_at": alert.closed_at,
            "outcome": alert.outcome,
            "body": to_body(alert),
        }
        if new:
            self._do.execute(insert(alerts).values(id=alert.id, **values))
        else:
            self._do.execute(update(alerts).where(alerts.c.id == alert.id).values(values))
        self.set_timer(ALERT, alert.id, alert.due_at)

    def log_event(self, alert: Alert, event: DeviceEvent, now: datetime) -> None:
        self._do.execute(
            insert(log).values(
                alert=alert.id,
                at=now,
                what=event.kind,
                details={**event.details, "device": event.device},
                occurred_at=event.occurred_at,
                exact=event.exact,
                age_s=event.age_s,
            )
        )
        of_kind = (log.c.alert == alert.id, log.c.what == event.kind)
        surplus = (
            select(log.c.number)
            .where(*of_kind)
            .order_by(log.c.occurred_at.desc(), log.c.number.desc())
            .offset(MOST_LINES_OF_A_KIND)
        )
        self._do.execute(delete(log).where(log.c.number.in_(surplus)))

    def log_word(
        self, alert: Alert, what: str, person: str | None, now: datetime, **details: str
    ) -> None:
        """person: None: the resident's own word."""
        self._do.execute(
            insert(log).values(alert=alert.id, at=now, what=what, person=person, details=details)
        )

    # --- timers ---

    def set_timer(self, kind: str, subject: str, due_at: datetime | None) -> None:
        mine = (timers.c.kind == kind, timers.c.subject == subject)
        if due_at is None:
            self._do.execute(delete(timers).where(*mine))
        elif not insert_new(self._do, timers, {"kind": kind, "subject": subject, "due_at": due_at}):
            self._do.execute(update(timers).where(*mine).values(due_at=due_at))

    def due_timers(
        self, now: datetime, doubtful_after: timedelta, most: int
    ) -> list[tuple[str, str, datetime]]:
        """Those that have come due, and those so far ahead that the clock may have stepped back."""
        rows = self._do.execute(
            select(timers.c.kind, timers.c.subject, timers.c.due_at)
            .where(or_(timers.c.due_at <= now, timers.c.due_at > now + doubtful_after))
            .order_by(timers.c.due_at)
            .limit(most)
        )
        return [(row.kind, row.subject, row.due_at) for row in rows]

    def next_timer(self) -> datetime | None:
        found: datetime | None = self._do.execute(
            select(timers.c.due_at).order_by(timers.c.due_at).limit(1)
        ).scalar()
        return found

    def timer_due_at(self, kind: str, subject: str) -> datetime | None:
        found: datetime | None = self._do.execute(
            select(timers.c.due_at).where(timers.c.kind == kind, timers.c.subject == subject)
        ).scalar()
        return found

    # --- notices ---

    def add_notices(
        self,
        to: Iterable[tuple[str, int]],
        reason: str,
        now: datetime,
        *,
        alert: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> int:
        """One row for each (person, channel) in *to*; how many."""
        rows = [
            {
                "alert": alert,
                "person": person,
                "channel": channel,
                "reason": reason,
                "details": details or {},
                "state": "waiting",
                "made_at": now,
                "due_at": now,
                "attempts": 0,
            }
            for person, channel in to
        ]
        if rows:
            self._do.execute(insert(notices), rows)
        return len(rows)

    def withdraw(self, alert: Alert) -> None:
        """What has not gone out and asks for an answer; of a closed alert, all of it."""
        mine = [notices.c.alert == alert.id, notices.c.state == "waiting"]
        if alert.is_open:
            mine.append(notices.c.reason.in_([reason.value for reason in ASKING]))
        else:
            mine.append(notices.c.reason != Reason.CLOSED.value)
        self._do.execute(update(notices).where(*mine).values(state="withdrawn"))

    def claim_notices(
        self,
        now: datetime,
        lease: timedelta,
        longest_wait: timedelta,
        busy: set[tuple[str, int]],
        most: int,
    ) -> list[Any]:
        """Notices due and nobody else's, the first of each person's channel; ours for *lease*.

        A time further ahead than any that is set was set by a clock that has been corrected since.
        """
        claimed = notices.c.claimed_until
        rows = self._do.execute(
            select(notices)
            .where(
                notices.c.state == "waiting",
                or_(notices.c.due_at <= now, notices.c.due_at > now + longest_wait),
                or_(claimed.is_(None), claimed <= now, claimed > now + lease),
                # Here, not below: one silent channel's backlog must not fill the whole answer.
                *_not_for(busy),
            )
            .order_by(notices.c.due_at, notices.c.number)
            .limit(most)
            .with_for_update(skip_locked=True)
        ).all()
        taken: set[tuple[str, int]] = set()
        mine = []
        for row in rows:
            lane = (row.person, row.channel)
            if lane not in taken:
                taken.add(lane)
                mine.append(row)
        if mine:
            self._do.execute(
                update(notices)
                .where(notices.c.number.in_([row.number for row in mine]))
                .values(claimed_until=now + lease)
            )
        return mine

    def next_notice(self, busy: set[tuple[str, int]]) -> datetime | None:
        """When the next notice is due and nobody's; of channels that are not in *busy*."""
        claimed = notices.c.claimed_until
        free_at = case((claimed > notices.c.due_at, claimed), else_=notices.c.due_at)
        found: datetime | None = self._do.execute(
            select(free_at)
            .where(notices.c.state == "waiting", *_not_for(busy))
            .order_by(free_at)
            .limit(1)
        ).scalar()
        return found

    def notice(self, number: int) -> Any:
        return self._do.execute(select(notices).where(notices.c.number == number)).first()

    def set_notice(self, number: int, **values: Any) -> None:
        self._do.execute(update(notices).where(notices.c.number == number).values(**values))

    def mark_delivered(self, alert_id: str, person: str, now: datetime) -> bool:
        """What this person was sent about the alert has been seen; whether that is news."""
        result = self._do.execute(
            update(notices)
            .where(
                notices.c.alert == alert_id,
                notices.c.person == person,
                notices.c.state == "sent",
            )
            .values(state="delivered", delivered_at=now)
        )
        return result.rowcount > 0

    def somebody_may_still_be_reached(self, alert: Alert, since: datetime) -> bool:
        """Whether a notice made since then has gone out, or has not been tried yet."""
        found = self._do.execute(
            select(notices.c.number)
            .where(
                notices.c.alert == alert.id,
                notices.c.made_at >= since,
                notices.c.reason.in_([reason.value for reason in ASKING]),
                or_(
                    notices.c.state.in_(("sent", "delivered")),
                    (notices.c.state == "waiting") & (notices.c.attempts == 0),
                ),
            )
            .limit(1)
        ).first()
        return found is not None

    def newest_call(self, alert_id: str) -> Any:
        """The log row of the newest press or stillness, whichever came in last."""
        return self._do.execute(
            select(log)
            .where(log.c.alert == alert_id, log.c.what.in_(("press", "stillness")))
            .order_by(log.c.occurred_at.desc(), log.c.number.desc())
            .limit(1)
        ).first()

    # --- the stream ---

    def append_to_stream(
        self, gateway: str, now: datetime, kind: str, items: list[dict[str, Any]]
    ) -> None:
        """Numbered without a gap and in the order of their commits: the gateway's row is locked."""
        number = self.lock_gateway(gateway, now).last_item
        for item in items:
            number += 1
            self._do.execute(
                insert(stream).values(
                    gateway=gateway,
                    item=number,
                    at=now,
                    device=item["device"],
                    kind=kind,
                    data=item,
                )
            )
        self.set_gateway(gateway, last_item=number)

    def last_item(self, gateway: str) -> int:
        """The number of its newest stream item; 0: there has been none."""
        mine = select(gateways.c.last_item).where(gateways.c.gateway == gateway)
        return self._do.execute(mine).scalar() or 0

    def stream_after(self, gateway: str, item: int, most: int) -> list[Any]:
        return list(
            self._do.execute(
                select(stream)
                .where(stream.c.gateway == gateway, stream.c.item > item)
                .order_by(stream.c.item)
                .limit(most)
            )
        )


def _not_for(busy: set[tuple[str, int]]) -> list[Any]:
    """Of notices: those for none of these (person, channel)."""
    return [
        or_(notices.c.person != person, notices.c.channel != channel)
        for person, channel in sorted(busy)
    ]
