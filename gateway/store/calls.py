"""SQL about calls for help that wait to be taken by a destination."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, select

from gateway.store.schema import devices, events, lights, outbox

# Events that call somebody by themselves.
CALLS = ("press", "stillness")
_OF = and_(
    events.c.device == outbox.c.device,
    events.c.boot == outbox.c.boot,
    events.c.seq == outbox.c.seq,
    events.c.copy == outbox.c.copy,
)


def untaken(connection: Connection, before_ms: int) -> dict[str, Any]:
    """Of each device in service its newest call (device, unit, boot, seq, set_aside_why), where
    that was received before *before_ms* and still waits, or was set aside."""
    late = outbox.c.waiting & (outbox.c.received_at < before_ms)
    found = connection.execute(
        select(outbox.c.device, devices.c.unit, outbox.c.boot, outbox.c.seq, outbox.c.set_aside_why)
        .join(events, _OF)
        .join(devices, devices.c.device == outbox.c.device)
        .where(
            outbox.c.alarm,
            events.c.kind.in_(CALLS),
            late | outbox.c.set_aside_at.is_not(None),
            devices.c.retired_at.is_(None),
        )
        .order_by(outbox.c.boot, outbox.c.seq)
    ).all()
    newest = {row.device: row for row in found}
    return {device: row for device, row in newest.items() if not _taken_since(connection, row)}


def _taken_since(connection: Connection, call: Any) -> bool:
    """Whether a newer call of the same device has been taken: somebody knows, then."""
    newer = connection.execute(
        select(outbox.c.id)
        .join(events, _OF)
        .where(
            outbox.c.device == call.device,
            events.c.kind.in_(CALLS),
            outbox.c.delivered_at.is_not(None),
            (outbox.c.boot > call.boot)
            | ((outbox.c.boot == call.boot) & (outbox.c.seq > call.seq)),
        )
        .limit(1)
    )
    return newer.first() is not None


def was_taken(connection: Connection, device: str, boot: int, seq: int) -> bool:
    """Whether this call, or a newer one of the same device, has been taken within a day."""
    newest = connection.execute(
        select(func.count())
        .select_from(outbox)
        .join(events, _OF)
        .where(
            outbox.c.device == device,
            events.c.kind.in_(CALLS),
            outbox.c.delivered_at.is_not(None),
            (outbox.c.boot > boot) | ((outbox.c.boot == boot) & (outbox.c.seq >= seq)),
        )
    )
    return bool(newest.scalar_one())


def with_light(connection: Connection, state: str) -> Sequence[Any]:
    """The rows of `lights` in this state."""
    return connection.execute(select(lights).where(lights.c.state == state)).all()
