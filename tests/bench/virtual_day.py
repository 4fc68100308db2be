"""How fast virtual time runs: a sensor that hears its radar ten times a second, with its way out.

Prints real seconds for a simulated day, and how many times faster than real time that is. Figures
are of this machine and this moment; nothing is asserted. On two processors the board and the
world share the work of one board poorly, and of several boards well.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from sim.virtual.board import VirtualBoard
from sim.virtual.loop import VirtualLoop, run
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.house import SETTINGS, House

DAY_S = 86_400


def measure(hours: float, boards: int) -> float:
    """Real seconds that so many hours of so many sensors take, from power on."""

    async def main(loop: VirtualLoop) -> float:
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
            begun = time.monotonic()
            await asyncio.sleep(hours * 3600)
            took_s = time.monotonic() - begun
            for sensor in sensors:
                sensor.close()
            return took_s

    return run(main, real_limit_s=None)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--hours", type=float, default=2.0, help="of virtual time (2)")
    options.add_argument("--boards", type=int, default=4, help="in the second measurement (4)")
    chosen = options.parse_args()
    for boards in (1, chosen.boards):
        took_s = measure(chosen.hours, boards)
        virtual_s = chosen.hours * 3600 * boards
        print(
            f"{boards} sensor{'s' if boards > 1 else ''}: a day of one takes "
            f"{took_s * DAY_S / virtual_s:.1f} s, {virtual_s / took_s:,.0f} times real time."
        )


if __name__ == "__main__":
    main()
