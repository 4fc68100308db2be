"""Bluetooth in the air of a test: a device whose window is the firmware's own, and a clock by hand.

Time passes only when somebody waits.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from doorknock import improv, window

from gateway.bluetooth.air import BluetoothError, Peer, Trouble

SECRET = bytes(range(32))
INFO = (b"Doorknock", b"0.1.0", b"ESP32C6", b"a0b1c2d3e4f5")


@dataclass
class Time:
    """now_s, and what is to happen at which moment."""

    now_s: float = 0.0
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        end = self.now_s + seconds
        while True:
            ripe = [one for one in self.due if one[0] <= end]
            if not ripe:
                break
            first = min(ripe, key=lambda one: one[0])
            self.due.remove(first)
            self.now_s = max(self.now_s, first[0])
            first[1]()
        self.now_s = end

    def at(self, second: float, act: Callable[[], None]) -> None:
        self.due.append((second, act))

    @property
    def ms(self) -> int:
        return int(self.now_s * 1000) & 0x3FFFFFFF


@dataclass
class FakeAir:
    """gateway.bluetooth.air.Air. trouble: what every find() fails with. offers: the device's
    window, None while it does not offer itself. goes: after a message was taken."""

    time: Time
    device: str
    trouble: Trouble | None = None
    offers: window.Window | None = None
    on_taken: Callable[[tuple[bytes, bytes]], None] = lambda network: None
    found: int = 0
    # So many reads, then the connection is gone.
    breaks_after: int = -1
    slow_s: float = 0.25
    waits: list[float] = field(default_factory=list)

    def open(self, *, authorised: bool = False, outcome: str = "none") -> None:
        fresh = random.Random(self.found).randbytes
        self.offers = window.Window(SECRET, INFO, fresh, outcome, authorised, self.time.ms)

    async def find(self, device: str, within_s: float) -> Peer | None:
        assert device == self.device
        self.waits.append(within_s)
        if self.trouble is not None:
            raise BluetoothError(self.trouble)
        end = self.time.now_s + within_s
        while self.offers is None or self.offers.over:
            if self.time.now_s >= end:
                return None
            self.time.pass_by(0.5)
        self.found += 1
        self.offers.came(self.time.ms)
        return FakePeer(self, self.offers)


class FakePeer:
    """gateway.bluetooth.air.Peer."""

    def __init__(self, air: FakeAir, offers: window.Window) -> None:
        self._air = air
        self._offers = offers
        self._reads = 0

    async def read(self, characteristic: str) -> bytes:
        self._air.time.pass_by(self._air.slow_s)
        self._offers.tick(self._air.time.ms)
        self._reads += 1
        gone = self._offers.over and self._offers.taken is None
        if gone or 0 <= self._air.breaks_after < self._reads:
            raise BluetoothError(Trouble.GONE)
        it = self._offers
        return {
            improv.STATE: bytes([it.state]),
            improv.ERROR: bytes([it.error]),
            improv.CHALLENGE: it.challenge,
            improv.OUTCOME: bytes([improv.OUTCOMES.index(it.outcome)]),
        }[characteristic]

    async def write(self, characteristic: str, value: bytes) -> None:
        assert characteristic == improv.SEALED
        self._offers.sealed(value, self._air.time.ms)
        if self._offers.taken is not None:
            self._air.on_taken(self._offers.taken)

    async def close(self) -> None:
        self._offers.went()
