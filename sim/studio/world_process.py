"""A world in a process of its own: orders in on standard input, frames out, JSON lines both.

A world of its own process cannot take the page down with it, uses a core of its own, and is
gone, with all that belongs to it, when its input ends.

    python -m sim.studio.world_process SCENARIO.toml --seed N --speed X --language L
"""

import argparse
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from sim.studio.playing import Playing
from sim.studio.world import StudioWorld, WorldEnded

# So many orders wait at the most; a page that sends more than we take is not served sooner.
_MOST_ORDERS = 200


def serve(make: Callable[[], StudioWorld], speed: float, orders: IO[str], out: IO[str]) -> None:
    """Plays the world that *make* makes, until *orders* ends or the world does."""

    def show(frame: Mapping[str, Any]) -> None:
        out.write(json.dumps(frame, ensure_ascii=False, separators=(",", ":")) + "\n")
        out.flush()

    try:
        world = make()
    except WorldEnded as end:
        show({"ended": str(end)})
        return
    try:
        show({"scene": world.scene()})
        _play(Playing(world, show, time.monotonic, speed), _read(orders))
    except WorldEnded as end:
        show({"ended": str(end)})
    finally:
        world.close()


def _play(playing: Playing, orders: "queue.Queue[str | None]") -> None:
    wait_s = 0.0
    while True:
        try:
            order = orders.get(timeout=wait_s) if wait_s > 0 else orders.get_nowait()
        except queue.Empty:
            wait_s = playing.turn(lambda: not orders.empty())
            continue
        if order is None:
            return
        try:
            playing.take(json.loads(order))
        except ValueError as error:
            print(f"order refused: {error}", file=sys.stderr)
        wait_s = 0.0


def _read(orders: IO[str]) -> "queue.Queue[str | None]":
    """The lines of *orders* as they come, last None; read in a thread, since reading blocks."""
    taken: queue.Queue[str | None] = queue.Queue(_MOST_ORDERS)

    def read() -> None:
        for line in orders:
            taken.put(line)
        taken.put(None)

    threading.Thread(target=read, daemon=True).start()
    return taken


def main() -> None:
    """What the command in this file's docstring does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--language", required=True)
    given = parser.parse_args()
    # What the world prints is not for the page.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from sim.studio.simulated import Simulated

    serve(
        lambda: Simulated(given.scenario, seed=given.seed, language=given.language),
        given.speed,
        sys.stdin,
        out,
    )


if __name__ == "__main__":
    main()
