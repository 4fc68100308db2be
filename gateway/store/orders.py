"""SQL about orders to devices, and about the settings that they say are in force."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, func, select, update

from gateway.store.events import upsert
from gateway.store.schema import devices, in_force, orders


class Row(Protocol):
    """A row of `orders`; the columns are described in schema.py."""

    id: int
    device: str
    number: int
    kind: str
    details: dict[str, int | str]
    ordered_by: str
    ordered_at: int
    sent_at: int | None
    state: str
    waits: bool
    answered_on: int | None
    answer: dict[str, Any] | None


def insert(connection: Connection, values: Mapping[str, Any]) -> int:
    """A new order; its id."""
    done = connection.execute(orders.insert().values(**values))
    key = done.inserted_primary_key
    return int(key[0]) if key else 0


def change(connection: Connection, order: int, values: Mapping[str, Any]) -> None:
    """Sets columns of one order."""
    connection.execute(update(orders).where(orders.c.id == order).values(**values))


def get(connection: Connection, order: int) -> Any:
    """The order of this id, or None."""
    return connection.execute(select(orders).where(orders.c.id == order)).one_or_none()


def numbered(connection: Connection, device: str, number: int) -> Any:
    """The order of this number, or None."""
    return connection.execute(
        select(orders).where(orders.c.device == device, orders.c.number == number)
    ).one_or_none()


def next_of(connection: Connection, device: str) -> Any:
    """The oldest order of this device that waits for an answer, or None."""
    return connection.execute(
        select(orders)
        .where(orders.c.device == device, orders.c.waits)
        .order_by(orders.c.number)
        .limit(1)
    ).one_or_none()


def unsent(connection: Connection) -> Sequence[Any]:
    """Of each device in service the oldest order that waits, where that was not sent yet."""
    first = (
        select(orders.c.device, func.min(orders.c.number).label("number"))
        .where(orders.c.waits)
        .group_by(orders.c.device)
        .subquery()
    )
    return connection.execute(
        select(orders)
        .join(
            first,
            (first.c.device == orders.c.device) & (first.c.number == orders.c.number),
        )
        .join(devices, devices.c.device == orders.c.device)
        .where(orders.c.sent_at.is_(None), devices.c.retired_at.is_(None))
    ).all()


def waiting_like(connection: Connection, device: str, kind: str) -> Sequence[Any]:
    """The orders of this kind that a device has not answered yet."""
    return connection.execute(
        select(orders).where(orders.c.device == device, orders.c.kind == kind, orders.c.waits)
    ).all()


def waiting(connection: Connection, device: str) -> Sequence[Any]:
    """All orders that a device has not answered yet."""
    return connection.execute(select(orders).where(orders.c.device == device, orders.c.waits)).all()


def of_device(connection: Connection, device: str, most: int) -> Sequence[Any]:
    """The newest orders of a device, newest first."""
    return connection.execute(
        select(orders).where(orders.c.device == device).order_by(orders.c.number.desc()).limit(most)
    ).all()


def tests_of(connection: Connection, device: str, most: int) -> Sequence[Any]:
    """The newest `act` orders of a device, newest first."""
    return connection.execute(
        select(orders)
        .where(orders.c.device == device, orders.c.kind == "act")
        .order_by(orders.c.number.desc())
        .limit(most)
    ).all()


def save_in_force(
    connection: Connection, device: str, settings: Mapping[str, Any], now_ms: int
) -> None:
    """What the device says is in force."""
    upsert(
        connection,
        in_force,
        [{"device": device, "settings": dict(settings), "said_at": now_ms}],
    )


def settings_of(connection: Connection, device: str) -> Any:
    """The row of `in_force` of this device, or None."""
    return connection.execute(select(in_force).where(in_force.c.device == device)).one_or_none()
