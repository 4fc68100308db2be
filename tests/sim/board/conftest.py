"""A simulated board in a house with a broker and a gateway."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from doorknock import wire

from sim.devices.board import Board
from tests.sim.board.house import DEVICE, Broker, Gateway


@pytest.fixture
def secret() -> bytes:
    return secrets.token_bytes(wire.SECRET_BYTES)


@pytest.fixture
def broker(tmp_path: Path, secret: bytes) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.keys[DEVICE] = wire.link_key(secret)
    yield broker
    broker.kill()


@pytest.fixture
def gateway(broker: Broker, secret: bytes) -> Iterator[Gateway]:
    gateway = Gateway(broker.inner_port, secret)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def settings(broker: Broker, secret: bytes) -> dict[str, int | bytes | str]:
    return {
        "device": bytes.fromhex(DEVICE),
        "secret": secret,
        "wifi_ssid": "house",
        "host": "127.0.0.1",
        "port": broker.port,
        "boot": 0,
    }


@pytest.fixture
async def board(tmp_path: Path, settings: dict[str, int | bytes | str]) -> AsyncIterator[Board]:
    async with Board(tmp_path / "board", name="button", seed=1) as board:
        board.provision(settings)
        yield board
        crashes = [line.data["text"] for line in board.lines if line.what == "crash"]
        assert crashes == []


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
