"""Frames as Seeed's MR60BHA2 and Hi-Link's LD6002 send them.

01 | id u16 BE | length u16 BE | type u16 BE | header check | data (LE) | data check
"""

import struct
from functools import reduce
from operator import xor

PHASES = 0x0A13
BREATH_RATE = 0x0A14
HEART_RATE = 0x0A15
DISTANCE = 0x0A16
PRESENCE = 0x0F09
TARGETS = 0x0A04


def check(data: bytes) -> int:
    """The complement of the XOR of these bytes."""
    return reduce(xor, data, 0) ^ 0xFF


def frame(kind: int, data: bytes, number: int = 0) -> bytes:
    """One frame; number is its id, 0 … 65535. Without data there is no data check."""
    head = struct.pack(">BHHH", 1, number & 0xFFFF, len(data), kind)
    tail = data + bytes([check(data)]) if data else b""
    return head + bytes([check(head)]) + tail


class Mr60:
    """One module: numbers its frames, and makes breath and heart phase of the total by filtering.

    Nobody may rely on those two: they are here because the frame has them.
    """

    def __init__(self) -> None:
        self._number = 0
        self._slow: float | None = None

    def _next(self, kind: int, data: bytes) -> bytes:
        self._number = (self._number + 1) & 0xFFFF
        return frame(kind, data, self._number)

    def sample(self, phase_rad: float, present: bool) -> bytes:
        """What the module sends for one sample: presence, then the phases.

        With nobody present its gate is shut: the flag is off and the phases are exactly 0. A phase
        of exactly 0 with somebody present is a gate that has shut under a flag that sticks.
        """
        flag = self._next(PRESENCE, struct.pack("<H", int(present)))
        if not present or phase_rad == 0:
            self._slow = None
            return flag + self._next(PHASES, bytes(12))
        slow = phase_rad if self._slow is None else self._slow
        # A first-order low pass of a few samples: enough to part slow from quick.
        self._slow = slow + 0.25 * (phase_rad - slow)
        phases = struct.pack("<fff", phase_rad, self._slow, phase_rad - self._slow)
        return flag + self._next(PHASES, phases)

    def distance(self, centimetres: float | None) -> bytes:
        """Distance of the target; None when there is none."""
        if centimetres is None:
            return self._next(DISTANCE, bytes(4))
        return self._next(DISTANCE, struct.pack("<If", 1, centimetres))
