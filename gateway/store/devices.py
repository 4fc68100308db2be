"""SQL about devices: the registry, and what each was last known to be."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, select, update

from gateway.store.schema import devices


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
    """Whether any device, retired ones too, has this secret."""
    return (
        connection.execute(select(devices.c.device).where(devices.c.secret == secret)).first()
        is not None
    )


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


def shift_last_heard(connection: Connection, step_ms: int) -> None:
    """The clock was set by *step_ms*: says when each device was last heard by the clock as it is
    now."""
    connection.execute(update(devices).values(last_heard_at=devices.c.last_heard_at + step_ms))


@lru_cache
def _change(columns: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return update(devices).where(devices.c.device == bindparam("which")).values(**values)


def change(connection: Connection, device: str, values: Mapping[str, Any]) -> None:
    """Sets columns of one device."""
    connection.execute(_change(tuple(sorted(values))), {"which": device, **values})
