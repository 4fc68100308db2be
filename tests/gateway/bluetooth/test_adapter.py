"""The gateway's own adapter: the real bleak over a real D-Bus, against a stand-in for BlueZ whose
radio is on bumble's virtual link; at the far end the firmware under the real MicroPython."""

import asyncio
import builtins
import time
from pathlib import Path

import pytest
from doorknock import improv

from gateway.bluetooth.adapter import Adapter
from gateway.bluetooth.air import BluetoothError, Trouble
from gateway.bluetooth.change import Network, Step, Ways, change_wifi
from tests.gateway.bluetooth.bluez import FORBIDDEN, BlueZ, bus
from tests.sim.bluetooth.conftest import (  # noqa: F401 - fixtures
    NEW,
    anyio_backend,
    board,
    broker,
    central,
    gateway,
    room,
    secret,
)
from tests.sim.bluetooth.test_over_the_air import stored, turned_to_bluetooth
from tests.sim.board.house import DEVICE

pytestmark = pytest.mark.anyio


async def trouble() -> Trouble:
    with pytest.raises(BluetoothError) as caught:
        await Adapter().find(DEVICE, 1)
    return caught.value.trouble


async def test_without_a_message_bus_there_is_no_bluetooth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    assert await trouble() is Trouble.NO_ADAPTER


async def test_without_its_service_there_is_no_bluetooth(tmp_path: Path) -> None:
    async with bus(tmp_path):
        assert await trouble() is Trouble.NO_ADAPTER


async def test_without_an_adapter(tmp_path: Path) -> None:
    async with bus(tmp_path):
        bluez = BlueZ(None)
        await bluez.start()
        assert await trouble() is Trouble.NO_ADAPTER
        bluez.stop()


async def test_with_an_adapter_that_is_off(tmp_path: Path, central) -> None:  # noqa: F811
    async with bus(tmp_path):
        bluez = BlueZ(central, powered=False)
        await bluez.start()
        assert await trouble() is Trouble.ADAPTER_OFF
        bluez.stop()


async def test_without_the_right_to_use_it(tmp_path: Path, central) -> None:  # noqa: F811
    async with bus(tmp_path, FORBIDDEN):
        bluez = BlueZ(central)
        await bluez.start()
        assert await trouble() is Trouble.NO_RIGHTS
        bluez.stop()


async def test_where_the_device_is_not(tmp_path: Path, central) -> None:  # noqa: F811
    async with bus(tmp_path):
        bluez = BlueZ(central)
        await bluez.start()
        assert await Adapter().find(DEVICE, 1) is None
        bluez.stop()


def test_a_gateway_that_was_installed_without_bleak(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_bleak(name, *rest, **more):
        if name == "bleak":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", no_bleak)
    with pytest.raises(BluetoothError) as caught:
        Adapter()
    assert caught.value.trouble is Trouble.NO_LIBRARY


async def test_from_the_gateways_adapter_to_the_device_and_back(
    tmp_path: Path,
    board,  # noqa: F811
    gateway,  # noqa: F811
    central,  # noqa: F811
    secret,  # noqa: F811
) -> None:
    async with bus(tmp_path):
        bluez = BlueZ(central)
        await bluez.start()
        await turned_to_bluetooth(board, gateway)
        steps: list[Step] = []

        async def ordered() -> str:
            return "done"

        async def news(attempt: int) -> str:
            told = gateway.of("wifi")
            return told[-1].details["outcome"] if told else ""

        ways = Ways(Adapter(), ordered, news, steps.append, time.monotonic, asyncio.sleep)
        await change_wifi(DEVICE, secret, Network(*NEW), ways)
        assert steps[-1] is Step.CHANGED
        assert stored(board) == NEW
        bluez.stop()


async def test_a_device_that_goes_in_the_midst_of_it(
    tmp_path: Path,
    board,  # noqa: F811
    gateway,  # noqa: F811
    central,  # noqa: F811
) -> None:
    async with bus(tmp_path):
        bluez = BlueZ(central)
        await bluez.start()
        await turned_to_bluetooth(board, gateway)
        peer = await Adapter().find(DEVICE, 10)
        assert peer is not None
        assert await peer.read(improv.STATE) == bytes([improv.AUTHORIZED])
        await board.power_cut()

        async def look_until_it_breaks() -> None:
            for _ in range(20):
                await peer.read(improv.STATE)
                await asyncio.sleep(0.2)

        with pytest.raises(BluetoothError) as caught:
            await look_until_it_breaks()
        assert caught.value.trouble is Trouble.GONE
        await peer.close()
        bluez.stop()
