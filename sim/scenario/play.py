"""Plays one scenario from its beginning to its end, and judges it."""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

from sim.scenario.judge import judge
from sim.scenario.load import Loaded, load
from sim.scenario.outcome import Outcome
from sim.scenario.world import World
from sim.virtual.loop import VirtualLoop, VirtualTimeError


def play(loaded: Loaded, seed: int | None = None, folder: Path | None = None) -> Outcome:
    """The outcome. Never raises for what happens in the world; InterpreterMissing comes through.

    folder: where the boards' flash and the gateway's databases are kept; None: nowhere.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="doorknock-") as temporary:
            return _play(loaded, seed, Path(temporary))
    folder.mkdir(parents=True, exist_ok=True)
    return _play(loaded, seed, folder)


def _play(loaded: Loaded, seed: int | None, folder: Path) -> Outcome:
    scenario = loaded.scenario
    chosen = scenario.seed if seed is None else seed
    began = time.monotonic()
    loop = VirtualLoop(real_limit_s=scenario.limit / 1000)
    world = World(scenario, chosen, folder, loop=loop)
    trouble = ""
    try:
        loop.run_until_complete(world.play())
    except VirtualTimeError as ended:
        trouble = str(ended)
        with contextlib.suppress(VirtualTimeError):
            loop.run_until_complete(world.stop())
    finally:
        world.close()
        _end_tasks(loop)
        loop.close()
    verdicts = [
        judge(
            wanted,
            world.records.all,
            world.moments,
            scenario.length,
            loaded.lines.of(("expect", number)),
        )
        for number, wanted in enumerate(scenario.expect)
    ]
    return Outcome(
        path=loaded.path,
        name=loaded.name,
        title=scenario.title,
        seed=chosen,
        length_ms=scenario.length,
        took_s=time.monotonic() - began,
        verdicts=verdicts,
        records=world.records.all,
        trouble=trouble,
    )


def _end_tasks(loop: VirtualLoop) -> None:
    """Whatever still waits in the loop is told that it is over: libraries leave watchers behind."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    with contextlib.suppress(VirtualTimeError):
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def play_file(path: Path, seed: int | None, folder: Path | None) -> Outcome:
    """The same from a file: what a process of its own is given. Raises WrongScenario."""
    return play(load(path), seed, folder)
