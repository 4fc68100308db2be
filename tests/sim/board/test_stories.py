"""What simulated boards live through, told by stories: each is a test, and all are lived at once.

Much of a board's time is waiting: for somebody to have been still for long enough, for a watchdog,
for a link that is down. That time is real here. So each story has a house of its own, with its own
broker, gateway and board, and they go on side by side.
"""

import asyncio
import contextlib
import inspect
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from doorknock import wire

from sim.devices.board import Board
from tests.sim.board import power_stories, press_stories, sensor_stories
from tests.sim.board.house import DEVICE, Broker, Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Story = Callable[..., Awaitable[None]]

# Of the short ones: as many as two processors carry without making each other late.
AT_ONCE = 5
SHORT = press_stories.STORIES + power_stories.STORIES
LONG = sensor_stories.SETTINGS
NAMES = [setting.story.__name__ for setting in LONG] + [story.__name__ for story in SHORT]


@contextlib.asynccontextmanager
async def powered(folder: Path, settings: dict, **rest):
    """A board; what it printed as it fell, if it did, fails the story."""
    async with Board(folder, name=folder.name, seed=1, **rest) as board:
        board.provision(settings)
        yield board
        assert [line.data["text"] for line in board.lines if line.what == "crash"] == []


async def in_a_house(story: Story, folder: Path) -> None:
    """Lives a story; by its arguments it names what it needs of what is there."""
    secret = secrets.token_bytes(wire.SECRET_BYTES)
    broker = Broker(folder / "broker")
    broker.keys[DEVICE] = wire.link_key(secret)
    gateway = Gateway(broker.inner_port, secret)
    settings = {
        "device": bytes.fromhex(DEVICE),
        "secret": secret,
        "wifi_ssid": "house",
        "host": "127.0.0.1",
        "port": broker.port,
        "boot": 0,
    }
    gateway.start()
    try:
        async with powered(folder / "button", settings) as board:
            there = {
                "broker": broker,
                "gateway": gateway,
                "board": board,
                "settings": settings,
                "tmp_path": folder,
            }
            await story(**{name: there[name] for name in inspect.signature(story).parameters})
    finally:
        gateway.stop()
        broker.kill()


async def in_a_room(setting: sensor_stories.Setting, folder: Path) -> None:
    """Lives a sensor's story, with its radar."""

    async def story(broker: Broker, gateway: Gateway, settings: dict) -> None:
        broker.start()
        values = {**settings, **setting.values}
        async with powered(folder / "sensor", values, board="sensor") as board:
            room = sensor_stories.Room(board, gateway, setting.radar())
            radar = asyncio.create_task(room.live())
            try:
                await setting.story(room)
            finally:
                radar.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await radar

    await in_a_house(story, folder)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BaseException | None]:
    """How each story ended: None is well."""
    few = asyncio.Semaphore(AT_ONCE)

    async def in_turn(story: Story) -> None:
        async with few:
            await in_a_house(story, tmp_path_factory.mktemp("house"))

    ended = await asyncio.gather(
        *(in_a_room(setting, tmp_path_factory.mktemp("room")) for setting in LONG),
        *(in_turn(story) for story in SHORT),
        return_exceptions=True,
    )
    return dict(zip(NAMES, ended, strict=True))


@pytest.mark.parametrize("story", NAMES)
async def test_that(story: str, outcomes: dict[str, BaseException | None]) -> None:
    outcome = outcomes[story]
    if outcome is not None:
        raise outcome
