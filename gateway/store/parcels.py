"""SQL of the outbox: parcels that wait, and what came of them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from gateway.store.retention import forget_told
from gateway.store.schema import outbox

_WAITING = (
    select(
        outbox.c.id,
        outbox.c.device,
        outbox.c.alarm,
        outbox.c.parcel_id,
        outbox.c.body,
        outbox.c.received_at,
    )
    .where(
        outbox.c.destination == bindparam("destination"),
        outbox.c.waiting,
        outbox.c.alarm == bindparam("alarm"),
        outbox.c.id.not_in(bindparam("but", expanding=True)),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
_DELIVERED = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(delivered_at=bindparam("now_ms"), waiting=False, body="")
)


def waiting(
    connection: Connection, destination: str, *, alarm: bool, limit: int, but: Collection[int] = ()
) -> Sequence[Any]:
    """The oldest waiting parcels of a lane, (id, device, alarm, parcel_id, body, received_at)."""
    wanted = {"destination": destination, "alarm": alarm, "limit": limit, "but": list(but)}
    return connection.execute(_WAITING, wanted).all()


def delivered(connection: Connection, ids: Sequence[int], now_ms: int) -> None:
    """The destination has committed these: what was in them is not ours to keep."""
    connection.execute(_DELIVERED, {"ids": list(ids), "now_ms": now_ms})
    forget_told(connection, ids)


def put_aside(connection: Connection, id_: int, why: str, now_ms: int) -> None:
    """The destination will never take this one."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == id_)
        .values(set_aside_at=now_ms, set_aside_why=why, waiting=False)
    )


def depth(connection: Connection) -> tuple[int, int]:
    """How many parcels wait, in all lanes, and how many have been set aside."""
    aside = outbox.c.set_aside_at.is_not(None)
    counts = select(func.count().filter(outbox.c.waiting), func.count().filter(aside))
    waits, set_aside = connection.execute(counts.select_from(outbox)).one()
    return int(waits), int(set_aside)
