"""`doorknock sim run`: scenarios played in virtual time, and held against what they expect."""

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim import interpreter, writable
from sim.scenario.errors import WrongScenario

if TYPE_CHECKING:
    from sim.scenario.load import Loaded
    from sim.scenario.outcome import Outcome
    from sim.virtual.loop import VirtualLoop

FAILED = 1
WRONG_USE = 2
# Where the smallest scenario that still fails is written when no other folder is named.
SMALLEST = Path("smallest-failing")


def run(
    scenarios: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SCENARIO.toml...", help="The scenarios.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=(1 << 32) - 1, help="Instead of each scenario's own."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, last the summary.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Writes the report that CI systems read.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The scenarios that come with the simulator.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keeps each world there: flash, databases, records."),
    ] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="The timeline of each, not only of one alone.")
    ] = False,
    shrink: Annotated[
        bool, typer.Option(help="Look for the smallest scenario that still fails.")
    ] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many at once.", show_default="every core")
    ] = None,
) -> None:
    """Play scenarios in virtual time: who did what, when, and whether it was as expected.

    Exit 0: all expectations met. 1: one was not, or a firmware crashed. 2: wrong use.
    """
    from sim.scenario import batch, ending  # the other commands need not load all this

    ending.when_told()
    paths = [*(scenarios or []), *(batch.library() if everything else [])]
    if not paths:
        typer.echo(
            "Name a scenario, or say --all for those that come with the simulator.", err=True
        )
        raise typer.Exit(WRONG_USE)
    if junit is not None and not junit.parent.is_dir():
        typer.echo(f"{junit} cannot be written: {junit.parent} is no folder.", err=True)
        raise typer.Exit(WRONG_USE)
    say = Console(stderr=True)
    outcomes: list[Outcome] = []
    try:
        if junit is not None:
            writable.check(junit)
        loaded = _loaded(paths)
        for outcome in _played(paths, seed, keep, workers, say):
            if shrink and not outcome.met:
                _shrink(outcome, loaded[outcome.path], junit, keep, say)
            outcomes.append(outcome)
            _tell(outcome, as_json=as_json, timeline=timeline or len(paths) == 1, many=len(paths))
        if junit is not None:
            from sim.scenario import junit as report

            report.write(outcomes, junit)
    except WrongScenario as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USE) from None
    except BrokenProcessPool:
        typer.echo(
            "A process that played a scenario was ended from outside (out of memory?); "
            "play fewer at once: --workers 1.",
            err=True,
        )
        raise typer.Exit(FAILED) from None
    except interpreter.InterpreterMissing as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    except BrokenPipeError:
        # Whoever read it has seen enough: `| head`. Nothing more can be said, also at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None
    except OSError as error:
        if error.filename is None:
            raise  # a full disk: no wrong use, and told by the command line (gateway/cli.py)
        reason = (error.strerror or "it cannot be written").lower()
        typer.echo(f"{error.filename} cannot be written: {reason}.", err=True)
        raise typer.Exit(WRONG_USE) from None
    failed = [outcome for outcome in outcomes if not outcome.met]
    _summary(outcomes, as_json=as_json)
    if failed:
        raise typer.Exit(FAILED)


def _loaded(paths: list[Path]) -> "dict[Path, Loaded]":
    """All of them, before the first is played: nobody waits minutes for a typing error."""
    from sim.scenario.load import load

    return {path: load(path) for path in paths}


def _played(
    paths: list[Path], seed: int | None, keep: Path | None, workers: int | None, say: Console
) -> "Iterator[Outcome]":
    """In the order in which they were named, each as soon as it can be: which is done first
    differs from machine to machine."""
    from sim.scenario import batch
    from sim.scenario.duration import clock
    from sim.scenario.following import follow

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=say,
        transient=True,
        disable=not say.is_terminal,
        redirect_stdout=False,
    )
    done: dict[int, Outcome] = {}
    told = 0
    with bar:
        task = bar.add_task("scenarios", total=len(paths))

        def tell_time(loop: "VirtualLoop") -> None:
            follow(loop, lambda ms: bar.update(task, description=clock(ms).strip()))

        for number, outcome in batch.run(
            paths, seed, keep, workers, tell_time if say.is_terminal else None
        ):
            bar.update(task, advance=1, description=outcome.name)
            done[number] = outcome
            while told in done:
                # The bar goes out of the way: what is told goes to standard output, and stays.
                bar.stop()
                yield done.pop(told)
                bar.start()
                told += 1


def _shrink(
    outcome: "Outcome", loaded: "Loaded", junit: Path | None, keep: Path | None, say: Console
) -> None:
    from sim.scenario import shrink

    if not outcome.missed and not outcome.trouble:
        return
    folder = keep or (junit.parent / SMALLEST if junit is not None else SMALLEST)
    with say.status(f"looking for the smallest part of {outcome.name} that fails …"):
        outcome.smallest = shrink.smallest(loaded, outcome, folder)


def _tell(outcome: "Outcome", *, as_json: bool, timeline: bool, many: int) -> None:
    from sim.scenario import timeline as words

    if as_json:
        extra = {"scenario": outcome.name} if many > 1 else {}
        for record in outcome.records:
            typer.echo(json.dumps({**record.line(), **extra}, ensure_ascii=False))
    else:
        words.show(Console(highlight=False), outcome, timeline=timeline)


def _summary(outcomes: "list[Outcome]", *, as_json: bool) -> None:
    met = sum(outcome.met for outcome in outcomes)
    if as_json:
        summary = {
            "met": met == len(outcomes),
            "scenarios": [outcome.summary() for outcome in outcomes],
        }
        typer.echo(json.dumps({"summary": summary}, ensure_ascii=False))
    elif len(outcomes) > 1:
        typer.echo(f"\n{met} of {len(outcomes)} scenarios are as expected.")
