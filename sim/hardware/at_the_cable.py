"""A board whose program was stopped at its cable: MicroPython's own prompt, on the same stand-ins.

Run as `micropython -i -c "import at_the_cable; at_the_cable.begin('…')"`. Standard input is the
cable, so there is no host to follow: pins keep their levels, and what the board shows is shown to
nobody. Time goes SPEED times as fast as the host's, so that what is looked at for seconds is looked
at for a moment.
"""

import json
import sys
import time as real

import bench
import esp32
import machine

SPEED = 10


class _Radar:
    """What a radar sends while it has power, over and over."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sent = 0
        self.begun = -1

    def some(self, most: int) -> bytes:
        pin = machine._pins.get(_power_pin())
        if not self.data or (pin is not None and not pin._out):
            return b""
        now = real.ticks_ms() * SPEED
        if self.begun < 0:
            self.begun = now
        due = (now - self.begun) * len(self.data) // 10000 - self.sent
        some = b""
        while len(some) < min(due, most):
            at = (self.sent + len(some)) % len(self.data)
            some += self.data[at : at + min(due, most) - len(some)]
        self.sent += len(some)
        return some


def _power_pin() -> int:
    """Which pin switches the radar's supply, by the settings as they are now; -1: none."""
    try:
        return esp32.NVS("doorknock").get_i32("pin_radar_power")
    except OSError:
        return -1


def begin(text: str) -> None:
    """text: JSON with folder, unique_id, chip (facts) and radar (a file, what it sends in 10 s)."""
    told = json.loads(text)
    bench.folder = told["folder"]
    bench.unique_id = bytes.fromhex(told["unique_id"])
    bench.drain = lambda: None
    bench.tell = lambda report: None
    bench.end = sys.exit
    machine.begin({"pins": {}, "microvolts": {}, "chip": told["chip"]})
    with open(told["radar"], "rb") as file:
        radar = _Radar(file.read())

    def readinto(self, buf, limit=-1):
        some = radar.some(len(buf))
        buf[: len(some)] = some
        return len(some) or None

    machine.UART.readinto = readinto
