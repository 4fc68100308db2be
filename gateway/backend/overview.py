"""What there is to see: open alerts and all that belongs to them, devices, gateways. Only reads."""

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from gateway.backend.alert import Alert
from gateway.backend.alert_record import UNREADABLE, from_body
from gateway.backend.happenings import ASKING, Kind
from gateway.backend.tables import alerts, devices, gateways, log, notices


class Reach(StrEnum):
    """How far a person has been reached."""

    NO_WAY = "no_way"  # no channel is set up
    TRYING = "trying"  # nothing has gone out yet
    FAILING = "failing"  # tried, and it did not go out
    SENT = "sent"  # a service has taken it; nobody knows more
    DELIVERED = "delivered"  # the phone, or the person, has it


@dataclass(frozen=True, slots=True)
class Reached:
    """One person who was asked. at: when it was first sent, or delivered; None before."""

    person: str
    reach: Reach
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened in an alert. person: whose word it was; None: a device's."""

    at: datetime
    what: str
    person: str | None
    details: dict[str, Any]
    occurred_at: datetime | None
    exact: bool
    age_s: float


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert, what happened in it (oldest first), and who was reached."""

    alert: Alert
    lines: tuple[Line, ...]
    reached: tuple[Reached, ...]

    @property
    def calls(self) -> list[Line]:
        """The newest press and the newest stillness, the later one first, whichever came in last:
        whoever is pressed for may not breathe either."""
        newest = []
        for what in ("press", "stillness"):
            told = [line for line in self.lines if line.what == what]
            # Of two of the same moment the later line; reversed, as max() takes the first.
            newest += [max(reversed(told), key=_when)] if told else []
        return sorted(newest, key=_when, reverse=True)

    @property
    def presses(self) -> int:
        """How many presses the devices have told of; a series of taps is one, or two."""
        return sum(line.what == "press" for line in self.lines)

    @property
    def somebody_may_be_reached(self) -> bool:
        """Whether a message has gone out, or has not been tried yet."""
        hopeless = (Reach.NO_WAY, Reach.FAILING)
        return any(one.reach not in hopeless for one in self.reached)


@dataclass(frozen=True, slots=True)
class Overview:
    """All at one moment. alerts: urgent first, then those that have waited longest."""

    alerts: tuple[AlertView, ...]
    devices: tuple[Any, ...]
    gateways: tuple[Any, ...]

    @property
    def fingerprint(self) -> str:
        """Differs when anything here does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def _when(line: Line) -> datetime:
    return line.occurred_at or line.at


def overview(connection: Connection) -> Overview:
    """What is open now, and how the devices are. As many questions for a house full of open
    alerts as for one."""
    is_open = alerts.c.closed_at.is_(None)
    rows = connection.execute(select(alerts.c.body).where(is_open))
    views = _views(connection, _readable(row.body for row in rows), is_open)
    views.sort(key=lambda one: (one.alert.kind is not Kind.URGENT, one.alert.raised_at))
    return replace(surroundings(connection), alerts=tuple(views))


def _readable(bodies: Iterable[Any]) -> list[Alert]:
    """Those that can be read: one that cannot (its timer tells of it) must not hide the others."""
    found = []
    for body in bodies:
        with contextlib.suppress(*UNREADABLE):
            found.append(from_body(body))
    return found


def surroundings(connection: Connection) -> Overview:
    """Devices and gateways alone: what the banner of a page about something else needs."""
    return Overview(
        alerts=(),
        devices=tuple(connection.execute(select(devices).order_by(devices.c.unit))),
        gateways=tuple(connection.execute(select(gateways).order_by(gateways.c.gateway))),
    )


def alert_view(connection: Connection, alert_id: str) -> AlertView | None:
    """One alert, open or closed; None where there is none of that id."""
    is_it = alerts.c.id == alert_id
    body = connection.execute(select(alerts.c.body).where(is_it)).scalar()
    return None if body is None else _views(connection, [from_body(body)], is_it)[0]


def _views(
    connection: Connection, wanted: list[Alert], are_they: ColumnElement[bool]
) -> list[AlertView]:
    """The *wanted* alerts with all that belongs to them. are_they: as `alerts` knows them."""
    lines: dict[str, list[Line]] = {}
    rows = connection.execute(select(log).join(alerts).where(are_they).order_by(log.c.number))
    for row in rows:
        lines.setdefault(row.alert, []).append(_line(row))
    reached = _reached_by_person(connection, are_they)
    return [
        AlertView(
            alert=alert,
            lines=tuple(lines.get(alert.id, ())),
            reached=tuple(
                reached.get((alert.id, person), Reached(person, Reach.NO_WAY, None))
                for person in alert.asked
            ),
        )
        for alert in wanted
    ]


def _line(row: Any) -> Line:
    return Line(
        row.at,
        row.what,
        row.person,
        row.details,
        row.occurred_at,
        row.exact is not False,
        row.age_s or 0.0,
    )


def _reached_by_person(
    connection: Connection, are_they: ColumnElement[bool]
) -> dict[tuple[str, str], Reached]:
    """How far each person was reached who was written to about these alerts, by (alert, person).

    Counted by the database: three days unanswered are thousands of notices, and each open page
    asks for this every second.
    """
    mine = notices.c
    rows = connection.execute(
        select(
            mine.alert,
            mine.person,
            func.min(case((mine.state == "delivered", mine.delivered_at))).label("delivered_at"),
            func.min(case((mine.state == "sent", mine.sent_at))).label("sent_at"),
            func.count(mine.problem).label("problems"),
        )
        .join(alerts)
        .where(are_they, mine.reason.in_([reason.value for reason in ASKING]))
        .group_by(mine.alert, mine.person)
    )
    return {(row.alert, row.person): _reached(row) for row in rows}


def _reached(row: Any) -> Reached:
    if row.delivered_at is not None:
        return Reached(row.person, Reach.DELIVERED, row.delivered_at)
    if row.sent_at is not None:
        return Reached(row.person, Reach.SENT, row.sent_at)
    return Reached(row.person, Reach.FAILING if row.problems else Reach.TRYING, None)
