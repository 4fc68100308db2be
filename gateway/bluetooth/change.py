"""How a device's Wi-Fi is changed: order, press, send, wait for its word. One walk for all who ask.

The settings travel sealed with the device's own secret (doorknock/improv.py). Whether the new
network works only the device can know, and it tells by either of two ways: the gateway hears of it
over Wi-Fi, or finds the device offering itself again, with the reason.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from doorknock import improv

from gateway.bluetooth.air import Air, BluetoothError, Peer, Trouble

# The device restarts, and the light asks for two minutes before.
_FIND_S = 240.0
# As long as the device itself lets somebody wait for the press (doorknock/window.py).
_PRESS_S = 240.0
_TAKEN_S = 4.0
# A trial takes 75 s, the way back to the old network 40 s, and two restarts.
_WORD_S = 210.0
# The device is away for as long; what a scan shows before is what it was told earlier.
_AWAY_S = 6.0
_LOOK_S = 0.5
_GLANCE_S = 8.0


class Step(StrEnum):
    """How far it is."""

    ASKING = "asking"  # the device is asked over Wi-Fi
    PRESS_FIRST = "press_first"  # its light asks; then it turns to Bluetooth
    LOOKING = "looking"  # for it, over Bluetooth
    PRESS = "press"  # it is found, and its light asks
    SENDING = "sending"
    TRYING = "trying"  # the device tries the new network
    CHANGED = "changed"


@dataclass(frozen=True)
class Network:
    """A Wi-Fi. Its password is never shown."""

    ssid: str
    key: str = field(repr=False)

    def check(self) -> None:
        """Raises BluetoothError where there can be no such network."""
        wrong = improv.wrong_with(self.ssid.encode(), self.key.encode())
        if wrong:
            raise BluetoothError(Trouble.BAD_SSID if wrong == "ssid" else Trouble.BAD_KEY)


@dataclass(frozen=True)
class Ways:
    """What the walk needs of the world.

    order: orders the device, over Wi-Fi, to turn to Bluetooth: "done", "busy", "failed", or ""
    where it cannot be reached so. news(attempt): what the device has told the gateway of this
    attempt (improv.attempt_of), one of improv.OUTCOMES, "" so far. say: the step it has come to.
    clock: s, never set back.
    """

    air: Air
    order: Callable[[], Awaitable[str]]
    news: Callable[[int], Awaitable[str]]
    say: Callable[[Step], None]
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


async def change_wifi(device: str, secret: bytes, network: Network, ways: Ways) -> None:
    """Brings the device onto this network. Raises BluetoothError; it is on its old one then.

    device: its id, 12 hex digits. secret: its 32 bytes, as this gateway keeps them.
    """
    network.check()
    ways.say(Step.ASKING)
    answer = await ways.order()
    if answer in ("busy", "failed", "unknown"):
        raise BluetoothError(Trouble.BUSY if answer == "busy" else Trouble.FAILED)
    ways.say(Step.PRESS_FIRST if answer == "done" else Step.LOOKING)
    peer = await ways.air.find(device, _FIND_S)
    if peer is None:
        raise BluetoothError(Trouble.NOT_PRESSED if answer == "done" else Trouble.NOT_FOUND)
    try:
        await _agreed(peer, ways)
        ways.say(Step.SENDING)
        challenge = await peer.read(improv.CHALLENGE)
        message = improv.seal(secret, challenge, network.ssid.encode(), network.key.encode())
        await peer.write(improv.SEALED, message)
        await _taken(peer, ways)
    finally:
        await peer.close()
    ways.say(Step.TRYING)
    await _word(device, improv.attempt_of(challenge), ways)
    ways.say(Step.CHANGED)


async def _agreed(peer: Peer, ways: Ways) -> None:
    begun = ways.clock()
    asked = False
    while (await peer.read(improv.STATE))[:1] == bytes([improv.AUTHORIZATION_REQUIRED]):
        if ways.clock() - begun > _PRESS_S:
            raise BluetoothError(Trouble.NOT_PRESSED)
        if not asked:
            ways.say(Step.PRESS)
            asked = True
        await ways.sleep(_LOOK_S)


async def _taken(peer: Peer, ways: Ways) -> None:
    """Until the device has them; it breaks off by itself when it begins to try."""
    begun = ways.clock()
    try:
        while ways.clock() - begun < _TAKEN_S:
            if (await peer.read(improv.STATE))[:1] == bytes([improv.PROVISIONING]):
                return
            error = (await peer.read(improv.ERROR))[:1]
            if error == bytes([improv.INVALID_RPC]):
                raise BluetoothError(Trouble.NOT_OURS)
            if error == bytes([improv.NOT_AUTHORIZED]):
                raise BluetoothError(Trouble.NOT_PRESSED)
            await ways.sleep(_LOOK_S / 2)
    except BluetoothError as error:
        if error.trouble is not Trouble.GONE:
            raise
        return
    raise BluetoothError(Trouble.GONE)


async def _word(device: str, attempt: int, ways: Ways) -> None:
    """Waits for what has become of it, by whichever way that comes."""
    begun = ways.clock()
    while True:
        told = await ways.news(attempt)
        if told == "changed":
            return
        if told:
            raise BluetoothError(Trouble(told))
        passed = ways.clock() - begun
        if passed > _WORD_S:
            raise BluetoothError(Trouble.NOT_HEARD)
        if passed < _AWAY_S:
            await ways.sleep(_LOOK_S)
            continue
        outcome = await _glance(device, ways)
        if outcome not in ("none", "changed", ""):
            raise BluetoothError(Trouble(outcome))
        await ways.sleep(_LOOK_S)


async def _glance(device: str, ways: Ways) -> str:
    """What the device says of it, where it offers itself again; "" where it does not."""
    try:
        peer = await ways.air.find(device, _GLANCE_S)
        if peer is None:
            return ""
        try:
            value = await peer.read(improv.OUTCOME)
        finally:
            await peer.close()
    except BluetoothError as error:
        if error.trouble is Trouble.GONE:
            return ""
        raise
    return improv.OUTCOMES[value[0]] if value and value[0] < len(improv.OUTCOMES) else ""
