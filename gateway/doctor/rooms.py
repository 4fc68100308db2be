"""The devices: heard, in time, with battery."""

from collections.abc import Iterator

from sqlalchemy import select

from gateway import devices
from gateway.backend.tables import devices as known_devices
from gateway.devices import Device
from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.patient import Patient
from gateway.doctor.stores import ago
from gateway.store.read_only import open_read_only
from gateway.supervision import late

# Where the firmware says "low" unless its board says otherwise: firmware/doorknock/health.py. A
# lithium cell is low long before; the device knows, and has said so.
LOW_MILLIVOLTS = 2300
# More than these are a number: a list of forty rooms is read by nobody.
NAMED = 5


def rooms(patient: Patient) -> Iterator[Finding]:
    """Who has never been heard, who is late, whose battery is low."""
    store = open_read_only(patient.gateway_store)
    try:
        all_ = devices.in_service(store)
    finally:
        store.close()
    if not all_:
        yield look("devices", "there is none yet", "set one up: docs/provisioning.md")
        return
    heard = [one.last_heard_at_ms for one in all_ if one.last_heard_at_ms is not None]
    if heard and max(heard) > patient.now_ms + 60_000:
        yield wrong(
            "clock",
            "devices were heard later than it is now: the clock has gone back",
            "set this computer's clock: sudo timedatectl set-ntp true",
        )
        return
    if not patient.runs:
        yield look(
            "devices",
            f"{len(all_)}; nobody listens to them now",
            "start the gateway, and ask again in half an hour",
        )
        return
    never = [one for one in all_ if one.last_heard_at_ms is None]
    silent = [
        one
        for one in all_
        if one.last_heard_at_ms is not None and late(one, patient.now_ms, _hears_since_ms(patient))
    ]
    said_low = _said_low(patient)
    low = [
        one
        for one in all_
        if one.device in said_low
        or (one.battery_millivolts is not None and 0 < one.battery_millivolts < LOW_MILLIVOLTS)
    ]
    if never:
        yield look(
            "devices", f"never heard: {_units(never)}", "see that they have power and the Wi-Fi"
        )
    if silent:
        longest = patient.now_ms - min(one.last_heard_at_ms or 0 for one in silent)
        yield wrong(
            "devices",
            f"silent, up to {ago(longest)}: {_units(silent)}",
            "look at their light; see to power and Wi-Fi",
        )
    if low:
        yield look("devices", f"battery low: {_units(low)}", "change it in these days")
    if not (never or silent or low):
        yield well("devices", f"all {len(all_)} heard in time")


def _said_low(patient: Patient) -> set[str]:
    """The devices that have said of themselves that their battery is low, where we can know."""
    try:
        if patient.backend_store is None:
            return set()
        store = open_read_only(patient.backend_store)
    except FileNotFoundError:
        return set()
    try:
        with store.read() as connection:
            low = select(known_devices.c.device).where(known_devices.c.battery_low)
            return set(connection.scalars(low))
    finally:
        store.close()


def _hears_since_ms(patient: Patient) -> int:
    """Since when this gateway hears: its broker's start. Devices are not blamed for our absence."""
    try:
        started = (patient.settings.data / "broker" / "pid").stat().st_mtime
    except OSError:
        return 0
    return int(started * 1000)


def _units(found: list[Device]) -> str:
    names = [one.unit for one in found[:NAMED]]
    more = len(found) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
