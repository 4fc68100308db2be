"""An update the whole way: release file, gateway, mosquitto with TLS-PSK, and a board in real time;
the gateway is killed in the midst of it."""

import asyncio
import json

import pytest

from gateway import devices
from gateway.release import keys
from gateway.release.library import Library
from gateway.release.release_file import write
from gateway.store import open_store
from sim.devices.board import Board
from tests.gateway.process import GatewayProcess
from tests.sim.board.house import DEVICE
from tests.sim.virtual.releases import KEY, release

# Compiling, a trial of half a minute in real time, and the gateway's starts.
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(400)]
SECRET = bytes(range(60, 92))


async def until(condition, within_s=60.0):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.2)


@pytest.fixture
def house(tmp_path):
    (tmp_path / "gateway").mkdir()
    made = GatewayProcess(tmp_path / "gateway")
    store = open_store(made.settings.gateway_database)
    devices.register(store, DEVICE, SECRET, "204", "button", now_ms=1)
    store.close()
    yield made
    if not made.exited():
        made.stop()
    made.receiver.close()


def run(house, *words):
    done = house.command(*words, "--config", str(house.config))
    return done.returncode, done.stdout, done.stderr


def shown(house):
    code, out, _ = run(house, "device", "update", "--json")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


async def test_a_board_is_updated_though_the_gateway_is_killed_in_the_midst(house, tmp_path):
    # Given a release, brought to the gateway as staff do
    public = tmp_path / "programme.key.pub"
    public.write_text(keys.public_text(KEY.public))
    made = release("0.2.0")
    write(made, tmp_path / "doorknock-0.2.0.doorknock")
    assert run(house, "release", "trust", str(public))[0] == 0
    code, out, _ = run(house, "release", "add", str(tmp_path / "doorknock-0.2.0.doorknock"))
    assert (code, "0.2.0 is verified and here" in out) == (0, True)
    # And a board that was set up with the key
    house.start()
    async with Board(tmp_path / "board", name="button", seed=1) as board:
        board.provision(
            {
                "device": bytes.fromhex(DEVICE),
                "secret": SECRET,
                "wifi_ssid": "house",
                "host": "127.0.0.1",
                "port": house.port,
                "boot": 0,
                "release_key": Library(house.settings.data).trusted,
                "heartbeat_s": 5,
            }
        )
        await board.power_on()
        await board.until_said("link up", 30)
        await asyncio.sleep(2)

        # When it is ordered, and the gateway is killed while the board fetches
        code, out, err = run(house, "device", "update", "204", "--release", "0.2.0", "--wait", "0")
        assert code == 0, err
        await board.until_said("update fetching", 60)
        house.kill()
        await asyncio.sleep(2)
        house.start()

        # Then it goes on, and the board runs the new one
        await board.until_said("update verified", 120)
        await board.until_said("update confirmed", 120)
        await until(lambda: "0.2.0" in run(house, "device", "list")[1])
        await until(lambda: shown(house)[0]["state"] == "watched")
        *_, last = shown(house)
        assert last["summary"]["state"] == "running"
        # A press goes out as ever.
        seen = len(board.lines)
        await board.press()
        await board.until_light("delivered", 20, since=seen)
