"""Several scenarios at once, each in a process of its own."""

import concurrent.futures
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.scenario import ending
from sim.scenario.load import load
from sim.scenario.outcome import Outcome
from sim.scenario.play import Begun, play_file

# The library: packed with the simulator.
LIBRARY = Path(__file__).parent.parent / "scenarios"


def library() -> list[Path]:
    """Every scenario that comes with the simulator."""
    return sorted(LIBRARY.glob("*.toml"))


def run(
    paths: Sequence[Path],
    seed: int | None,
    keep: Path | None,
    workers: int | None,
    on_begin: Begun | None = None,
) -> Iterator[tuple[int, Outcome]]:
    """Each outcome as it comes, and which of *paths* it is of.

    keep: a folder; each scenario's world is kept in one below it.
    One alone is played here: no other process has to be started for it; on_begin is given its
    loop.
    """
    folders = _folders(paths, keep)
    if len(paths) == 1:
        yield 0, play_file(paths[0], seed, folders[0], on_begin)
        return
    # A fresh interpreter each: nothing that one world leaves behind can be found by another.
    context = multiprocessing.get_context("spawn")
    count = min(len(paths), workers or os.cpu_count() or 1)
    with concurrent.futures.ProcessPoolExecutor(
        count, mp_context=context, initializer=ending.with_the_host
    ) as pool:
        # The longest first: nobody waits for a day that was begun last.
        order = sorted(range(len(paths)), key=lambda number: -_work(paths[number]))
        waiting = {
            pool.submit(ending.in_a_worker, play_file, paths[number], seed, folders[number]): number
            for number in order
        }
        try:
            for done in concurrent.futures.as_completed(waiting):
                yield waiting[done], done.result()
        except BaseException:
            ending.end_workers()
            raise


def _work(path: Path) -> int:
    """How much there is to play, at a guess: board-milliseconds. Raises WrongScenario."""
    scenario = load(path).scenario
    return scenario.length * len(scenario.boards)


def _folders(paths: Sequence[Path], keep: Path | None) -> list[Path | None]:
    if keep is None:
        return [None] * len(paths)
    names: list[str] = []
    for path in paths:
        name = path.name.removesuffix(".toml")
        names.append(name if name not in names else f"{name}-{len(names)}")
    return [keep / name for name in names]
