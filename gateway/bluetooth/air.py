"""What the change of a Wi-Fi needs of Bluetooth, and everything that can go wrong with it.

`gateway.bluetooth.adapter` is the real one.
"""

from enum import StrEnum
from typing import Protocol

from gateway.errors import GatewayError


class Trouble(StrEnum):
    """Why it came to nothing. Each has a sentence here, and one in each language of the pages."""

    NO_LIBRARY = "no_library"
    NO_ADAPTER = "no_adapter"
    ADAPTER_OFF = "adapter_off"
    NO_RIGHTS = "no_rights"
    BROKEN = "broken"
    NOT_FOUND = "not_found"
    GONE = "gone"
    NOT_PRESSED = "not_pressed"
    NOT_OURS = "not_ours"
    BAD_SSID = "bad_ssid"
    BAD_KEY = "bad_key"
    BUSY = "busy"
    FAILED = "failed"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a word, and no secret
    NO_NETWORK = "no_network"
    NO_GATEWAY = "no_gateway"
    INTERRUPTED = "interrupted"
    STORAGE = "storage"
    NOT_HEARD = "not_heard"


SENTENCES = {
    Trouble.NO_LIBRARY: "This gateway was installed without Bluetooth; install it with the extra "
    "`bluetooth` (docs/bluetooth.md).",
    Trouble.NO_ADAPTER: "There is no Bluetooth adapter in this computer, or its service does not "
    "run; plug one in, or start it: sudo systemctl enable --now bluetooth",
    Trouble.ADAPTER_OFF: "The Bluetooth adapter is off; switch it on: bluetoothctl power on",
    Trouble.NO_RIGHTS: "This user may not use Bluetooth; add it to the group: "
    "sudo usermod -aG bluetooth USER, and start anew.",
    Trouble.BROKEN: "The Bluetooth adapter does not do what it was told; try again, or restart "
    "its service: sudo systemctl restart bluetooth",
    Trouble.NOT_FOUND: "The device was not found over Bluetooth; bring it within a few metres of "
    "the gateway, switch its power off and on, wait until its light blinks twice, again and "
    "again (a minute and a half), and try again.",
    Trouble.GONE: "The connection to the device broke off; stay within a few metres of the "
    "gateway, and try again.",
    Trouble.NOT_PRESSED: "Nobody has pressed the device's button in time; try again, and press "
    "once while its light asks (two long ones and a gap).",
    Trouble.NOT_OURS: "The device does not know this gateway's key for it; set it up by cable.",
    Trouble.BAD_SSID: "The name of a Wi-Fi has 1 to 32 bytes; write it exactly as the router has "
    "it, capitals as well.",
    Trouble.BAD_KEY: "A Wi-Fi password has 8 to 63 characters, or none at all for an open network.",
    Trouble.BUSY: "The device is looking after somebody, a call is open, or it tries an update; "
    "try again later.",
    Trouble.FAILED: "The device does not do this: Bluetooth is off in its settings, or its "
    "firmware is too old.",
    Trouble.WRONG_PASSWORD: "The Wi-Fi does not accept this password; look at it again. The "
    "device has kept its old Wi-Fi.",
    Trouble.NO_NETWORK: "The device finds no Wi-Fi of this name; it must be 2.4 GHz, in reach, "
    "and written exactly so. The device has kept its old Wi-Fi.",
    Trouble.NO_GATEWAY: "The device was on that Wi-Fi and did not find the gateway there; it must "
    "be the gateway's own network. The device has kept its old Wi-Fi.",
    Trouble.INTERRUPTED: "The device lost its power in the middle of it, again and again; it has "
    "kept its old Wi-Fi.",
    Trouble.STORAGE: "The device's flash does not take the new Wi-Fi; replace the device.",
    Trouble.NOT_HEARD: "The device has not been heard from since; if its light blinks twice, again "
    "and again, try again, else switch its power off and on.",
}


class BluetoothError(GatewayError):
    """A change of the Wi-Fi came to nothing. trouble: why; str(): one sentence."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(SENTENCES[trouble])
        self.trouble = trouble


class Peer(Protocol):
    """A device that we are connected to. Each raises BluetoothError."""

    async def read(self, characteristic: str) -> bytes:
        """Its value now."""

    async def write(self, characteristic: str, value: bytes) -> None:
        """Writes it; the device has it when this returns."""

    async def close(self) -> None:
        """Says goodbye; never raises."""


class Air(Protocol):
    """A Bluetooth adapter."""

    async def find(self, device: str, within_s: float) -> Peer | None:
        """Connects to this device once it offers itself; None where it does not within the time.

        Raises BluetoothError where Bluetooth cannot be used here, or the connection failed.
        """
