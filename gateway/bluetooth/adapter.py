"""The computer's Bluetooth adapter, by bleak: on a Raspberry Pi that is BlueZ, over D-Bus."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from doorknock import improv

from gateway.bluetooth.air import BluetoothError, Trouble

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

_T = TypeVar("_T")
# BlueZ gives up connecting by itself after 40 s; a device in the same room takes 2 s.
_CONNECT_S = 20.0
_ASK_S = 10.0


class Adapter:
    """See gateway.bluetooth.air.Air."""

    def __init__(self) -> None:
        try:
            import bleak  # noqa: F401 - only whether it is there
        except ImportError:
            raise BluetoothError(Trouble.NO_LIBRARY) from None

    async def find(self, device: str, within_s: float) -> "Connected | None":
        from bleak import BleakClient, BleakScanner

        called = improv.name(device)

        def is_it(found: "BLEDevice", said: "AdvertisementData") -> bool:
            return called in (said.local_name, found.name)

        looking = BleakScanner.find_device_by_filter(
            is_it, timeout=within_s, service_uuids=[improv.SERVICE]
        )
        found = await _translated(looking, within_s + _ASK_S, Trouble.BROKEN)
        if found is None:
            return None
        client = BleakClient(found, timeout=_CONNECT_S)
        await _translated(client.connect(), _CONNECT_S + _ASK_S, Trouble.GONE)
        return Connected(client)


class Connected:
    """See gateway.bluetooth.air.Peer."""

    def __init__(self, client: "BleakClient") -> None:
        self._client = client

    async def read(self, characteristic: str) -> bytes:
        value = self._client.read_gatt_char(characteristic)
        return bytes(await _translated(value, _ASK_S, Trouble.GONE))

    async def write(self, characteristic: str, value: bytes) -> None:
        writing = self._client.write_gatt_char(characteristic, value, response=True)
        await _translated(writing, _ASK_S, Trouble.GONE)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self._client.disconnect(), _ASK_S)
        except Exception:
            # The device has gone, or the adapter; either way there is no connection left.
            return


async def _translated(asking: Coroutine[Any, Any, _T], most_s: float, else_: Trouble) -> _T:
    """What it gives, or the trouble that it is; `else_` for what has no name of its own."""
    from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
    from bleak.exc import BleakBluetoothNotAvailableReason as Reason

    try:
        return await asyncio.wait_for(asking, most_s)
    except BleakBluetoothNotAvailableError as error:
        reasons = {
            Reason.NO_BLUETOOTH: Trouble.NO_ADAPTER,
            Reason.NO_BLE_CENTRAL_ROLE: Trouble.NO_ADAPTER,
            Reason.POWERED_OFF: Trouble.ADAPTER_OFF,
            Reason.UNKNOWN: Trouble.BROKEN,
        }
        raise BluetoothError(reasons.get(error.reason, Trouble.NO_RIGHTS)) from None
    except BleakDBusError as error:
        raise BluetoothError(_DBUS.get(error.dbus_error, else_)) from None
    except TimeoutError:
        raise BluetoothError(else_) from None
    except (BleakError, EOFError):
        raise BluetoothError(else_) from None
    except OSError:
        # No D-Bus at all: nothing of BlueZ is installed.
        raise BluetoothError(Trouble.NO_ADAPTER) from None


# What BlueZ and D-Bus call it.
_DBUS = {
    "org.freedesktop.DBus.Error.AccessDenied": Trouble.NO_RIGHTS,
    "org.freedesktop.DBus.Error.ServiceUnknown": Trouble.NO_ADAPTER,
    "org.freedesktop.DBus.Error.NameHasNoOwner": Trouble.NO_ADAPTER,
    "org.freedesktop.DBus.Error.UnknownObject": Trouble.GONE,
    "org.bluez.Error.NotReady": Trouble.ADAPTER_OFF,
    "org.bluez.Error.NotPermitted": Trouble.NO_RIGHTS,
}
