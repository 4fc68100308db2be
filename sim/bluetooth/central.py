"""A gateway's Bluetooth adapter in the virtual room: what air.Air says, on bumble's client."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from bumble.att import ATT_Error
from bumble.core import UUID, AdvertisingData, ProtocolError
from bumble.core import TimeoutError as BumbleTimeout
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.hci import Address
from doorknock import improv

from gateway.bluetooth.air import BluetoothError, Trouble
from sim.bluetooth.room import Room

_T = TypeVar("_T")
# Not how long it takes, but how long is waited for on a machine with other work to do.
_ANSWER_S = 20.0


class Central:
    """find() as the contract says. device: its stack, in this room."""

    def __init__(self, room: Room, device: Device) -> None:
        self.device = device
        self._room = room

    async def find(self, device: str, within_s: float) -> "Connected | None":
        address = await self.address(device, within_s)
        if address is None:
            return None
        connected = await self.connect(address)
        await connected.discover()
        return connected

    async def address(self, device: str, within_s: float) -> Address | None:
        """Where the device is, as it says of itself; None where it does not within the time."""
        called = improv.name(device)
        found: asyncio.Future[Address] = asyncio.get_running_loop().create_future()

        def heard(advertisement: Advertisement) -> None:
            answer = AdvertisingData.from_bytes(self._room.answers.get(advertisement.address, b""))
            name = answer.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME)
            if name == called and not found.done():
                found.set_result(advertisement.address)

        self.device.on(self.device.EVENT_ADVERTISEMENT, heard)
        try:
            await self.device.start_scanning(active=True)
            async with asyncio.timeout(within_s):
                return await found
        except TimeoutError:
            return None
        finally:
            await self.device.stop_scanning()
            self.device.remove_listener(self.device.EVENT_ADVERTISEMENT, heard)

    async def connect(self, address: Address) -> "Connected":
        """Connects to it."""
        connection = await _or_gone(self.device.connect(address))
        return Connected(connection)


class Connected:
    """gateway.bluetooth.air.Peer, and what a phone does besides."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.peer = Peer(connection)
        self._gone = asyncio.Event()
        connection.on(connection.EVENT_DISCONNECTION, lambda _: self._gone.set())

    @property
    def gone(self) -> asyncio.Event:
        """Set once the connection has ended."""
        return self._gone

    async def discover(self) -> None:
        """Learns what the device offers."""
        await _or_gone(self.peer.discover_services())
        for service in self.peer.services:
            await _or_gone(service.discover_characteristics())

    async def read(self, characteristic: str) -> bytes:
        return bytes(await _or_gone(self._find(characteristic).read_value()))

    async def write(self, characteristic: str, value: bytes) -> None:
        await _or_gone(self._find(characteristic).write_value(value, with_response=True))

    async def follow(self, characteristic: str) -> list[bytes]:
        """Every notification from now on, in a list that grows."""
        heard: list[bytes] = []
        await _or_gone(self._find(characteristic).subscribe(lambda value: heard.append(value)))
        return heard

    async def close(self) -> None:
        if not self._gone.is_set():
            await self.connection.disconnect()

    def _find(self, characteristic: str) -> Any:
        if self._gone.is_set():
            raise BluetoothError(Trouble.GONE)
        return self.peer.get_characteristics_by_uuid(UUID(characteristic))[0]


async def _or_gone(asking: Awaitable[_T]) -> _T:
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await asking
    except ATT_Error:
        raise
    except (ProtocolError, BumbleTimeout, TimeoutError, asyncio.CancelledError) as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        raise BluetoothError(Trouble.GONE) from None
