"""A message as it arrives, by whichever way; and the way down by which it is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Arrival:
    """Bytes that say they are a device's.

    device: whom the way says they come from, 12 hex digits; "" where its word is not a device's
    id, None where the way cannot know (BLE, a serial line). leaf: "alarm", "up" or "status".
    acknowledge: tells the way that these bytes are in safe hands; called at most once, from any
    thread.
    """

    way: str
    device: str | None
    leaf: str
    payload: bytes
    received_at_ms: int
    acknowledge: Callable[[], None] = _nothing


class Down(Protocol):
    """The way to the devices."""

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        """Sends signed bytes if the way is open, drops them if not: what matters is asked for
        again. Never blocks, never raises; any thread. alarm: not to wait behind telemetry."""
