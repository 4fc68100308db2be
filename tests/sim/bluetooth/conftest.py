"""A board in a house with two Wi-Fi networks, a broker, a gateway, and Bluetooth in the air."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from doorknock import wire

from sim.bluetooth.central import Central
from sim.bluetooth.peripheral import Peripheral
from sim.bluetooth.room import Room
from sim.devices.board import Board
from tests.sim.board.house import DEVICE, Broker, Gateway

OLD = ("old house", "old password")
NEW = ("new house", "new password")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def secret() -> bytes:
    return secrets.token_bytes(wire.SECRET_BYTES)


@pytest.fixture
def broker(tmp_path: Path, secret: bytes) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.keys[DEVICE] = wire.link_key(secret)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def gateway(broker: Broker, secret: bytes) -> Iterator[Gateway]:
    gateway = Gateway(broker.inner_port, secret)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
async def room() -> Room:
    return Room()


@pytest.fixture
async def central(room: Room) -> Central:
    return Central(room, await room.device("gateway"))


@pytest.fixture
async def board(tmp_path: Path, broker: Broker, secret: bytes, room: Room) -> AsyncIterator[Board]:
    async with Board(tmp_path / "board", name="button", seed=1) as board:
        board.provision(
            {
                "device": bytes.fromhex(DEVICE),
                "secret": secret,
                "wifi_ssid": OLD[0],
                "wifi_key": OLD[1],
                "host": "127.0.0.1",
                "port": broker.port,
                "boot": 0,
            }
        )
        board.networks(dict([OLD, NEW]))
        peripheral = Peripheral(room, board.bluetooth)
        board.on_bluetooth = peripheral.told
        yield board
        await peripheral.close()
        crashes = [line.data["text"] for line in board.lines if line.what == "crash"]
        assert crashes == []
