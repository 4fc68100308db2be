"""The devices of this gateway: which there are, what unit each is in, and its secret.

A device is added and retired here and nowhere else; whoever does so tells the broker afterwards
(gateway/broker.py, `write_keys`). A retired device stays known for ever: its id cannot be given
away, and what it sends is refused by name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from doorknock import wire
from sqlalchemy import Connection

from gateway.errors import DeviceError
from gateway.store import Store
from gateway.store import devices as table

DEVICE_TYPES = ("button", "sensor")
_UNIT = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


@dataclass(frozen=True)
class Device:
    """A device as staff see it. Times Unix ms, None: never."""

    device: str
    secret: bytes = field(repr=False)
    device_type: str
    unit: str
    tier: str
    added_at_ms: int
    retired_at_ms: int | None
    last_heard_at_ms: int | None
    online: bool | None
    battery_millivolts: int | None


@dataclass(frozen=True)
class NewDevice:
    """A device to be added. Its secret is 32 bytes that no other device has."""

    device: str
    secret: bytes = field(repr=False)
    unit: str
    device_type: str


def register(
    store: Store, device: str, secret: bytes, unit: str, device_type: str, *, now_ms: int
) -> Device:
    """Adds a device. Its secret is 32 bytes that no other device has. Raises DeviceError."""
    register_all(store, [NewDevice(device, secret, unit, device_type)], now_ms=now_ms)
    return get(store, device)


def register_all(store: Store, new: Iterable[NewDevice], *, now_ms: int) -> None:
    """Adds all of them, or, where it raises DeviceError, none: one transaction, one flush."""
    checked = [_checked(one) for one in new]
    with store.write() as connection:
        for one in checked:
            _insert(connection, one, now_ms)


def _checked(new: NewDevice) -> NewDevice:
    device = _checked_id(new.device)
    if len(new.secret) != wire.SECRET_BYTES:
        raise DeviceError(
            f"The secret of device {device} has {len(new.secret)} bytes; give {wire.SECRET_BYTES}."
        )
    if len(set(new.secret)) == 1:
        raise DeviceError(f"The secret of device {device} is one byte repeated; make a random one.")
    if not _UNIT.fullmatch(new.unit):
        raise DeviceError("A unit is a name of 1 to 64 characters, such as 204; write one.")
    if new.device_type not in DEVICE_TYPES:
        raise DeviceError(
            f"A device is a button or a sensor, not {new.device_type!r}; write one of both."
        )
    return replace(new, device=device)


def _insert(connection: Connection, new: NewDevice, now_ms: int) -> None:
    known = table.find(connection, new.device)
    if known is not None:
        what = "was retired here" if known.retired_at is not None else f"is in unit {known.unit}"
        raise DeviceError(
            f"Device {new.device} {what} already; look at the label again, every device has an id "
            "of its own."
        )
    if table.secret_is_used(connection, new.secret):
        raise DeviceError(
            f"The secret of device {new.device} belongs to another device; make one for each."
        )
    table.insert(connection, new.device, new.secret, new.unit, new.device_type, now_ms)


def retire(store: Store, device: str, *, now_ms: int) -> None:
    """From now on the device is refused. Raises DeviceError where there is none in service."""
    retire_all(store, [device], now_ms=now_ms)


def retire_all(store: Store, retiring: Iterable[str], *, now_ms: int) -> None:
    """From now on they are refused; where it raises DeviceError, none of them is retired."""
    checked = [_checked_id(one) for one in retiring]
    with store.write() as connection:
        for device in checked:
            retire_within(connection, device, now_ms)


def retire_within(connection: Connection, device: str, now_ms: int) -> None:
    """As `retire`, within a transaction that writes more; device: 12 hex digits."""
    if not table.retire(connection, device, now_ms):
        raise DeviceError(
            f"No device {device} is in service here; `doorknock device list` shows those that are."
        )


def get(store: Store, device: str) -> Device:
    """The device with this id, retired or not. Raises DeviceError."""
    device = _checked_id(device)
    with store.read() as connection:
        row = table.find(connection, device)
    if row is None:
        raise DeviceError(
            f"There is no device {device} here; `doorknock device list` shows those that are."
        )
    return _device(row)


def in_service(store: Store) -> list[Device]:
    """Every device that has not been retired, by unit."""
    with store.read() as connection:
        return [_device(row) for row in table.in_service(connection)]


def _checked_id(device: str) -> str:
    try:
        return wire.device_id(device)
    except ValueError:
        raise DeviceError(
            f"{device!r} is no device id; write its 12 hex digits, as on its label."
        ) from None


def _device(row: table.Row) -> Device:
    return Device(
        device=row.device,
        secret=row.secret,
        device_type=row.device_type,
        unit=row.unit,
        tier=row.tier,
        added_at_ms=row.added_at,
        retired_at_ms=row.retired_at,
        last_heard_at_ms=row.last_heard_at,
        online=row.online,
        battery_millivolts=row.battery_millivolts,
    )
