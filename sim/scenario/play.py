"""Plays one scenario from its beginning to its end, and judges it."""

import asyncio
import contextlib
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.scenario import errors_logged
from sim.scenario.errors import WrongScenario
from sim.scenario.judge import judge
from sim.scenario.load import Loaded, load
from sim.scenario.outcome import Outcome
from sim.scenario.world import World
from sim.virtual.loop import VirtualLoop, VirtualTimeError

# Real seconds in which a world that cannot go on is to end in order.
_END_S = 10.0


Begun = Callable[[VirtualLoop], None]


def play(
    loaded: Loaded,
    seed: int | None = None,
    folder: Path | None = None,
    on_begin: Begun | None = None,
) -> Outcome:
    """The outcome. Never raises for what happens in the world; InterpreterMissing comes through.

    folder: where the boards' flash and the gateway's databases are kept; None: nowhere. on_begin:
    is given the loop, for somebody who wants to see how far it is.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="doorknock-") as temporary:
            return _play(loaded, seed, Path(temporary), on_begin)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        # A world that begins with another one's flash and databases is not the one that is meant.
        raise WrongScenario(f"{folder} is not empty: name another folder, or take it away.")
    return _play(loaded, seed, folder, on_begin)


def _play(loaded: Loaded, seed: int | None, folder: Path, on_begin: Begun | None) -> Outcome:
    scenario = loaded.scenario
    chosen = scenario.seed if seed is None else seed
    began = time.monotonic()
    loop = VirtualLoop(quantum_ms=max(1, scenario.skew), real_limit_s=scenario.limit / 1000)
    loop.set_exception_handler(_fell)
    if on_begin is not None:
        on_begin(loop)
    trouble = ""
    world = World(scenario, chosen, folder, loop=loop)
    try:
        loop.run_until_complete(world.play())
    except VirtualTimeError as ended:
        trouble = str(ended)
        loop.grace(_END_S)
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
    if logged := errors_logged.judge(scenario.expect, world.records.all):
        verdicts.append(logged)
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


class _WorldFell(VirtualTimeError):
    """Something of the simulator's own has fallen: `str()` has the traceback."""


def _fell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio would only print ends the run: nothing that was seen after it can be trusted."""
    error = context.get("exception")
    told = "".join(traceback.format_exception(error)) if error else str(context["message"])
    if isinstance(loop, VirtualLoop):
        loop.fail(_WorldFell(f"The simulator itself has fallen; report this.\n{told.rstrip()}"))


def _end_tasks(loop: VirtualLoop) -> None:
    """Whatever still waits in the loop is told that it is over: libraries leave watchers behind."""

    async def end() -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    with contextlib.suppress(VirtualTimeError):
        loop.run_until_complete(end())


def play_file(
    path: Path, seed: int | None, folder: Path | None, on_begin: Begun | None = None
) -> Outcome:
    """The same from a file: what a process of its own is given. Raises WrongScenario."""
    return play(load(path), seed, folder, on_begin)
