"""`doorknock sim evaluate`: how well the sensor does, on every kind of case."""

import enum
import json
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from sim import interpreter, trace
from sim.scenario import ending

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
        int | None, typer.Option(min=1, max=256, help="How many at once.", show_default="cores")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="A file: keeps each result there, and plays nothing that it holds."),
    ] = None,
    no_play: Annotated[
        bool, typer.Option("--no-play", help="Plays nothing: tells of all that --keep holds.")
    ] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="A page: writes the results into their place there.")
    ] = None,
) -> None:
    """Play every kind of case through the real firmware, and hold it against the truth.

    Exit 0: done, every target met. 1: a target missed. 2: wrong use.
    """
    from sim.evaluate import outcome, table  # the other commands need not load all this
    from sim.evaluate.markdown import NoPlace
    from sim.evaluate.summary import as_json as summary_of
    from sim.evaluate.summary import targets

    ending.when_told()
    names = _chosen(only or [], quick)
    files = outcome.Files(traces, html, markdown)
    count = cases or (QUICK_CASES if quick else CASES)
    without_its_parts = 0 if alone else min(count, QUICK_WITHOUT if quick else CASES_WITHOUT)
    say = Console(stderr=True)
    results: list[Result] = []
    if no_play and keep is None:
        _wrong_use("--no-play tells of what is kept: name the file with --keep FILE.")
    try:
        files.check()
        if no_play and keep is not None:
            results = outcome.kept(keep, say).all()
            if not results:
                _wrong_use(f"{keep} holds no result of this firmware: play some without --no-play.")
        else:
            played = Run(names, count, seed, split, alone, without_its_parts, workers, keep)
            for of_case in played.results(say):
                results += of_case
                if as_json:
                    for result in of_case:
                        typer.echo(json.dumps(result.line()))
        files.write(results, say)
    except (interpreter.InterpreterMissing, trace.TraceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(MISSED) from None
    except BrokenProcessPool:
        typer.echo(
            "A process that played a case was ended from outside (out of memory?); "
            "play fewer at once: --workers 1.",
            err=True,
        )
        raise typer.Exit(MISSED) from None
    except (NoPlace, outcome.CannotWrite) as error:
        _wrong_use(str(error))
    except OSError as error:
        if error.filename is None:
            raise  # a full disk: no wrong use, and told by the command line (gateway/cli.py)
        reason = (error.strerror or "it cannot be written").lower()
        _wrong_use(f"{error.filename} cannot be written: {reason}.")
    if as_json:
        said: dict[str, object] = {"seed": seed, "split": split.value}
        typer.echo(json.dumps(summary_of(results, {"kept": str(keep)} if no_play else said)))
    else:
        table.show(table.console(), results)
    missed = [target for target in targets(results) if not target.met]
    for target in missed:
        typer.echo(f"missed: {target.what}: {target.needed}; {target.measured}", err=True)
    if missed:
        raise typer.Exit(MISSED)


def _wrong_use(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(WRONG_USE)


def _chosen(only: list[str], quick: bool) -> list[str]:
    """The names of the kinds to play; leaves with exit 2 where there are none."""
    from sim.evaluate.kinds import KINDS
    from sim.evaluate.play import SHORT

    names = [
        kind.name
        for kind in KINDS
        if (not only or any(part and (part in kind.name or part == kind.family) for part in only))
        and (only or not quick or kind.share >= SHORT)
    ]
    if not names:
        _wrong_use(
            f"No kind has {' or '.join(map(repr, only))} in its name; the kinds are: "
            + ", ".join(kind.name for kind in KINDS)
            + "."
        )
    return names


@dataclass(frozen=True)
class Run:
    """What is to be played. keep: where results are kept, and found."""

    names: list[str]
    count: int
    seed: int
    split: Split
    alone: bool
    without_its_parts: int
    workers: int | None
    keep: Path | None

    def results(self, say: Console) -> "Iterator[list[Result]]":
        """Each case's results. The firmware is copied first: it may be edited meanwhile."""
        from sim.evaluate import baseline, without
        from sim.evaluate.outcome import kept
        from sim.evaluate.play import cores, play_all, tasks
        from sim.evaluate.progress import Shown

        with TemporaryDirectory() as folder:
            copies = Path(folder)
            whole = without.made(without.AS_IT_IS, copies)
            parts = _parts(copies, say) if self.without_its_parts else []
            baselines = () if self.alone else (*baseline.BY_NAME, *without.MORE)
            wanted = tasks(
                self.names,
                self.count,
                self.seed,
                self.split.value,
                baselines,
                parts,
                self.without_its_parts,
                folder,
            )
            say.print(
                f"seed {self.seed}, split {self.split.value}, "
                f"{len(wanted)} cases of {len(self.names)} kinds"
            )
            store = kept(self.keep, say, whole) if self.keep is not None else None
            before = {task: store.of(task) for task in wanted} if store is not None else {}
            to_play = [task for task in wanted if not before.get(task)]
            if len(to_play) < len(wanted):
                say.print(f"{len(wanted) - len(to_play)} of them are kept already.")
            yield from (found for found in before.values() if found)
            with Shown(say, [task.kind for task in to_play], self.workers or cores()) as shown:
                for of_case in play_all(to_play, self.workers):
                    shown.done(of_case[0].task.kind, sum(r.took_s for r in of_case))
                    if store is not None:
                        store.add(of_case)
                    yield of_case


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
