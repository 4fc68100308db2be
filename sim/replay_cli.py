"""`doorknock sim replay`: a recording through the real firmware."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from doorknock.radar import NAMES
from doorknock.watch import MODES
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from sim import interpreter, trace
from sim.replay import ReplayFailed, WrongUse, settings_of
from sim.replay import replay as run

FAILED = 1
WRONG_USE = 2

Radar = StrEnum("Radar", {name: name for name in NAMES})  # type: ignore[misc]
Mode = StrEnum("Mode", {name: name for name in MODES})  # type: ignore[misc]
WASHROOM = Mode("washroom")


def replay(
    recording: Annotated[
        Path, typer.Argument(metavar="TRACE.csv", help="The recording.", show_default=False)
    ],
    radar: Annotated[Radar, typer.Option(help="The module that is to say it.")],
    mode: Annotated[Mode, typer.Option(help="Whose sensor it is.")] = WASHROOM,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the sensor; repeatable."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, last the summary.")
    ] = False,
) -> None:
    """Replay a recording through the real driver, detector and watch, and say what they did.

    At home (--mode home) the resident starts the watch at the first sample.
    """
    try:
        chosen = settings_of(settings or [])
        read = trace.read(recording)
        _play(read, radar, mode, chosen, _print_json if as_json else _print_words)
    except (WrongUse, trace.TraceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USE) from None
    except (ReplayFailed, interpreter.InterpreterMissing) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None


def _play(
    read: trace.Trace,
    radar: Radar,
    mode: Mode,
    settings: dict[str, int],
    tell: Callable[[dict[str, Any]], None],
) -> None:
    """On a terminal with a bar below: a day takes about half a minute."""
    say = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=say,
        transient=True,
        disable=not say.is_terminal,
        redirect_stdout=False,
    )
    task = bar.add_task("replay", total=read.length_ms)

    def on_line(line: dict[str, Any]) -> None:
        # The bar goes out of the way: what is told goes to standard output, and stays.
        bar.stop()
        tell(in_time_of(read, line))
        bar.start()

    with bar:
        run(
            *(read, radar.value, mode.value, settings, on_line),
            on_way=(lambda ms: bar.update(task, completed=ms)) if say.is_terminal else None,
        )


def in_time_of(read: trace.Trace, line: dict[str, Any]) -> dict[str, Any]:
    """This line of a replay, with its times as the trace counts them: it need not begin at 0."""
    begins_ms = read.rows[0][0]
    if "summary" not in line:
        return {**line, "t_ms": line["t_ms"] + begins_ms}
    firsts = {
        name: at_ms + begins_ms
        for name, at_ms in line["summary"].items()
        if name in ("first_prompt_ms", "first_call_ms") and at_ms is not None
    }
    return {"summary": {**line["summary"], **firsts}}


def _print_json(line: dict[str, Any]) -> None:
    typer.echo(json.dumps(line))


def _print_words(line: dict[str, Any]) -> None:
    if "summary" in line:
        typer.echo(in_words(line["summary"]))
        return
    details = ", ".join(
        f"{name} {value}" for name, value in line.items() if name not in ("t_ms", "device", "event")
    )
    typer.echo(f"{clock(line['t_ms'])}  {line['event']:<10} {details}".rstrip())


def clock(t_ms: int) -> str:
    """h:mm:ss.s in the time of the trace."""
    minutes, rest = divmod(t_ms, 60_000)
    return f"{minutes // 60:3d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000 // 100}"


def in_words(summary: dict[str, Any]) -> str:
    """The summary for a person to read."""
    calls = ", ".join(f"{n} {cause}" for cause, n in summary["calls_by_cause"].items())
    lines = [
        "",
        f"{summary['duration_ms'] / 1000:.1f} s, {summary['samples']} samples: "
        f"{summary['frames']} frames, {summary['bytes']} bytes, {summary['errors']} errors",
        f"watched {summary['watch_ms'] / 1000:.1f} s; at the end the watch is "
        f"{summary['state']} and the room {summary['room']}",
        f"prompts {summary['prompts']}" + _first(summary["first_prompt_ms"]),
        f"calls   {summary['calls']}"
        + (f" ({calls})" if calls else "")
        + _first(summary["first_call_ms"]),
    ]
    if summary["faulty"]:
        lines.append("the radar cannot be relied on: see the faults above")
    return "\n".join(lines)


def _first(t_ms: int | None) -> str:
    return "" if t_ms is None else f", the first at {t_ms / 1000:.1f} s"
