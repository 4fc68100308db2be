"""The devices of this gateway: which there are, what unit each is in, and its secret.

A device is added and retired here and nowhere else; whoever does so tells the broker afterwards
(gateway/broker.py, `write_keys`). Of a retired device its id and its numbers stay known for ever:
what it sends is refused by name, and where its board is used again, which takes a new secret, no
event of it bears a name that was used before.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from doorknock import wire
from sqlalchemy import Connection

from gateway.errors import DeviceError
from gateway.store import Store
from gateway.store import answers as answer_table
from gateway.store import devices as table
from gateway.store import lights as light_table

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
    unit = unit_name(new.unit)
    if new.device_type not in DEVICE_TYPES:
        raise DeviceError(
            f"A device is a button or a sensor, not {new.device_type!r}; write one of both."
        )
    return replace(new, device=device, unit=unit)


def unit_name(text: str) -> str:
    """The name of a unit, without blanks around it, which nobody sees. Raises DeviceError."""
    unit = text.strip()
    if not _UNIT.fullmatch(unit):
        raise DeviceError("A unit is a name of 1 to 64 characters, such as 204; write one.")
    return unit


def _insert(connection: Connection, new: NewDevice, now_ms: int) -> None:
    known = table.find(connection, new.device)
    if known is not None and known.retired_at is None:
        raise DeviceError(
            f"Device {new.device} is in unit {known.unit} already; look at the label again, every "
            "device has an id of its own."
        )
    if table.secret_is_used(connection, new.secret):
        raise DeviceError(
            f"The secret of device {new.device} belongs to another device, or did once; make one "
            "for each."
        )
    add = table.insert if known is None else table.revive
    add(connection, new.device, new.secret, new.unit, new.device_type, now_ms)


def put_into(store: Store, device: str, unit: str, device_type: str, *, now_ms: int) -> Device:
    """The device, in this unit and of this type, with a secret that is in force: its own where it
    has one, a fresh one where it has none (new here, or retired). Raises DeviceError, also while
    its call is open: whoever is on the way would be sent to another door."""
    device = _checked_id(device)
    fresh = NewDevice(device, secrets.token_bytes(wire.SECRET_BYTES), unit, device_type)
    checked = _checked(fresh)
    with store.write() as connection:
        known = table.find(connection, device)
        if known is None or known.retired_at is not None:
            _insert(connection, checked, now_ms)
        elif (known.unit, known.device_type) != (checked.unit, device_type):
            light = light_table.find(connection, device)
            if light is not None and light.state != "none":
                raise DeviceError(
                    f"A call of device {device} in {known.unit} is open; close it first, then run "
                    "this again."
                )
            table.change(connection, device, {"unit": checked.unit, "device_type": device_type})
            if known.unit != checked.unit and not table.others_in(connection, known.unit, device):
                answer_table.forget(connection, known.unit, now_ms)
    return get(store, device)


def renew_secret(store: Store, device: str) -> None:
    """A fresh secret for a device in service; the old one never works again. Raises DeviceError."""
    device = get(store, device).device
    with store.write() as connection:
        table.revoke(connection, device, secrets.token_bytes(wire.SECRET_BYTES))


def retire(store: Store, device: str, *, now_ms: int) -> None:
    """From now on the device is refused, its secret never works again, and what was known of it is
    gone. Raises DeviceError where there is none in service."""
    retire_all(store, [device], now_ms=now_ms)


def retire_all(store: Store, retiring: Iterable[str], *, now_ms: int) -> None:
    """The same for several; where it raises DeviceError, none of them is retired."""
    checked = [_checked_id(one) for one in retiring]
    with store.write() as connection:
        for device in checked:
            retire_within(connection, device, now_ms)


def retire_within(connection: Connection, device: str, now_ms: int) -> None:
    """As `retire`, within a transaction that writes more; device: 12 hex digits."""
    row = table.find(connection, device)
    if row is None or not table.retire(connection, device, now_ms):
        raise DeviceError(
            f"No device {device} is in service here; `doorknock device list` shows those that are."
        )
    # A secret that nobody has: not even by a fault of ours does the old one count again.
    table.revoke(connection, device, secrets.token_bytes(wire.SECRET_BYTES))
    table.forget(connection, device)
    if not table.others_in(connection, row.unit, device):
        # Whoever lives there next is asked anew.
        answer_table.forget(connection, row.unit, now_ms)


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
