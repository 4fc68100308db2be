"""A device as staff see it: what it is, how it is, what is in force, what was ordered of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from doorknock import wire
from sqlalchemy import Connection

from gateway.errors import DeviceError
from gateway.orders import log_of
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.store import orders as order_table

# The audit is kept for good; so much of it is shown.
ORDERS_SHOWN = 50


@dataclass(frozen=True)
class Order:
    """What was ordered. answered_on: the day; state: of gateway/orders.py, or what was answered."""

    id: int
    number: int
    kind: str
    details: dict[str, int | str]
    ordered_by: str
    ordered_at: datetime
    sent: bool
    state: str
    waits: bool
    answered_on: datetime | None
    wrong: str
    log: str | None

    @property
    def what(self) -> str:
        """What was ordered, as a program would name it: "set answer_s=20", "restart"."""
        if self.kind == "act":
            return str(self.details.get("what", ""))
        if self.kind == "update":
            return "update" if self.details else "update: stop"
        values = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.kind} {values}".strip()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "number": self.number,
            "order": self.kind,
            "details": self.details,
            "by": self.ordered_by,
            "ordered_at": self.ordered_at.isoformat(),
            "sent": self.sent,
            "state": self.state,
            "wrong": self.wrong or None,
        }


@dataclass(frozen=True)
class View:
    """One device. health: the details of its newest heartbeat. settings: as it last said."""

    device: str
    unit: str
    device_type: str
    tier: str
    added_at: datetime
    retired_at: datetime | None
    last_heard_at: datetime | None
    online: bool | None
    battery_millivolts: int | None
    health: dict[str, int | str]
    settings: dict[str, int | str] | None = None
    orders: list[Order] = field(default_factory=list)

    @property
    def firmware(self) -> str:
        """Its version; "" before the first heartbeat."""
        return str(self.health.get("firmware", ""))

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "device": self.device,
            "unit": self.unit,
            "type": self.device_type,
            "tier": self.tier,
            "firmware": self.firmware or None,
            "last_heard_at": self.last_heard_at and self.last_heard_at.isoformat(),
            "online": self.online,
            "battery_millivolts": self.battery_millivolts,
        }


def all_in_service(store: Store) -> list[View]:
    """Every device that has not been retired, by unit; without settings and orders."""
    with store.read() as connection:
        return [_view(row) for row in device_table.in_service(connection)]


def find(store: Store, text: str) -> View:
    """The device of this id, or the only one in this unit, with all that is known of it.

    Raises DeviceError, one sentence."""
    with store.read() as connection:
        row = device_table.find(connection, _id_of(connection, text))
        if row is None:
            raise DeviceError(
                f"There is no device {text} here; `doorknock device list` shows those that are."
            )
        said = order_table.settings_of(connection, row.device)
        orders = order_table.of_device(connection, row.device, ORDERS_SHOWN)
        return _view(
            row,
            settings=dict(said.settings) if said else None,
            orders=[_order(order) for order in orders],
        )


def order_of(store: Store, order: int) -> Order:
    """The order of this id, as it stands now."""
    with store.read() as connection:
        return _order(order_table.get(connection, order))


def is_behind_another(store: Store, order: int) -> bool:
    """Whether its device was sent an earlier order and has not answered that: it takes one after
    the other."""
    with store.read() as connection:
        row = order_table.get(connection, order)
        first = order_table.next_of(connection, row.device)
    return first is not None and first.number < row.number and first.sent_at is not None


def _id_of(connection: Connection, text: str) -> str:
    try:
        return wire.device_id(text)
    except ValueError:
        there = [row.device for row in device_table.in_service(connection) if row.unit == text]
    if len(there) == 1:
        return str(there[0])
    if there:
        raise DeviceError(f"In {text} there are several devices: {', '.join(there)}; name one.")
    raise DeviceError(
        f"{text!r} is neither a device's id (12 hex digits, as on its label) nor a unit that has "
        "one; `doorknock device list` shows them."
    )


def _view(row: Any, **more: Any) -> View:
    return View(
        device=row.device,
        unit=row.unit,
        device_type=row.device_type,
        tier=row.tier,
        added_at=_utc(row.added_at),
        retired_at=_utc(row.retired_at) if row.retired_at is not None else None,
        last_heard_at=_utc(row.last_heard_at) if row.last_heard_at is not None else None,
        online=row.online,
        battery_millivolts=row.battery_millivolts,
        health=dict(row.health or {}),
        **more,
    )


def _order(row: order_table.Row) -> Order:
    return Order(
        id=row.id,
        number=row.number,
        kind=row.kind,
        details=dict(row.details),
        ordered_by=row.ordered_by,
        ordered_at=_utc(row.ordered_at),
        sent=row.sent_at is not None,
        state=row.state,
        waits=row.waits,
        answered_on=_utc(row.answered_on) if row.answered_on is not None else None,
        wrong=str((row.answer or {}).get("wrong", "")),
        log=log_of(row),
    )


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
