"""`doorknock sim evaluate`: how well the sensor does, on every kind of case."""

import enum
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sim import interpreter, trace

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
    from sim.evaluate import baseline, table, without  # the other commands need not load all this
    from sim.evaluate.kinds import KINDS
    from sim.evaluate.play import play_all, tasks
    from sim.evaluate.summary import as_json as summary_of
    from sim.evaluate.summary import targets

    names = [
        kind.name
        for kind in KINDS
        if not only or any(part in kind.name or part == kind.family for part in only)
    ]
    if quick and not only:
        names = [kind.name for kind in KINDS if kind.name in names and kind.share >= 0.5]
    if not names:
        typer.echo(
            f"No kind has {' or '.join(map(repr, only or []))} in its name; the kinds are: "
            + ", ".join(kind.name for kind in KINDS)
            + ".",
            err=True,
        )
        raise typer.Exit(WRONG_USE)
    if html is not None:
        try:
            from sim.evaluate import page
        except ImportError:
            typer.echo(
                "The report's pictures need matplotlib: pip install 'doorknock[evaluate]'.",
                err=True,
            )
            raise typer.Exit(WRONG_USE) from None
    say = Console(stderr=True)
    results = []
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=say,
        transient=True,
        disable=not say.is_terminal,
    )
    count = cases or (QUICK_CASES if quick else CASES)
    try:
        with TemporaryDirectory() as copies, bar:
            without.made(without.AS_IT_IS, Path(copies))
            wanted = tasks(
                names,
                count,
                seed,
                split.value,
                () if alone else baseline.BY_NAME,
                () if alone else _parts(Path(copies), say),
                min(count, QUICK_WITHOUT if quick else CASES_WITHOUT),
                copies,
            )
            say.print(
                f"seed {seed}, split {split.value}, {len(wanted)} cases of {len(names)} kinds"
            )
            done = bar.add_task("cases", total=len(wanted))
            for of_case in play_all(wanted, workers):
                results += of_case
                bar.update(done, advance=1, description=of_case[0].task.kind)
                if as_json:
                    for result in of_case:
                        typer.echo(json.dumps(result.line()))
    except (interpreter.InterpreterMissing, trace.TraceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(MISSED) from None
    if traces is not None:
        from sim.evaluate.wrong import write_traces

        write_traces(results, traces)
        say.print(
            f"The traces of what went wrong are in {traces}: doorknock sim replay plays them."
        )
    if html is not None:
        page.write(results, html, seed, split.value)
        say.print(f"The report is in {html}.")
    if as_json:
        typer.echo(json.dumps(summary_of(results, {"seed": seed, "split": split.value})))
    else:
        table.show(table.console(), results)
    missed = [target for target in targets(results) if not target.met]
    for target in missed:
        typer.echo(f"missed: {target.what}: {target.needed}; {target.measured}", err=True)
    if missed:
        raise typer.Exit(MISSED)


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
