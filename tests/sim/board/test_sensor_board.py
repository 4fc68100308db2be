"""A sensor's board: radar bytes on its UART, button B, and a watch that outlives a reset."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from sim.devices.board import Board
from sim.radars import ld2410

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FLOOR = (15, 27, 9, 6, 5, 4, 5, 3, 5), (0, 0, 61, 41, 25, 20, 13, 11, 9)


def report(moving: bool, turn: int) -> bytes:
    """Somebody at 1.5 m, moving or not; the energies flicker as a live module's do."""
    move = [
        min(100, energy + (60 if moving and i in (1, 2) else 0))
        for i, energy in enumerate(FLOOR[0])
    ]
    move[5] += turn % 3
    still = [0, 0, 100, 100, 90, 60, 40, 30, 20]
    return ld2410.engineering(
        ld2410.Report(3 if moving else 2, 150, 80 if moving else 10, 150, 100, move, still)
    )


class Room:
    """What the radar sees, ten times a second."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.moving = True
        self.cable = True

    async def run(self) -> None:
        turn = 0
        while True:
            turn += 1
            if self.cable:
                await self.board.uart(report(self.moving, turn))
            await asyncio.sleep(0.1)


@pytest.fixture
async def sensor(tmp_path, settings) -> AsyncIterator[Board]:
    async with Board(tmp_path / "sensor", name="sensor", board="sensor") as board:
        board.provision(
            {**settings, "radar": "ld2410", "mode": "washroom", "no_movement_s": 30, "answer_s": 10}
        )
        yield board


@pytest.fixture
async def room(sensor: Board) -> AsyncIterator[Room]:
    room = Room(sensor)
    task = asyncio.create_task(room.run())
    yield room
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_sensor_that_sees_somebody_watches_asks_and_calls(
    broker, gateway, sensor, room
) -> None:
    # Given a washroom with somebody in it
    broker.start()
    await sensor.power_on()
    boot = await gateway.first("boot")
    assert boot.details["tier"] == "presence"
    await gateway.first("watch", 20)

    # When the board is reset meanwhile, the watch goes on
    await sensor.power_cut()
    await sensor.power_on()
    await sensor.until_said("boot 2")

    # And when nobody moves any more, it asks, and shows it
    room.moving = False
    prompt = await gateway.first("prompt", 60)
    assert prompt.details == {"state": "asked", "cause": "no_movement"}
    await sensor.until_light("prompt")
    assert prompt.boot == 2

    # And when nobody answers, it calls
    call = await gateway.first("stillness", 30)
    assert call.details["cause"] == "no_movement"
    await sensor.until_light("delivered", 15)
    gateway.light(call, "coming")
    await sensor.until_light("coming")


async def test_button_b_answers_the_question(broker, gateway, sensor, room) -> None:
    broker.start()
    await sensor.power_on()
    await gateway.first("watch", 20)
    room.moving = False
    await sensor.until_light("prompt", 60)
    seen = len(sensor.lines)

    await sensor.press("button_b")

    ok = await gateway.first("ok")
    assert ok.details == {"during": "prompt"}
    await sensor.until_light("none", since=seen)
    assert gateway.of("stillness") == []


async def test_the_heartbeat_tells_of_the_radar_and_nothing_of_the_room(
    broker, gateway, sensor, room
) -> None:
    broker.start()
    sensor.provision({"heartbeat_s": 5})
    await sensor.power_on()
    await gateway.until(
        lambda: any(
            beat.details.get("radar_frames_per_10s", 0) > 80 for beat in gateway.of("heartbeat")
        ),
        30,
    )
    assert set(gateway.of("heartbeat")[-1].details) <= {
        "cause", "firmware", "rssi_dbm", "memory_free_bytes", "journal_depth", "light",
        "device_type", "tier", "radar_frames_per_10s", "radar_errors", "noise_floor",
    }  # fmt: skip


async def test_a_radar_that_falls_silent_is_reported(broker, gateway, sensor, room) -> None:
    broker.start()
    await sensor.power_on()
    await gateway.first("watch", 20)

    room.cable = False

    fault = await gateway.first("fault", 30)
    assert (fault.details["what"], fault.details["state"]) == ("radar_silent", "raised")
