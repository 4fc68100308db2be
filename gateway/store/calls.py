"""SQL about calls for help that wait to be taken by a destination."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from gateway.store.schema import devices, events, lights, outbox

# Events that call somebody by themselves.
CALLS = ("press", "stillness")
_OF = and_(
    events.c.device == outbox.c.device,
    events.c.boot == outbox.c.boot,
    events.c.seq == outbox.c.seq,
    events.c.copy == outbox.c.copy,
)

# Asked every two seconds, and so built once: building takes longer than SQLite takes to answer.
_UNTAKEN = (
    select(outbox.c.device, devices.c.unit, outbox.c.boot, outbox.c.seq, outbox.c.set_aside_why)
    .join(events, _OF)
    .join(devices, devices.c.device == outbox.c.device)
    .where(
        outbox.c.alarm,
        events.c.kind.in_(CALLS),
        (outbox.c.waiting & (outbox.c.received_at < bindparam("before_ms")))
        | outbox.c.set_aside_at.is_not(None),
        devices.c.retired_at.is_(None),
    )
    .order_by(outbox.c.boot, outbox.c.seq)
)
_TAKEN_SINCE = (
    select(outbox.c.id)
    .join(events, _OF)
    .where(
        outbox.c.device == bindparam("which"),
        events.c.kind.in_(CALLS),
        outbox.c.delivered_at.is_not(None),
        (outbox.c.boot > bindparam("call_boot"))
        | ((outbox.c.boot == bindparam("call_boot")) & (outbox.c.seq > bindparam("call_seq"))),
    )
    .limit(1)
)


def untaken(connection: Connection, before_ms: int) -> dict[str, Any]:
    """Of each device in service its newest call (device, unit, boot, seq, set_aside_why), where
    that was received before *before_ms* and still waits, or was set aside."""
    found = connection.execute(_UNTAKEN, {"before_ms": before_ms}).all()
    newest = {row.device: row for row in found}
    return {device: row for device, row in newest.items() if not _taken_since(connection, row)}


def _taken_since(connection: Connection, call: Any) -> bool:
    """Whether a newer call of the same device has been taken: somebody knows, then."""
    which = {"which": call.device, "call_boot": call.boot, "call_seq": call.seq}
    return connection.execute(_TAKEN_SINCE, which).first() is not None


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
