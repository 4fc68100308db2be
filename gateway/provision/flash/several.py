"""Several boards at once, as on a USB hub: each goes its own way, and one's trouble is its own."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gateway.errors import GatewayError
from gateway.provision.flash.job import Flashed, Recipe, flash
from gateway.provision.flash.release import MicroPython
from gateway.provision.flash.target import Target

# A hub's one line carries some 1 MB/s over its bridges: more boards at once are not done sooner.
AT_ONCE = 8

# (port, event, fields) as it happens.
TellOf = Callable[[str, str, dict[str, object]], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a port: a board that is flashed, or the trouble with it."""

    port: str
    flashed: Flashed | None = None
    trouble: GatewayError | None = None


async def flash_all(
    ports: Sequence[str], recipe: Recipe, journals: Path, tell: TellOf
) -> list[Outcome]:
    """Flashes the boards on all `ports`; an outcome for each, in their order."""
    shared = _shared(recipe)
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(port: str) -> Outcome:
        async with seats:
            try:
                done = await flash(port, shared, journals, partial(tell, port))
            except GatewayError as trouble:
                tell(port, "failed", {"why": str(trouble)})
                return Outcome(port, trouble=trouble)
            return Outcome(port, flashed=done)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(port)) for port in ports]
    return [task.result() for task in tasks]


def _shared(recipe: Recipe) -> Recipe:
    """The recipe with each image fetched, and the application compiled, once for all boards."""
    images: dict[str, MicroPython] = {}
    compiled: dict[str, dict[str, bytes]] = {}
    lock = threading.Lock()

    def image(target: Target) -> MicroPython:
        with lock:
            if target.id not in images:
                images[target.id] = recipe.images(target)
            return images[target.id]

    def files(arch: str) -> dict[str, bytes]:
        with lock:
            if arch not in compiled:
                compiled[arch] = recipe.files(arch)
            return compiled[arch]

    return replace(recipe, images=image, files=files)
