"""Notices that somebody has set this computer's clock.

A Raspberry Pi has no clock of its own: after a power cut it starts where it was cut off, and is
set hours forward once it finds a time server, while the gateway already runs. Arrivals from before
and after such a step cannot be held against each other.

Linux slews both of its clocks alike and sets only one of them (clock_gettime(2)), so the
difference between the two changes by steps alone. A suspended computer looks like a step too.
"""

import time
from collections.abc import Callable

# Below it a step does no more harm than a slow network.
SMALLEST_STEP_MS = 3_000


def monotonic_ms() -> int:
    """ms since some moment; nobody sets this clock."""
    return time.monotonic_ns() // 1_000_000


class ClockStep:
    """What the wall clock has been set by since it was last asked. Each user needs its own."""

    def __init__(self, wall_ms: Callable[[], int], monotonic_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        self._monotonic_ms = monotonic_ms
        self._apart_ms = wall_ms() - monotonic_ms()

    def look_ms(self) -> int:
        """How far the clock was set forward (negative: back), in ms; 0 where it was not. The same
        answer until `taken()`."""
        step_ms = self._wall_ms() - self._monotonic_ms() - self._apart_ms
        return step_ms if abs(step_ms) >= SMALLEST_STEP_MS else 0

    def taken(self, step_ms: int) -> None:
        """All that a step of *step_ms* asks for has been done."""
        self._apart_ms += step_ms
