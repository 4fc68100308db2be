"""Counts what a fleet made and what came of it, and how long that took."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from doorknock import wire


def percentile(values: Sequence[float], percent: int) -> float:
    """By the nearest rank above; of a single value, that value."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-percent * len(ordered) // 100) - 1)]


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """p50, p95, p99 and the worst, in the values' own unit; None of no values."""
    if not values:
        return None
    found = {f"p{percent}": percentile(values, percent) for percent in (50, 95, 99)}
    return {name: round(value, 1) for name, value in {**found, "worst": max(values)}.items()}


@dataclass
class Tally:
    """The whole fleet's. `on_line` gets each happening as a mapping, t_ms since the run began.

    identities: by device, the kind of each event made, by (boot, seq). waits: what is made and
    not answered. *_ms: how long each took; alarms and telemetry apart, for alarms go first.
    """

    on_line: Callable[[dict[str, object]], None]
    now_ms: Callable[[], int]
    made: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    lights: Counter[str] = field(default_factory=Counter)
    identities: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    waits: int = 0
    sent_again: int = 0
    answered_again: int = 0
    connections: int = 0
    # Commands that were not signed by the gateway, or not for this device.
    refused: int = 0
    alarm_ms: list[float] = field(default_factory=list)
    telemetry_ms: list[float] = field(default_factory=list)
    # From "on my way" on the page to the light "somebody is coming".
    coming_ms: list[float] = field(default_factory=list)
    # Units to which somebody has said so, and when (time.monotonic(), s), until the light says it.
    going: dict[str, float] = field(default_factory=dict)

    def note(self, device: str, event: str, **data: object) -> None:
        """Tells of a happening that is not counted."""
        self.on_line({"t_ms": self.now_ms(), "device": device, "event": event, **data})

    def was_made(self, device: str, kind: str, boot: int, seq: int) -> None:
        self.made[kind] += 1
        self.waits += 1
        self.identities.setdefault(device, {})[boot, seq] = kind
        self.note(device, kind, boot=boot, seq=seq)

    def was_answered(self, device: str, kind: str, boot: int, seq: int, took_ms: float) -> None:
        self.answered[kind] += 1
        self.waits -= 1
        (self.alarm_ms if kind in wire.ALARM_KINDS else self.telemetry_ms).append(took_ms)
        self.note(device, "answered", kind=kind, boot=boot, seq=seq, took_ms=round(took_ms, 1))

    def somebody_goes(self, unit: str) -> None:
        """Somebody presses "on my way" now."""
        self.going[unit] = time.monotonic()

    def shows(self, device: str, unit: str, light: str) -> None:
        """The device's light has changed."""
        self.lights[light] += 1
        since = self.going.pop(unit, None) if light == "coming" else None
        if since is not None:
            self.coming_ms.append((time.monotonic() - since) * 1000)
        self.note(device, "light", state=light)
