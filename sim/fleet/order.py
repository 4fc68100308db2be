"""What is asked of a fleet, and who is told how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """What is asked for. gateway: the configuration of one that runs; None: start one.
    *_at_s: None: never; else so long after the fleet was up."""

    devices: int
    minutes: float
    presses_a_minute: float
    seed: int
    gateway: Path | None = None
    kill_gateway_at_s: float | None = None
    kill_broker_at_s: float | None = None


class Watcher:
    """Told how far it is. The class itself is the watcher that shows nothing."""

    def stage(self, name: str, total: float) -> None:
        """Something with *total* steps begins."""

    def at(self, steps: float) -> None:
        """So many of them are done."""

    def line(self, line: Mapping[str, object]) -> None:
        """Something happened."""
