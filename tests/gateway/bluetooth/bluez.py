# ruff: noqa: F821, F722 - D-Bus types stand where Python's would
"""A stand-in for BlueZ on a D-Bus of its own, whose radio is a stack in the virtual room.

As much of org.bluez (doc/org.bluez.*.rst of BlueZ 5.66) as bleak asks for: an adapter, devices that
were heard, their services once connected. So the gateway's own adapter runs as it is.
"""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bumble.core import AdvertisingData
from bumble.device import Advertisement
from dbus_fast import BusType, DBusError, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_property, method

from sim.bluetooth.central import Central, Connected

ADAPTER = "/org/bluez/hci0"
READ_ONLY = PropertyAccess.READ
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    {rule}
  </policy>
</busconfig>
"""
FORBIDDEN = '<deny send_destination="org.bluez"/>'


@contextlib.asynccontextmanager
async def bus(folder: Path, rule: str = "") -> AsyncIterator[str]:
    """A message bus for this test alone; its address. rule: more policy."""
    socket = folder / "bus"
    file = folder / "bus.conf"
    file.write_text(CONFIGURATION.format(socket=socket, rule=rule))
    command = ["dbus-daemon", f"--config-file={file}", "--nofork", "--nopidfile"]
    daemon = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - at once
    try:
        async with asyncio.timeout(60):
            while not socket.exists():  # noqa: ASYNC110 - a file appears
                await asyncio.sleep(0.01)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={socket}"
        yield os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    finally:
        os.environ.pop("DBUS_SYSTEM_BUS_ADDRESS", None)
        daemon.kill()
        daemon.wait()


class BlueZ:
    """org.bluez on the bus. central: its radio; None: no adapter. powered: of the adapter."""

    def __init__(self, central: Central | None, *, powered: bool = True) -> None:
        self.central = central
        self.powered = powered
        self.devices: dict[str, Device] = {}

    async def start(self) -> None:
        self.bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        if self.central is not None:
            self.bus.export(ADAPTER, Adapter(self))
        await self.bus.request_name("org.bluez")

    def stop(self) -> None:
        self.bus.disconnect()

    def heard(self, advertisement: Advertisement) -> None:
        assert self.central is not None
        address = str(advertisement.address).split("/")[0]
        if address in self.devices:
            self.devices[address].heard()
            return
        answer = AdvertisingData.from_bytes(
            self.central._room.answers.get(advertisement.address, b"")
        )
        name = answer.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME)
        if name:
            device = Device(self, address, str(name), advertisement.address)
            self.devices[address] = device
            self.bus.export(device.path, device)


class Adapter(ServiceInterface):
    """org.bluez.Adapter1."""

    def __init__(self, bluez: BlueZ) -> None:
        super().__init__("org.bluez.Adapter1")
        self._bluez = bluez
        self.filters: dict[str, Variant] = {}

    @dbus_property(access=READ_ONLY)
    def Address(self) -> "s":
        return "F0:F1:F2:F3:F4:01"

    @dbus_property(access=READ_ONLY)
    def Powered(self) -> "b":
        return self._bluez.powered

    @dbus_property(access=READ_ONLY)
    def Roles(self) -> "as":
        return ["central", "peripheral"]

    @dbus_property(access=READ_ONLY)
    def Discovering(self) -> "b":
        return False

    @method()
    def SetDiscoveryFilter(self, filters: "a{sv}"):
        self.filters = filters

    @method()
    async def StartDiscovery(self):
        if not self._bluez.powered:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")
        radio = self._bluez.central.device
        radio.on(radio.EVENT_ADVERTISEMENT, self._bluez.heard)
        await radio.start_scanning(active=True)

    @method()
    async def StopDiscovery(self):
        radio = self._bluez.central.device
        radio.remove_listener(radio.EVENT_ADVERTISEMENT, self._bluez.heard)
        await radio.stop_scanning()


class Device(ServiceInterface):
    """org.bluez.Device1."""

    def __init__(self, bluez: BlueZ, address: str, name: str, place: Any) -> None:
        super().__init__("org.bluez.Device1")
        self._bluez = bluez
        self._address = address
        self._name = name
        self._place = place
        self._rssi = -60
        self._connection: Connected | None = None
        self._below: list[str] = []
        self.path = f"{ADAPTER}/dev_{address.replace(':', '_')}"

    def heard(self) -> None:
        """Again: BlueZ says so by a changed RSSI."""
        self._rssi = -61 if self._rssi == -60 else -60
        self.emit_properties_changed({"RSSI": self._rssi})

    @dbus_property(access=READ_ONLY)
    def Address(self) -> "s":
        return self._address

    @dbus_property(access=READ_ONLY)
    def AddressType(self) -> "s":
        return "random"

    @dbus_property(access=READ_ONLY)
    def Name(self) -> "s":
        return self._name

    @dbus_property(access=READ_ONLY)
    def Alias(self) -> "s":
        return self._name

    @dbus_property(access=READ_ONLY)
    def RSSI(self) -> "n":
        return self._rssi

    @dbus_property(access=READ_ONLY)
    def UUIDs(self) -> "as":
        return ["00467768-6228-2272-4663-277478268000"]

    @dbus_property(access=READ_ONLY)
    def Paired(self) -> "b":
        return False

    @dbus_property(access=READ_ONLY)
    def Adapter(self) -> "o":
        return ADAPTER

    @dbus_property(access=READ_ONLY)
    def Connected(self) -> "b":
        return self._connection is not None

    @dbus_property(access=READ_ONLY)
    def ServicesResolved(self) -> "b":
        return self._connection is not None and bool(self._below)

    @method()
    async def Connect(self):
        try:
            connection = await self._bluez.central.connect(self._place)
            await connection.discover()
        except Exception:
            raise DBusError("org.bluez.Error.Failed", "le-connection-abort") from None
        self._connection = connection
        self._export(connection)
        self.emit_properties_changed({"Connected": True, "ServicesResolved": True})
        asyncio.create_task(self._until_gone(connection))  # noqa: RUF006 - as long as the bus

    @method()
    async def Disconnect(self):
        if self._connection is not None:
            await self._connection.close()
            self._gone()

    def _export(self, connection: Connected) -> None:
        # bleak reads the handles from the paths, as BlueZ writes them.
        for service in connection.peer.services:
            at = f"{self.path}/service{service.handle:04x}"
            self._below.append(at)
            self._bluez.bus.export(at, Service(str(service.uuid), self.path))
            for one in service.characteristics:
                below = f"{at}/char{one.handle - 1:04x}"
                self._below.append(below)
                self._bluez.bus.export(below, Characteristic(one, at, connection))

    async def _until_gone(self, connection: Connected) -> None:
        await connection.gone.wait()
        self._gone()

    def _gone(self) -> None:
        if self._connection is None:
            return
        self._connection = None
        for path in reversed(self._below):
            self._bluez.bus.unexport(path)
        self._below.clear()
        self.emit_properties_changed({"Connected": False, "ServicesResolved": False})


class Service(ServiceInterface):
    """org.bluez.GattService1."""

    def __init__(self, uuid: str, device: str) -> None:
        super().__init__("org.bluez.GattService1")
        self._uuid = uuid.lower()
        self._device = device

    @dbus_property(access=READ_ONLY)
    def UUID(self) -> "s":
        return self._uuid

    @dbus_property(access=READ_ONLY)
    def Primary(self) -> "b":
        return True

    @dbus_property(access=READ_ONLY)
    def Device(self) -> "o":
        return self._device


class Characteristic(ServiceInterface):
    """org.bluez.GattCharacteristic1."""

    def __init__(self, one: Any, service: str, connection: Connected) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self._one = one
        self._service = service
        self._connection = connection

    @dbus_property(access=READ_ONLY)
    def UUID(self) -> "s":
        return str(self._one.uuid).lower()

    @dbus_property(access=READ_ONLY)
    def Service(self) -> "o":
        return self._service

    @dbus_property(access=READ_ONLY)
    def Flags(self) -> "as":
        return ["read", "write"]

    @dbus_property(access=READ_ONLY)
    def MTU(self) -> "q":
        return 247

    @method()
    async def ReadValue(self, options: "a{sv}") -> "ay":
        return bytes(await self._or_failed(self._one.read_value()))

    @method()
    async def WriteValue(self, value: "ay", options: "a{sv}"):
        await self._or_failed(self._one.write_value(bytes(value), with_response=True))

    async def _or_failed(self, asking: Any) -> Any:
        gone = asyncio.create_task(self._connection.gone.wait())
        task = asyncio.ensure_future(asking)
        done, _ = await asyncio.wait({gone, task}, timeout=5, return_when="FIRST_COMPLETED")
        gone.cancel()
        if task not in done:
            task.cancel()
            raise DBusError("org.bluez.Error.Failed", "Not connected")
        return task.result()
