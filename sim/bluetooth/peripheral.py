"""The radio of a simulated board: what its firmware tells `bluetooth.BLE`, on a real stack.

sim/hardware/bluetooth.py is the other end. The board's own process may end at any moment; then
its radio falls silent.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from bumble import att, gatt
from bumble.core import UUID
from bumble.device import Connection, Device

from sim.bluetooth.room import Room

_WRITE_ENCRYPTED = 0x1000
_PROPERTIES = 0xFF


class Peripheral:
    """Follows a board: `told` is for sim.devices.board.Board's `on_bluetooth`.

    order: gives the board an order. started: how often its radio was switched on.
    """

    def __init__(self, room: Room, order: Callable[[Mapping[str, Any]], None]) -> None:
        self._room = room
        self._order = order
        self._reports: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._device: Device | None = None
        self._made = 0
        self._values: dict[int, bytes] = {}
        self._attributes: dict[int, gatt.Characteristic[bytes]] = {}
        self._connections: dict[int, Connection] = {}
        self.started = 0
        self._task = asyncio.create_task(self._run())

    def told(self, report: Mapping[str, Any]) -> None:
        """What the board's `bluetooth` has done."""
        self._reports.put_nowait(report)

    async def close(self) -> None:
        """Ends it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._off()

    async def _run(self) -> None:
        while True:
            report = await self._reports.get()
            match report["ble"]:
                case "active":
                    await self._off()
                    if report["on"]:
                        self.started += 1
                case "services":
                    await self._on(report["services"])
                case "value":
                    await self._value(report)
                case "notify":
                    await self._notify(report["connection"], report["handle"], report["data"])
                case "advertise":
                    await self._advertise(report)
                case "disconnect":
                    connection = self._connections.get(report["connection"])
                    if connection is not None:
                        await connection.disconnect()

    async def _on(self, services: list[Any]) -> None:
        self._made += 1
        device = await self._room.device(f"board {self._made}")
        for uuid, characteristics in services:
            made = [self._characteristic(*one) for one in characteristics]
            device.add_service(gatt.Service(UUID(uuid), made))
        device.on(device.EVENT_CONNECTION, self._connected)
        self._device = device

    async def _off(self) -> None:
        device, self._device = self._device, None
        self._values.clear()
        self._attributes.clear()
        self._connections.clear()
        if device is not None:
            await device.stop_advertising()
            for connection in list(device.connections.values()):
                await connection.disconnect()
            await device.power_off()

    def _characteristic(self, uuid: str, flags: int, handle: int) -> gatt.Characteristic[bytes]:
        permissions = att.Attribute.Permissions.READABLE | att.Attribute.Permissions.WRITEABLE
        if flags & _WRITE_ENCRYPTED:
            permissions |= att.Attribute.Permissions.WRITE_REQUIRES_ENCRYPTION

        def read(_: Connection) -> bytes:
            return self._values.get(handle, b"")

        def write(connection: Connection, value: bytes) -> None:
            self._values[handle] = value
            self._order(
                {
                    "ble": "written",
                    "connection": connection.handle,
                    "handle": handle,
                    "data": value.hex(),
                }
            )

        made = gatt.Characteristic[bytes](
            UUID(uuid),
            gatt.Characteristic.Properties(flags & _PROPERTIES),
            permissions,
            gatt.CharacteristicValue[bytes](read=read, write=write),
        )
        self._attributes[handle] = made
        return made

    async def _value(self, report: Mapping[str, Any]) -> None:
        self._values[report["handle"]] = bytes.fromhex(report["data"])
        if self._device is not None and report["tell"]:
            await self._device.notify_subscribers(self._attributes[report["handle"]])

    async def _notify(self, number: int, handle: int, data: str) -> None:
        connection = self._connections.get(number)
        if connection is not None and self._device is not None:
            await self._device.notify_subscriber(
                connection, self._attributes[handle], bytes.fromhex(data), force=True
            )

    async def _advertise(self, report: Mapping[str, Any]) -> None:
        if self._device is None:
            return
        await self._device.stop_advertising()
        if report["on"]:
            self._room.answers[self._device.random_address] = bytes.fromhex(report["response"])
            await self._device.start_advertising(
                advertising_data=bytes.fromhex(report["data"]),
                scan_response_data=bytes.fromhex(report["response"]),
            )

    def _connected(self, connection: Connection) -> None:
        number = connection.handle
        self._connections[number] = connection

        def say(what: str, **more: int) -> None:
            self._order({"ble": what, "connection": number, **more})

        def gone(_: Any) -> None:
            self._connections.pop(number, None)
            say("disconnected")

        def encrypted() -> None:
            if connection.encryption:
                say("encrypted")

        connection.on(connection.EVENT_DISCONNECTION, gone)
        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, encrypted)
        connection.on(
            connection.EVENT_CONNECTION_ATT_MTU_UPDATE,
            lambda: say("mtu", mtu=connection.att_mtu),
        )
        say("connected")
