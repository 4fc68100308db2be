"""Who is in front of the demo's sensor: a real person's breathing, which then stops.

The radar's bytes go to the board in real time, as the module would send them.
"""

import asyncio
import time
from pathlib import Path

from sim import interpreter
from sim.apnoea import Apnoea, Composer
from sim.devices.board import Board
from sim.radars.mr60 import Mr60
from sim.trace import Trace, read

# A resting adult at 60 cm, by a real MR60BHA2. The licence lies beside it.
RECORDING = Path("tests") / "data" / "mr60bha2_human_60cm.csv"
# Long enough for the sensor to see that somebody is there and breathes.
BREATHING_S = 25.0
# Longer than a prompt, an unanswered prompt and a slow machine take together.
LONGEST_APNOEA_S = 180.0


def recording() -> Trace:
    """The recording of the resting adult. Raises sim.trace.TraceError."""
    return read(interpreter.firmware_folder().parent / RECORDING)


class PersonAtTheRadar:
    """`run()` feeds the board for ever; `stop_breathing()` and `revive()` say what comes next."""

    def __init__(self, board: Board, seed: int = 1) -> None:
        self._board = board
        self._source = recording()
        self._seed = seed
        self._module = Mr60()
        self._next: str = ""
        self._phase = 0

    def stop_breathing(self) -> None:
        """From now on the chest is still, and the heart goes on."""
        self._next = "apnoea"

    def revive(self) -> None:
        """From now on they breathe again."""
        self._next = "breathing"

    async def run(self) -> None:
        """Until cancelled. Begins with breathing."""
        piece = "breathing"
        while True:
            self._next = ""
            await self._play(piece)
            piece = self._next or piece

    async def _play(self, piece: str) -> None:
        """One piece, or as much of it as there is until something else is to come."""
        composer = Composer(self._source, self._seed)
        if piece == "apnoea":
            composer.apnoea(Apnoea(LONGEST_APNOEA_S))
        else:
            composer.breathing(self._source.length_ms / 1000)
        rows = composer.trace().rows
        # No jump in the phase from one piece to the next.
        offset = self._phase - rows[0][1]
        began = time.monotonic()
        for t_ms, phase, _, _, present in rows:
            await asyncio.sleep(max(0.0, began + t_ms / 1000 - time.monotonic()))
            if self._next:
                return
            self._phase = phase + offset
            await self._board.uart(self._module.sample(self._phase / 1000, bool(present)))
