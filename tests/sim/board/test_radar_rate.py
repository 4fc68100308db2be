"""An LD6002 comes at one of two rates, and nobody has to say which."""

import asyncio
import contextlib
import math

import pytest

from sim.devices.board import Board
from sim.radars.mr60 import Mr60

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def breathe(board: Board, baudrate: int) -> None:
    """Somebody at rest before a module that sends ten times a second, at this rate."""
    module = Mr60()
    turn = 0
    while True:
        turn += 1
        await board.uart(module.sample(20 + 3 * math.sin(turn / 6), True), baudrate=baudrate)
        await asyncio.sleep(0.1)


async def test_an_ld6002_at_its_other_rate_is_heard(broker, gateway, settings, tmp_path) -> None:
    broker.start()
    async with Board(tmp_path / "sensor", name="sensor", board="sensor") as board:
        board.provision({**settings, "radar": "ld6002", "mode": "washroom"})
        await board.power_on()
        somebody = asyncio.create_task(breathe(board, 115200))
        try:
            await board.until_said("listening at 115200 baud")
            assert gateway.of("watch") == []
            await gateway.first("watch", 30)
        finally:
            somebody.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await somebody
