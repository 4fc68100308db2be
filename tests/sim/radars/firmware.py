"""The real firmware's sensor, under the real MicroPython, fed with what a model sends."""

import json
import struct
import subprocess
from collections.abc import Iterable
from typing import Any

from sim import interpreter
from sim.hand import IDLE
from sim.replay import DEVICE_SCRIPT


def hears(
    sent: Iterable[tuple[int, bytes]], radar: str = "mr60bha2", mode: str = "washroom"
) -> list[dict[str, Any]]:
    """What the sensor says to these timed bytes: its events, and last the summary."""
    nobody_presses = IDLE.as_json().encode()
    last, records = 0, [struct.pack("<H", len(nobody_presses)) + nobody_presses]
    for at_ms, data in sent:
        records.append(struct.pack("<IH", at_ms - last, len(data)) + data)
        last = at_ms
    done = subprocess.run(
        [interpreter.micropython(), "-X", "heapsize=8M", str(DEVICE_SCRIPT), radar, mode],
        input=b"".join(records),
        capture_output=True,
        env=interpreter.environment(),
        timeout=120,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def first(said: list[dict[str, Any]], event: str, **values: Any) -> dict[str, Any]:
    """The first of these events. Fails when there is none."""
    for line in said:
        if line.get("event") == event and all(line.get(k) == v for k, v in values.items()):
            return line
    raise AssertionError(f"no {event} {values} in {said}")
