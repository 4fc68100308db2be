"""`doorknock sim evaluate`: how well the sensor does, on every kind of case."""

import enum
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sim import interpreter, trace

if TYPE_CHECKING:
    from sim.evaluate.play import Result

MISSED = 1
WRONG_USE = 2

# So many of each kind in a full run, and in a quick one.
CASES = 16
QUICK_CASES = 1
# The firmware without its parts, ten of them, sees so many of each kind.
CASES_WITHOUT = 3
QUICK_WITHOUT = 0


class Split(enum.StrEnum):
    """Whose seeds: those that one may tune on, or those kept apart. They share none."""

    TEST = "test"
    TUNE = "tune"


def evaluate(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a case and a line, last the summary.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed makes the same cases.")] = 1,
    cases: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="How many of each kind.", show_default="16"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Kinds whose name or family has this in it; repeatable."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few of each kind, no nights.")] = False,
    split: Annotated[Split, typer.Option(help="Tune on `tune`; report `test`.")] = Split.TEST,
    traces: Annotated[
        Path | None, typer.Option(help="A folder: writes there the trace of each case gone wrong.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="A file: writes the report there, with plots.")
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="No baseline beside it, no part taken out.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many at once.", show_default="every core")
    ] = None,
) -> None:
    """Play every kind of case through the real firmware, and hold it against the truth.

    Exit 0: done, every target met. 1: a target missed. 2: wrong use.
    """
    from sim.evaluate import table  # the other commands need not load all this
    from sim.evaluate.summary import as_json as summary_of
    from sim.evaluate.summary import targets

    names = _chosen(only or [], quick)
    if html is not None:
        _ready_to_draw(html)
    count = cases or (QUICK_CASES if quick else CASES)
    without_its_parts = 0 if alone else min(count, QUICK_WITHOUT if quick else CASES_WITHOUT)
    say = Console(stderr=True)
    results: list[Result] = []
    try:
        for of_case in _played(names, count, seed, split, alone, without_its_parts, workers, say):
            results += of_case
            if as_json:
                for result in of_case:
                    typer.echo(json.dumps(result.line()))
        _write(results, seed, split, traces, html, say)
    except (interpreter.InterpreterMissing, trace.TraceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(MISSED) from None
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        typer.echo(f"{error.filename} cannot be written: {reason}.", err=True)
        raise typer.Exit(WRONG_USE) from None
    if as_json:
        typer.echo(json.dumps(summary_of(results, {"seed": seed, "split": split.value})))
    else:
        table.show(table.console(), results)
    missed = [target for target in targets(results) if not target.met]
    for target in missed:
        typer.echo(f"missed: {target.what}: {target.needed}; {target.measured}", err=True)
    if missed:
        raise typer.Exit(MISSED)


def _chosen(only: list[str], quick: bool) -> list[str]:
    """The names of the kinds to play; leaves with exit 2 where there are none."""
    from sim.evaluate.kinds import KINDS
    from sim.evaluate.play import SHORT

    names = [
        kind.name
        for kind in KINDS
        if (not only or any(part in kind.name or part == kind.family for part in only))
        and (only or not quick or kind.share >= SHORT)
    ]
    if not names:
        typer.echo(
            f"No kind has {' or '.join(map(repr, only))} in its name; the kinds are: "
            + ", ".join(kind.name for kind in KINDS)
            + ".",
            err=True,
        )
        raise typer.Exit(WRONG_USE)
    return names


def _ready_to_draw(file: Path) -> None:
    """Leaves with exit 2 where the report could not be written: now, not after some minutes."""
    if not file.parent.is_dir():
        typer.echo(f"{file} cannot be written: {file.parent} is no folder.", err=True)
        raise typer.Exit(WRONG_USE)
    try:
        import matplotlib  # noqa: F401 (only whether it is there)
    except ImportError:
        typer.echo(
            "The report's pictures need matplotlib: pip install 'doorknock[evaluate]'.", err=True
        )
        raise typer.Exit(WRONG_USE) from None


def _played(
    names: list[str],
    count: int,
    seed: int,
    split: Split,
    alone: bool,
    without_its_parts: int,
    workers: int | None,
    say: Console,
) -> "Iterator[list[Result]]":
    """Each case's results, under a progress bar. The firmware is copied first: it may be edited."""
    from sim.evaluate import baseline, without
    from sim.evaluate.play import play_all, tasks

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=say,
        transient=True,
        disable=not say.is_terminal,
    )
    with TemporaryDirectory() as folder, bar:
        copies = Path(folder)
        without.made(without.AS_IT_IS, copies)
        parts = _parts(copies, say) if without_its_parts else []
        baselines = () if alone else tuple(baseline.BY_NAME)
        wanted = tasks(names, count, seed, split.value, baselines, parts, without_its_parts, folder)
        say.print(f"seed {seed}, split {split.value}, {len(wanted)} cases of {len(names)} kinds")
        done = bar.add_task("cases", total=len(wanted))
        for of_case in play_all(wanted, workers):
            bar.update(done, advance=1, description=of_case[0].task.kind)
            yield of_case


def _write(
    results: "list[Result]",
    seed: int,
    split: Split,
    traces: Path | None,
    html: Path | None,
    say: Console,
) -> None:
    """The files that were asked for. Raises OSError."""
    if traces is not None:
        from sim.evaluate.wrong import write_traces

        write_traces(results, traces)
        say.print(f"What went wrong is in {traces}: doorknock sim replay plays it.")
    if html is not None:
        from sim.evaluate import page

        page.write(results, html, seed, split.value)
        say.print(f"The report is in {html}.")


def _parts(folder: Path, say: Console) -> list[str]:
    """The parts that can be taken out, each with its copy of the firmware made."""
    from sim.evaluate import without

    names = []
    for name, part in without.BY_NAME.items():
        try:
            without.made(part, folder)
        except without.PartMissing as error:
            say.print(str(error))
            continue
        names.append(name)
    return names
