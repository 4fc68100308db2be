"""Forgets. What is not kept cannot be stolen, subpoenaed, or held against anybody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from gateway.backend.ledger import insert_new
from gateway.backend.plans import KEEP_LOOKS
from gateway.backend.questions import QUESTION_LASTS, forget_old
from gateway.backend.tables import alerts, log, looks, notices, outcomes, stream

# An outcome parts from its unit after a week (DESIGN, "Retention"); the rest of the alert goes too.
KEEP_ALERTS = timedelta(days=7)
# A gateway that was away for longer asks anew, and gets what each device last had to show.
KEEP_STREAM = timedelta(days=7)
_MOST_AT_ONCE = 200


def forget(connection: Connection, now: datetime) -> int:
    """Alerts closed a week ago become a count of their outcome a month; how many there were."""
    old = connection.execute(
        select(alerts.c.id, alerts.c.outcome, alerts.c.closed_at)
        .where(alerts.c.closed_at < now - KEEP_ALERTS)
        .limit(_MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    _count_and_delete(connection, old)
    connection.execute(
        delete(notices).where(
            notices.c.alert.is_(None),
            notices.c.made_at < now - KEEP_ALERTS,
            notices.c.state != "waiting",
        )
    )
    forget_old(connection, now)
    connection.execute(delete(looks).where(looks.c.opened_at < now - KEEP_LOOKS))
    # What was asked and answered in a room is no light that has to be shown again.
    connection.execute(
        delete(stream).where(stream.c.kind == "said_ok", stream.c.at < now - QUESTION_LASTS)
    )
    connection.execute(delete(stream).where(stream.c.at < now - KEEP_STREAM, _there_is_a_newer()))
    return len(old)


def _there_is_a_newer() -> ColumnElement[bool]:
    """Of a stream item: whether its device has been told something else since."""
    newer = stream.alias()
    return (
        select(newer.c.item)
        .where(
            newer.c.gateway == stream.c.gateway,
            newer.c.device == stream.c.device,
            newer.c.kind == stream.c.kind,
            newer.c.item > stream.c.item,
        )
        .exists()
    )


def forget_unit(connection: Connection, gateway: str, unit: str) -> int:
    """The closed alerts of a unit become counts now; how many there were. And of what its lights
    were told, which is when somebody called and when somebody came, the newest alone stays."""
    old = connection.execute(
        select(alerts.c.id, alerts.c.outcome, alerts.c.closed_at)
        .where(alerts.c.gateway == gateway, alerts.c.unit == unit, alerts.c.closed_at.is_not(None))
        .with_for_update()
    ).all()
    _count_and_delete(connection, old)
    of_unit = stream.c.data["unit"].as_string() == unit
    connection.execute(
        delete(stream).where(stream.c.gateway == gateway, of_unit, _there_is_a_newer())
    )
    return len(old)


def _count_and_delete(connection: Connection, old: Sequence[Any]) -> None:
    for alert in old:
        _count(connection, f"{alert.closed_at:%Y-%m}", alert.outcome or "cancelled")
        for table in (notices, log):
            connection.execute(delete(table).where(table.c.alert == alert.id))
        connection.execute(delete(alerts).where(alerts.c.id == alert.id))


def _count(connection: Connection, month: str, outcome: str) -> None:
    mine = (outcomes.c.month == month, outcomes.c.outcome == outcome)
    if not insert_new(connection, outcomes, {"month": month, "outcome": outcome, "number": 1}):
        connection.execute(update(outcomes).where(*mine).values(number=outcomes.c.number + 1))
