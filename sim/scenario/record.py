"""What was seen in a world, in order: the one thing that expectations, timelines and reports read.

| device | event | data |
|---|---|---|
| a board's name | `light` | `state`: one of the contract's lights, or `prompt` |
| | `sound` | `hz`, 0: silence |
| | `radar_power` | `on` |
| | `made` | `kind`, `id`: an event made and kept, not yet received |
| | `start`, `reset` | `cause` |
| | `asleep`, `off`, `crash`, `log` | `for_ms`; nothing; `text`; `text` |
| `gateway` | `committed` | `kind`, `id`, `board`, and the event's own details |
| | `warning` | `text`; `level` where it is an error |
| `backend` | `alert` | `state`, `urgency` |
| `phone` | `message` | `person`, `title`, `text` |
| a person's name | `does` | `what` |
| `cue` | a cue's name | `do` |
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Record:
    """t_ms: since the world began. unit: the room it is about, "" where it is about none."""

    t_ms: int
    device: str
    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""

    def line(self) -> dict[str, Any]:
        """As the command line's `--json` gives it."""
        unit = {"unit": self.unit} if self.unit else {}
        return {
            "t_ms": self.t_ms,
            "device": self.device,
            "event": self.event,
            **unit,
            **self.data,
        }


class Records:
    """All of them, and whoever wants each as it comes."""

    def __init__(self) -> None:
        self.all: list[Record] = []
        self._listeners: list[Callable[[Record], None]] = []

    def listen(self, to_each: Callable[[Record], None]) -> None:
        """*to_each* is called with each record from now on, at its time."""
        self._listeners.append(to_each)

    def add(self, record: Record) -> None:
        self.all.append(record)
        for listener in list(self._listeners):
            listener(record)
