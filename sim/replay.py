"""Replays a recording through the real firmware, under the real MicroPython, in its own time."""

import contextlib
import json
import struct
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from doorknock.radar import NAMES, TIERS
from doorknock.settings import checked
from doorknock.watch import MODES

from sim import interpreter, trace
from sim.hand import IDLE, Hand

# How far it is, is told once for so many samples.
_SAMPLES_A_TELLING = 1000

DEVICE_SCRIPT = Path(__file__).parent / "hardware" / "replay_device.py"


class WrongUse(Exception):
    """What was asked for cannot be replayed. `str()` is one sentence."""


class ReplayFailed(Exception):
    """The firmware did not come to the end of the recording. `str()` is one sentence."""


def settings_of(given: list[str]) -> dict[str, int]:
    """NAME=VALUE …, checked against the sensor's table. Raises WrongUse."""
    settings = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise WrongUse(f"A setting is NAME=VALUE, not {text!r}.")
        try:
            settings[name] = checked(name, int(value))
        except ValueError as error:
            plain = str(error) if "invalid literal" not in str(error) else None
            raise WrongUse(plain or f"{name} must be a whole number, not {value!r}.") from None
    return settings


def replay(
    recording: trace.Trace,
    radar: str,
    mode: str = "washroom",
    settings: Mapping[str, int] | None = None,
    on_line: Callable[[dict[str, Any]], None] | None = None,
    firmware: Path | None = None,
    hand: Hand = IDLE,
    on_way: Callable[[int], None] | None = None,
) -> list[dict[str, Any]]:
    """Every event as {"t_ms", "device", "event", …}, and last {"summary": …}.

    Times are ms since the first sample. on_line is told each of them at once. In home mode the
    resident starts the watch at 0.
    firmware: another folder than the one with the installed package `doorknock`.
    hand: what hands do meanwhile at button B and at the door.
    on_way: told now and then, in a thread of its own, how many ms of the recording are on the way.
    Raises WrongUse, ReplayFailed, interpreter.InterpreterMissing.
    """
    if radar not in NAMES:
        raise WrongUse(f"There is no radar {radar!r}; known are {', '.join(NAMES)}.")
    if mode not in MODES:
        raise WrongUse(f"The mode is washroom or home, not {mode!r}.")
    if TIERS[radar] != recording.tier:
        raise WrongUse(
            f"{recording.name} is a recording of the {recording.tier} tier, and the {radar} "
            f"is a radar of the {TIERS[radar]} tier."
        )
    chosen = [f"{name}={value}" for name, value in (settings or {}).items()]
    command = [interpreter.micropython(), "-X", "heapsize=8M", str(DEVICE_SCRIPT), radar, mode]
    with subprocess.Popen(
        [*command, *chosen],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=interpreter.environment(*([firmware] if firmware else [])),
    ) as device:
        try:
            return _converse(device, recording, hand, on_line, on_way)
        finally:
            device.kill()


def _converse(
    device: "subprocess.Popen[bytes]",
    recording: trace.Trace,
    hand: Hand,
    on_line: Callable[[dict[str, Any]], None] | None,
    on_way: Callable[[int], None] | None,
) -> list[dict[str, Any]]:
    if device.stdin is None or device.stdout is None or device.stderr is None:
        raise ReplayFailed("The interpreter was started without its pipes.")
    troubles: list[bytes] = []
    writer = threading.Thread(
        target=_feed, args=(device.stdin, recording, hand, on_way), daemon=True
    )
    listener = threading.Thread(target=_listen, args=(device.stderr, troubles), daemon=True)
    writer.start()
    listener.start()
    lines: list[dict[str, Any]] = []
    for text in device.stdout:
        try:
            line = json.loads(text)
        except ValueError:
            troubles.append(text)  # MicroPython prints its tracebacks where it pleases
            continue
        if "event" in line:  # a dict has no order on the device
            line = {name: line.pop(name) for name in ("t_ms", "device", "event")} | line
        lines.append(line)
        if on_line is not None:
            on_line(line)
    device.wait()
    writer.join()
    listener.join()
    if not lines or "summary" not in lines[-1]:
        said = b"".join(troubles).decode(errors="replace").strip().splitlines()
        raise ReplayFailed(
            f"The firmware stopped before the end of {recording.name}"
            + (f": {said[-1]}." if said else ".")
        )
    return lines


def _listen(stderr: Any, troubles: list[bytes]) -> None:
    with contextlib.suppress(ValueError):  # closed, as in _write
        troubles.extend(stderr)


def _feed(
    stdin: Any, recording: trace.Trace, hand: Hand, on_way: Callable[[int], None] | None
) -> None:
    """Writes what hands do, then the samples; ends early, in silence, where the device has."""
    last = 0
    try:
        plan = hand.as_json().encode()
        _write(stdin, struct.pack("<H", len(plan)) + plan)
        for number, (t_ms, frames) in enumerate(trace.samples(recording)):
            if on_way is not None and number % _SAMPLES_A_TELLING == 0:
                on_way(t_ms)
            _write(stdin, struct.pack("<IH", t_ms - last, len(frames)) + frames)
            last = t_ms
    except OSError:
        return
    finally:
        # What is still in its buffer goes out here; it may be closed already, as in _write.
        with contextlib.suppress(OSError, ValueError):
            stdin.close()


def _write(stdin: Any, data: bytes) -> None:
    try:
        stdin.write(data)
    except ValueError:
        # Closed by whoever plays it: they were told to end.
        raise BrokenPipeError from None
