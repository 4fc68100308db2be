"""How fast virtual time runs: a sensor that hears its radar ten times a second, with its way out.

Prints real seconds for a simulated day, and how many times faster than real time that is; and of
these the processor's time of either side, the world and its boards. One board and its world take
turns: the world has nothing to do before it hears what the board did. Several boards run side by
side. Figures are of this machine and this moment; nothing is asserted. Where others use the
machine as well, the processor's time is the better measure.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sim.virtual.board import VirtualBoard
from sim.virtual.house import SETTINGS, House
from sim.virtual.loop import VirtualLoop, run
from tests.sim.virtual.breath import Breath

DAY_S = 86_400
# The firmware is read and compiled in the first second, once a life and not once a day.
START_S = 60.0


@dataclass
class Took:
    """Seconds: real ones, and the processor's for the world and for all boards."""

    real_s: float
    world_s: float
    boards_s: float


def measure(hours: float, boards: int) -> Took:
    """What so many hours of so many sensors take, without their start."""
    start = _lived(0.0, boards)
    whole = _lived(hours * 3600, boards)
    return Took(whole.real_s, whole.world_s, whole.boards_s - start.boards_s)


def _lived(for_s: float, boards: int) -> Took:
    """From power on; the boards' time is of their whole lives, the rest after their start."""

    async def main(loop: VirtualLoop) -> tuple[float, float]:
        with tempfile.TemporaryDirectory(prefix="doorknock-bench-") as folder:
            sensors = [
                VirtualBoard(
                    *(loop, Path(folder) / str(number)),
                    name=f"sensor {number}",
                    board="sensor",
                    network=House(),
                )
                for number in range(boards)
            ]
            for sensor in sensors:
                sensor.provision({**SETTINGS, "mode": "washroom", "radar": "mr60bha2"})
                sensor.radar = Breath()
                sensor.power_on()
            await asyncio.sleep(START_S)
            real, processor = time.monotonic(), time.process_time()
            await asyncio.sleep(for_s)
            took = time.monotonic() - real, time.process_time() - processor
            for sensor in sensors:
                sensor.close()
            return took

    before_s = _used_by_boards_s()
    real_s, world_s = run(main, real_limit_s=None)
    return Took(real_s, world_s, _used_by_boards_s() - before_s)


def _used_by_boards_s() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--hours", type=float, default=2.0, help="of virtual time (2)")
    options.add_argument("--boards", type=int, default=4, help="in the second measurement (4)")
    chosen = options.parse_args()
    for boards in (1, chosen.boards):
        took = measure(chosen.hours, boards)
        virtual_s = chosen.hours * 3600 * boards
        days = virtual_s / DAY_S
        print(
            f"{boards} sensor{'s' if boards > 1 else ''}: a day of one takes "
            f"{took.real_s / days:.1f} s, {virtual_s / took.real_s:,.0f} times real time; "
            f"of the processor {took.boards_s / days:.1f} s for the board and "
            f"{took.world_s / days:.1f} s for its world."
        )


if __name__ == "__main__":
    main()
