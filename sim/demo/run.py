"""`doorknock demo`: sets the stage, plays the script, shows it, and says whether all was seen."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import sys
import webbrowser
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console

from gateway.backend.links import links_of
from gateway.backend.service import utc_now
from gateway.errors import GatewayError
from sim.demo.script import Findings, Script
from sim.demo.stage import BUTTON, SENSOR, Stage, StageError
from sim.demo.timeline import Readable, Timeline, json_lines
from sim.gateway_process import GatewayWillNotRun
from sim.installation import mosquitto
from sim.interpreter import InterpreterMissing
from sim.trace import TraceError

# A viewer needs this long to read the page and press the button on it.
VIEWER_ANSWERS_WITHIN_S = 20.0
NAMES = {
    BUTTON.device: f"button {BUTTON.unit}",
    SENSOR.device: f"sensor {SENSOR.unit}",
}
CALLS = ("press", "stillness")
EXIT_DONE, EXIT_FAILED = 0, 1


async def run(*, once: bool, headless: bool, as_json: bool, broker: str, folder: Path) -> int:
    """The demo. once: ends when the script is over; else all goes on until Ctrl-C.

    headless: opens no browser, and waits for no viewer. Returns the exit code.
    """
    console = Console(stderr=False, highlight=False)
    # What goes wrong in our own process is on the timeline; the gateway's log is its own.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    timeline = Timeline(json_lines if as_json else Readable(console, NAMES))
    chosen = _broker(broker)
    if chosen == "amqtt":
        from sim.demo.python_broker import COST

        print(COST, file=sys.stderr)
    try:
        async with Stage(folder, timeline, broker=chosen) as stage:
            shown = _show(stage, timeline, console, once=once, headless=headless, as_json=as_json)
            return await _until_interrupted(stage.perform(shown))
    except (StageError, GatewayError, InterpreterMissing, TraceError) as trouble:
        print(trouble, file=sys.stderr)
    except GatewayWillNotRun as trouble:
        print(f"The gateway does not run; it said:\n{trouble}", file=sys.stderr)
    return EXIT_FAILED


async def _show(
    stage: Stage, timeline: Timeline, console: Console, *, once: bool, headless: bool, as_json: bool
) -> int:
    if not as_json:
        console.print(f"The page, as Ana sees it: {_way_in(stage)}", soft_wrap=True)
        if not headless:
            console.print(
                "When a message comes, press “On my way” there; Ana does it herself after "
                f"{VIEWER_ANSWERS_WITHIN_S:g} s.",
                soft_wrap=True,
            )
        console.print(f"Everything is in {stage.folder}. Ctrl-C ends it.\n", soft_wrap=True)
    script = Script(stage, timeline, answer_after_s=0 if headless else VIEWER_ANSWERS_WITHIN_S)
    findings = await _play(script, stage, open_page=not headless)
    _tell(findings, console, as_json=as_json)
    if not once:
        await _play_on(script, stage, timeline, console)
    return EXIT_DONE if findings.ok else EXIT_FAILED


async def _play(script: Script, stage: Stage, *, open_page: bool) -> Findings:
    async def show_page() -> None:
        # In a thread: a browser that is started for the first time may hold us up.
        await asyncio.to_thread(webbrowser.open, _way_in(stage))

    findings = await script.play(show_page if open_page else None)
    _compare(findings, stage)
    return findings


def _compare(findings: Findings, stage: Stage) -> None:
    """Nothing lost, nothing twice: what the devices sent, the gateway keeps, the backend took."""
    data = stage.settings.data
    said = [
        str(line.data["text"]).split()
        for board in stage.boards.values()
        for line in board.lines
        if line.what == "log"
    ]
    # The firmware says "event KIND BOOT.SEQ" of each that it makes.
    calls = [words[1] for words in said if words[0] == "event" and words[1] in CALLS]
    try:
        rows = _read(data / "gateway.db", "SELECT kind FROM events WHERE kind IN (?, ?)", CALLS)
        kept = [row[0] for row in rows]
        [(alerts,)] = _read(data / "backend.db", "SELECT count(*) FROM alerts")
    except sqlite3.OperationalError as error:
        # On a machine that is busy elsewhere the gateway may not have come as far.
        findings.check("the gateway and its backend were up", False, f"no stores yet ({error})")
        return
    findings.check(
        "each call was kept once by the gateway",
        sorted(calls) == sorted(kept) != [],
        f"devices sent {sorted(calls)}, the gateway keeps {sorted(kept)}",
    )
    findings.check("there was one alert for each of the two rooms", alerts == 2, f"{alerts} alerts")


def _read(store: Path, query: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """Rows of a store that others have open; it is never made."""
    with contextlib.closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def _tell(findings: Findings, console: Console, *, as_json: bool) -> None:
    held = sum(1 for _, ok, _ in findings.checks if ok)
    if as_json:
        summary = {
            "ok": findings.ok,
            "checks": len(findings.checks),
            "failed": [f"{what}: {why}" for what, ok, why in findings.checks if not ok],
            "latencies_ms": findings.latencies_ms,
        }
        print(json.dumps({"summary": summary}, ensure_ascii=False), flush=True)
        return
    console.print(f"\n{held} of {len(findings.checks)} things were seen as they should be.")
    for what, ok, why in findings.checks:
        if not ok:
            console.print(f"  not so: {what} ({why})", style="red")
    for name, ms in findings.latencies_ms.items():
        console.print(f"  {name.replace('_', ' '):<36} {ms:>9,.0f} ms")


async def _play_on(script: Script, stage: Stage, timeline: Timeline, console: Console) -> None:
    """Everything still runs, and somebody breathes before the sensor, until Ctrl-C."""
    breathing = asyncio.create_task(script.person.run())
    try:
        if sys.stdin.isatty():
            await _by_hand(stage, timeline, console)
        else:
            await breathing
    finally:
        breathing.cancel()


async def _by_hand(stage: Stage, timeline: Timeline, console: Console) -> None:
    """Enter presses the button, `b` and Enter button B; until the terminal is gone."""
    console.print("\nThe script is over and everything still runs.")
    console.print("Enter: press the button in 204.   b, Enter: button B of the sensor in 207.")
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(sys.stdin, lambda: lines.put_nowait(sys.stdin.readline()))
    try:
        while line := await lines.get():  # "": the terminal is gone
            if line.strip().lower() == "b":
                timeline.act("person", "presses_b", unit=SENSOR.unit)
                await stage.boards[SENSOR.device].press("button_b")
            else:
                timeline.act("person", "taps", unit=BUTTON.unit)
                await stage.boards[BUTTON.device].press()
    finally:
        loop.remove_reader(sys.stdin)


async def _until_interrupted(work: Coroutine[Any, Any, int]) -> int:
    """The result of *work*; on SIGINT or SIGTERM it is ended in order, and that is no failure."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return EXIT_DONE


def _way_in(stage: Stage) -> str:
    return links_of(stage.settings, utc_now).for_person("ana")


def _broker(asked: str) -> str:
    if asked != "auto":
        return asked
    return "mosquitto" if mosquitto() else "amqtt"
