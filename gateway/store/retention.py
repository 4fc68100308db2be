"""SQL that forgets: what was delivered, what is old. What remains is what keeps a copy of an event
from being taken for a new one: `seen`, and of alarms the signature, which tells nobody anything."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from doorknock import wire
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select

from gateway.store import events as table
from gateway.store.schema import (
    clocks,
    devices,
    events,
    outbox,
    said_oks,
    set_aside,
    signatures,
)

DAY_MS = 86_400_000
# Told and done with. A row for each would be a diary of a sensor's questions and answers.
FLEETING = ("prompt", "ok")
# One transaction holds up the intake, and so an alarm, for no longer than a few ms.
AT_ONCE = 200
COUNTED = "events "


def forget_told(connection: Connection, parcels: Sequence[int]) -> None:
    """Of the events of these *parcels* (rows of `outbox`), deletes the fleeting ones that every
    destination has by now."""
    others = outbox.alias()
    told = connection.execute(
        select(events.c.id)
        .join(outbox, _of_event(outbox))
        .where(
            outbox.c.id.in_(parcels),
            events.c.kind.in_(FLEETING),
            ~exists(select(others.c.id).where(_of_event(others), others.c.waiting)),
        )
    ).scalars()
    _forget(connection, list(told))


def sweep(connection: Connection, now_ms: int, keep_ms: int) -> bool:
    """Forgets AT_ONCE of what is old; whether there is more. keep_ms: how long events are kept."""
    old_ms = now_ms - keep_ms
    old = connection.execute(
        select(events.c.id, events.c.kind, events.c.received_at)
        .where(
            events.c.received_at < old_ms,
            ~exists(select(outbox.c.id).where(_of_event(outbox), outbox.c.waiting)),
        )
        .order_by(events.c.id)
        .limit(AT_ONCE)
    ).all()
    counted = Counter(f"{COUNTED}{_month(one.received_at)} {one.kind}" for one in old)
    table.count(connection, counted)
    _forget(connection, [one.id for one in old])
    done = connection.execute(
        select(outbox.c.id)
        .where((outbox.c.delivered_at < now_ms - DAY_MS) | (outbox.c.set_aside_at < old_ms))
        .limit(AT_ONCE)
    ).scalars()
    gone = list(done)
    connection.execute(delete(outbox).where(outbox.c.id.in_(gone)))
    connection.execute(delete(set_aside).where(set_aside.c.at < old_ms))
    connection.execute(delete(said_oks).where(said_oks.c.until_ms < now_ms))
    newer = select(devices.c.device).where(
        devices.c.device == clocks.c.device, devices.c.highest_boot > clocks.c.boot
    )
    connection.execute(delete(clocks).where(clocks.c.arrival_ms < old_ms, exists(newer)))
    return len(old) == AT_ONCE or len(gone) == AT_ONCE


def forget_devices(connection: Connection, devices_of: Sequence[str]) -> int:
    """What is kept of these devices' events becomes counts now, but for what a destination does
    not have yet; how many events."""
    old = connection.execute(
        select(events.c.id, events.c.kind, events.c.received_at).where(
            events.c.device.in_(devices_of),
            ~exists(select(outbox.c.id).where(_of_event(outbox), outbox.c.waiting)),
        )
    ).all()
    table.count(
        connection, Counter(f"{COUNTED}{_month(one.received_at)} {one.kind}" for one in old)
    )
    _forget(connection, [one.id for one in old])
    return len(old)


def events_of(connection: Connection, devices_of: Sequence[str]) -> int:
    """How many events of these devices are kept."""
    mine = select(func.count()).select_from(events).where(events.c.device.in_(devices_of))
    return int(connection.execute(mine).scalar_one())


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    if not ids:
        return
    of_alarms = select(
        events.c.device, events.c.boot, events.c.seq, events.c.copy, events.c.signature
    ).where(events.c.id.in_(ids), events.c.kind.in_(wire.ALARM_KINDS))
    connection.execute(
        signatures.insert().from_select(["device", "boot", "seq", "copy", "signature"], of_alarms)
    )
    connection.execute(delete(events).where(events.c.id.in_(ids)))


def _of_event(parcels: Any) -> ColumnElement[bool]:
    return and_(
        parcels.c.device == events.c.device,
        parcels.c.boot == events.c.boot,
        parcels.c.seq == events.c.seq,
        parcels.c.copy == events.c.copy,
    )


def _month(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m}"
