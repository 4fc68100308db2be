"""`make bench`: how long a press takes, hand-over by hand-over, and how many events are kept.

The whole way on this machine, over loopback: real firmware, mosquitto with TLS-PSK, the gateway
and the backend in a process of their own, SQLite that flushes each commit to disk. Figures are of
this machine and this moment; nothing is asserted. Compare them side by side, in one run.
"""

import argparse
import asyncio
import secrets
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
from doorknock import wire
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway import devices
from gateway.broker import GATEWAY_USER
from gateway.store import open_store
from sim.demo.script import Script
from sim.demo.stage import BUTTON, Stage
from sim.demo.timeline import Moment, Timeline
from sim.installation import LOOPBACK, mosquitto

WITHIN_S = 60.0
# As many devices as a large building has; more than one, for their events go side by side.
FLOOD_DEVICES = 50


def percentile(values: Sequence[float], percent: int) -> float:
    """By the nearest rank above; of a single value, that value."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1) + 0.499))]


class PressBench:
    """Presses one after another; for each, when each hand-over was seen. Times in ms."""

    def __init__(self, stage: Stage, timeline: Timeline) -> None:
        self._stage = stage
        self._timeline = timeline
        self.took: dict[str, list[float]] = {}

    async def press(self) -> None:
        """One tap, until the light says that it was delivered and the backend has it."""
        board = self._stage.boards[BUTTON.device]
        first = len(board.lines)
        down = self._timeline.act("person", "taps")
        finger = time.monotonic()
        await board.press()
        lit = await board.until_light("sending", WITHIN_S, first)
        made = await board.until_said("event press", WITHIN_S, first)
        committed = await self._seen("gateway", "committed", down)
        event_id = committed.data["event_id"]
        accepted = await self._seen("backend", "accepted", down, event_id=event_id)
        delivered = await board.until_light("delivered", WITHIN_S, first)
        # The gateway's lines and the board's come by two pipes: one clock, ours.
        event_ms = down.t_ms + (made.t - finger) * 1000
        self._note("press → first light", (lit.t - finger) * 1000)
        self._note("press → event made (waits for a second tap)", (made.t - finger) * 1000)
        self._note("press → committed", committed.t_ms - down.t_ms)
        self._note("press → backend accepted", accepted.t_ms - down.t_ms)
        self._note("press → light: delivered", (delivered.t - finger) * 1000)
        self._note("event made → committed", committed.t_ms - event_ms)
        self._note("event made → backend accepted", accepted.t_ms - event_ms)
        self._note("event made → light: delivered", (delivered.t - made.t) * 1000)

    async def _seen(self, where: str, event: str, since: Moment, **data: str) -> Moment:
        return await self._timeline.until(
            event, lambda m: m.says(where, event, **data), since=since, within_s=WITHIN_S
        )

    def _note(self, what: str, took_ms: float) -> None:
        self.took.setdefault(what, []).append(took_ms)


def flood(stage: Stage, events: int) -> float:
    """Presses a second that are stored and answered, of so many at once.

    Signed as by FLOOD_DEVICES devices, published on the gateway's loopback listener; timed from
    the first publish until the last signed answer is back, which is after its commit.
    """
    store = open_store(stage.settings.gateway_database)
    keys = {}
    for number in range(1, FLOOD_DEVICES + 1):
        device, secret = f"f100d{number:07x}", secrets.token_bytes(32)
        devices.register(store, device, secret, f"F{number}", "button", now_ms=1)
        keys[device] = wire.signing_key(secret)
    store.close()
    each = events // FLOOD_DEVICES
    messages = [
        (device, wire.encode("press", device, 1, seq, seq * 10, {"taps": 1, "held": 0}, key))
        for seq in range(1, each + 1)
        for device, key in keys.items()
    ]
    answered = threading.Semaphore(0)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench")
    client.username_pw_set(GATEWAY_USER, stage.secrets.broker_password)
    client.max_inflight_messages_set(1000)
    connected = threading.Event()
    client.on_message = lambda *_: answered.release()
    client.on_subscribe = lambda *_: connected.set()
    client.connect(LOOPBACK, stage.settings.broker.loopback_port)
    client.loop_start()
    client.subscribe([(wire.topic(device, "down"), 1) for device in keys])
    connected.wait(WITHIN_S)
    began = time.monotonic()
    for device, message in messages:
        client.publish(wire.topic(device, "alarm"), message, qos=1)
    for _ in messages:
        answered.acquire(timeout=WITHIN_S)
    took_s = time.monotonic() - began
    client.loop_stop()
    with sqlite3.connect(stage.settings.data / "gateway.db") as connection:
        (kept,) = connection.execute(
            "SELECT count(*) FROM events WHERE device LIKE 'f100d%'"
        ).fetchone()
    if kept != len(messages):
        raise SystemExit(f"The gateway keeps {kept} of {len(messages)} events.")
    return kept / took_s


async def bench(presses: int, events: int, console: Console) -> None:
    """Runs both and prints the two tables."""
    timeline = Timeline(lambda _moment, _after: None)
    with tempfile.TemporaryDirectory(prefix="doorknock-bench-") as folder:
        async with Stage(Path(folder) / "demo", timeline, broker="mosquitto") as stage:
            await Script(stage, timeline).until_up()
            run = PressBench(stage, timeline)
            for _ in track(range(presses), "presses", console=console):
                await run.press()
            table = Table(title=f"{presses} presses, one after another (ms)")
            for column in ("from → to", "p50", "p95", "p99", "worst"):
                table.add_column(column, justify="left" if column == "from → to" else "right")
            for what, values in run.took.items():
                row = [percentile(values, p) for p in (50, 95, 99)] + [max(values)]
                table.add_row(what, *(f"{value:,.1f}" for value in row))
            console.print(table)
            rate = await asyncio.to_thread(flood, stage, events)
            console.print(
                f"{events:,} presses at once, of {FLOOD_DEVICES} devices: [bold]{rate:,.0f}[/] "
                "a second stored, flushed to disk and answered.",
                highlight=False,
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--presses", type=int, default=60)
    options.add_argument("--events", type=int, default=10_000)
    chosen = options.parse_args()
    if mosquitto() is None:
        raise SystemExit("The bench needs mosquitto; on Debian run: sudo apt install mosquitto")
    asyncio.run(bench(chosen.presses, chosen.events, Console()))


if __name__ == "__main__":
    main()
