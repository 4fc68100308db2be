"""A room full of Bluetooth: virtual controllers on one link, which hear each other."""

from bumble.controller import Controller
from bumble.core import UUID
from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport.common import AsyncPipeSink

__all__ = ["UUID", "Room"]


class Room:
    """device() makes one more Bluetooth stack in it, with power on.

    answers: what each says to whoever scans, by its address. bumble's link (0.0.236) does not carry
    that: it repeats the advertisement.
    """

    def __init__(self) -> None:
        self.answers: dict[Address, bytes] = {}
        self._link = LocalLink()  # type: ignore[no-untyped-call]
        self._made = 0

    async def device(self, name: str, *, gatt_server: bool = True) -> Device:
        """A whole stack over a virtual controller. It pairs as what has no display and no keys."""
        self._made += 1
        address = Address(f"F0:F1:F2:F3:F4:{self._made:02X}")
        controller = Controller(name, link=self._link, public_address=str(address))
        device = Device(
            name=name,
            config=DeviceConfiguration(name=name, address=address, gap_service_enabled=gatt_server),
            host=Host(controller, AsyncPipeSink(controller)),
        )
        device.pairing_config_factory = lambda _: PairingConfig(
            sc=True,
            mitm=False,
            bonding=False,
            delegate=PairingDelegate(PairingDelegate.NO_OUTPUT_NO_INPUT),
        )
        await device.power_on()
        return device
