"""Forgets. What is not kept cannot be stolen, subpoenaed, or held against anybody."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from gateway.backend.ledger import insert_new
from gateway.backend.tables import alerts, log, notices, outcomes, stream

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
    for alert in old:
        _count(connection, f"{alert.closed_at:%Y-%m}", alert.outcome or "cancelled")
        for table in (notices, log):
            connection.execute(delete(table).where(table.c.alert == alert.id))
        connection.execute(delete(alerts).where(alerts.c.id == alert.id))
    connection.execute(
        delete(notices).where(
            notices.c.alert.is_(None),
            notices.c.made_at < now - KEEP_ALERTS,
            notices.c.state != "waiting",
        )
    )
    newer = stream.alias()
    connection.execute(
        delete(stream).where(
            stream.c.at < now - KEEP_STREAM,
            select(newer.c.item)
            .where(
                newer.c.gateway == stream.c.gateway,
                newer.c.device == stream.c.device,
                newer.c.item > stream.c.item,
            )
            .exists(),
        )
    )
    return len(old)


def _count(connection: Connection, month: str, outcome: str) -> None:
    mine = (outcomes.c.month == month, outcomes.c.outcome == outcome)
    if not insert_new(connection, outcomes, {"month": month, "outcome": outcome, "number": 1}):
        connection.execute(update(outcomes).where(*mine).values(number=outcomes.c.number + 1))
