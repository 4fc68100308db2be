"""SQL about devices: the registry, and what each was last known to be."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, case, delete, exists, select, update

from gateway.store.schema import (
    clocks,
    devices,
    events,
    in_force,
    lights,
    orders,
    outbox,
    revoked,
    said_oks,
    setups,
    watches,
)


class Row(Protocol):
    """A row of `devices`; the columns are described in schema.py."""

    device: str
    secret: bytes
    device_type: str
    unit: str
    tier: str
    added_at: int
    retired_at: int | None
    last_heard_at: int | None
    online: bool | None
    battery_millivolts: int | None
    health: dict[str, int | str] | None
    highest_boot: int
    number_nonce: int | None
    number_given: int | None
    command_number: int


_FIND = select(devices).where(devices.c.device.in_(bindparam("ids", expanding=True)))


def find(connection: Connection, device: str) -> Row | None:
    """The row of this device, retired or not."""
    return find_all(connection, [device]).get(device)


def find_all(connection: Connection, ids: Collection[str]) -> dict[str, Row]:
    """The rows of those among *ids* that there are, retired or not."""
    rows: Sequence[Any] = connection.execute(_FIND, {"ids": list(ids)}).all()
    return {row.device: row for row in rows}


def in_service(connection: Connection) -> Sequence[Any]:
    """The rows of all devices that have not been retired, by unit."""
    return connection.execute(
        select(devices)
        .where(devices.c.retired_at.is_(None))
        .order_by(devices.c.unit, devices.c.device)
    ).all()


def secret_is_used(connection: Connection, secret: bytes) -> bool:
    """Whether any device has this secret, or had it once."""
    has = select(devices.c.device).where(devices.c.secret == secret)
    had = select(revoked.c.digest).where(revoked.c.digest == _digest(secret))
    return connection.execute(has).first() is not None or (
        connection.execute(had).first() is not None
    )


def revoke(connection: Connection, device: str, instead: bytes) -> None:
    """The device's secret is in force no more, and never will be again."""
    row = find(connection, device)
    if row is None:
        return
    digest = _digest(bytes(row.secret))
    known = select(revoked.c.digest).where(revoked.c.digest == digest)
    if connection.execute(known).first() is None:
        connection.execute(revoked.insert().values(digest=digest))
    change(connection, device, {"secret": instead})


def _digest(secret: bytes) -> bytes:
    """A random secret of 32 bytes cannot be found from it."""
    return hashlib.sha256(secret).digest()


def insert(
    connection: Connection, device: str, secret: bytes, unit: str, device_type: str, now_ms: int
) -> None:
    """Adds a row for a device never heard of before."""
    connection.execute(
        devices.insert().values(
            device=device,
            secret=secret,
            unit=unit,
            device_type=device_type,
            tier="none",
            added_at=now_ms,
            highest_boot=0,
            command_number=0,
        )
    )


def retire(connection: Connection, device: str, now_ms: int) -> bool:
    """False where no such device is in service."""
    done = connection.execute(
        update(devices)
        .where(devices.c.device == device, devices.c.retired_at.is_(None))
        .values(retired_at=now_ms)
    )
    return done.rowcount == 1


def revive(
    connection: Connection, device: str, secret: bytes, unit: str, device_type: str, now_ms: int
) -> None:
    """A retired device is used again. Its boot and order numbers go on from where they were; a
    number that was handed out before is not handed out again."""
    change(
        connection,
        device,
        {
            "secret": secret,
            "unit": unit,
            "device_type": device_type,
            "tier": "none",
            "added_at": now_ms,
            "retired_at": None,
            "number_nonce": None,
            "number_given": None,
        },
    )


def forget(connection: Connection, device: str) -> None:
    """Lets go of all that is known of a device but its name, its numbers and the audit. What has
    not come to every destination yet stays until it has: a press is never lost."""
    change(
        connection,
        device,
        {
            "unit": "",
            "tier": "none",
            "last_heard_at": None,
            "online": None,
            "battery_millivolts": None,
            "health": None,
        },
    )
    for table in (lights, said_oks, watches, in_force, clocks, setups):
        connection.execute(delete(table).where(table.c.device == device))
    # Last lines, and what a test was told by.
    connection.execute(update(orders).where(orders.c.device == device).values(answer=None))
    waits = exists(
        select(outbox.c.id).where(
            outbox.c.device == events.c.device,
            outbox.c.boot == events.c.boot,
            outbox.c.seq == events.c.seq,
            outbox.c.copy == events.c.copy,
            outbox.c.waiting,
        )
    )
    connection.execute(delete(events).where(events.c.device == device, ~waits))
    connection.execute(delete(outbox).where(outbox.c.device == device, ~outbox.c.waiting))


def others_in(connection: Connection, unit: str, device: str) -> Sequence[str]:
    """The other devices in service in this unit."""
    found = connection.execute(
        select(devices.c.device).where(
            devices.c.unit == unit, devices.c.device != device, devices.c.retired_at.is_(None)
        )
    )
    return [str(one) for one in found.scalars()]


def shift_last_heard(connection: Connection, step_ms: int, now_ms: int) -> None:
    """The clock was set by *step_ms*, to *now_ms*: says when each device was last heard by the
    clock as it is now. Never later than now: after a power cut a computer without a clock starts
    before the time at which it last heard them, by the clock that was right."""
    shifted = devices.c.last_heard_at + step_ms
    heard = case((shifted > now_ms, now_ms), else_=shifted)
    connection.execute(
        update(devices).where(devices.c.last_heard_at.is_not(None)).values(last_heard_at=heard)
    )


@lru_cache
def _change(columns: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return update(devices).where(devices.c.device == bindparam("which")).values(**values)


def change(connection: Connection, device: str, values: Mapping[str, Any]) -> None:
    """Sets columns of one device."""
    connection.execute(_change(tuple(sorted(values))), {"which": device, **values})
