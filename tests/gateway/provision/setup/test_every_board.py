"""A board of every kind, from its box to a press that has gone to the backend and back: the real
esptool, mpremote, MicroPython, mosquitto, gateway and backend."""

import asyncio

import pytest

from gateway import devices
from gateway.care import view
from gateway.provision import boards
from gateway.provision.setup.job import retire
from gateway.provision.setup.wanted import Wanted
from gateway.store import devices as device_table
from tests.gateway.process import until
from tests.gateway.provision.setup.house import Bench

KINDS = [(board.id, kind) for board in boards.every() for kind in board.file.may_be]


@pytest.mark.slow
@pytest.mark.parametrize(("board", "kind"), KINDS)
def test_a_board_of_every_kind_is_flashed_set_up_and_pressed(house, tmp_path, board, kind):
    wanted = Wanted(f"{board} {kind}", kind, board, first=("ana", "ben"), ambulance_min=None)

    async def story():
        bench = Bench(house, tmp_path)
        try:
            usb = bench.board(board, kind)
            _, flash = bench.flashed_first(usb, board)
            # When
            made = await bench.set_up(usb, wanted, flash=flash)
            # Then it is in service, and its press has been there and back
            sensor = ["radar"] if kind == "sensor" else []
            steps = ["flash", "board", "key", "write", *sensor, "network", "answers", "test"]
            assert bench.done() == [*steps, "ready"]
            assert made.device == usb.board.unique_id().hex()
            await usb.board.until_light("delivered")
            assert bench.alerts() == 0
            if kind == "sensor":
                # Its resident may change how often it asks: nobody has to ask it first
                known = lambda: view.find(bench.store, made.device).settings  # noqa: E731
                await asyncio.to_thread(until, known, "it says what is in force", 60)
            # And what esptool wrote was all that it needed
            [write] = [
                told for step, state, told in bench.told if (step, state) == ("write", "done")
            ]
            assert write == {"written": 0}
            device = devices.get(bench.store, made.device)
            assert bench.nvs(usb)["secret"] == device.secret
            # The same chip's number comes again with the next board: it goes on counting
            with bench.store.read() as connection:
                row = device_table.find(connection, made.device)
            assert row.highest_boot > HIGHEST.get(made.device, 0)
            HIGHEST[made.device] = row.highest_boot
            assert device.secret not in OLD_KEYS
            OLD_KEYS.add(device.secret)
            retire(bench.desk(), made.device)
        finally:
            await bench.close()

    asyncio.run(story())


# What the boards before have left behind.
HIGHEST: dict[str, int] = {}
OLD_KEYS: set[bytes] = set()
