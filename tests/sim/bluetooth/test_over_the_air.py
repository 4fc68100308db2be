"""The firmware's own Bluetooth, under the real MicroPython, against real client stacks on bumble's
virtual controllers: a gateway's (sealed) and a phone's (Improv, paired)."""

import asyncio
import json
import time

import pytest
from bumble.att import ATT_INSUFFICIENT_ENCRYPTION_ERROR, ATT_Error
from doorknock import improv, wire

from gateway.bluetooth.air import BluetoothError, Trouble
from gateway.bluetooth.change import Network, Step, Ways, change_wifi
from tests.sim.bluetooth.conftest import NEW, OLD
from tests.sim.board.house import DEVICE

pytestmark = pytest.mark.anyio

# The walk over restarts is the same; only the waiting is not worth a minute of real time.
HASTE = (
    "from doorknock import wifi; wifi.SURE_MS = 1500; wifi.OLD_MS = 1500; wifi.NO_WIFI_MS = 1500"
)


def stored(board):
    values = json.loads((board.folder / "nvs.json").read_text())["doorknock"]
    return tuple(bytes.fromhex(values[name]["blob"]).decode() for name in ("wifi_ssid", "wifi_key"))


async def order(gateway, number=1):
    details = {"what": "wifi"}
    key = gateway.key
    command = wire.encode("act", DEVICE, 0, 0, int(time.time() * 1000) + number, details, key)
    gateway.client.publish(wire.topic(DEVICE, "down"), command, 1)
    await gateway.first("done")


async def turned_to_bluetooth(board, gateway):
    """As the gateway orders it, and somebody in the room agrees."""
    await board.power_on()
    await gateway.first("boot")
    await order(gateway)
    await board.until_light("agree")
    await board.press()
    await board.until_said("wifi: bluetooth on")


def ways(central, gateway, steps, answer="done"):
    async def ordered():
        return answer

    async def news(attempt):
        told = [one.details for one in gateway.of("wifi") if one.details["attempt"] == attempt]
        return told[-1]["outcome"] if told else ""

    return Ways(central, ordered, news, steps.append, time.monotonic, asyncio.sleep)


async def test_the_gateway_brings_a_device_onto_another_wifi(board, gateway, central, secret):
    await turned_to_bluetooth(board, gateway)
    steps = []
    await change_wifi(DEVICE, secret, Network(*NEW), ways(central, gateway, steps))
    assert steps[-3:] == [Step.SENDING, Step.TRYING, Step.CHANGED]
    assert stored(board) == NEW
    # Bluetooth is off again, and nothing has told the password.
    said = [line.data["text"] for line in board.lines if line.what == "log"]
    assert said.index("wifi: bluetooth off") > said.index("wifi: bluetooth on")
    assert not any(NEW[1] in text or NEW[0] in text for text in said)
    # And a press goes the new way.
    await board.press()
    press = await gateway.first("press")
    assert press.details == {"taps": 1, "held": 0}


async def test_a_wrong_password_is_told_and_the_old_wifi_is_back(board, gateway, central, secret):
    await turned_to_bluetooth(board, gateway)
    steps = []

    async def hurried():
        await board.until_said("wifi: trying another network", 60)
        board.console(HASTE)

    hurrying = asyncio.create_task(hurried())
    with pytest.raises(BluetoothError) as caught:
        await change_wifi(
            DEVICE, secret, Network(NEW[0], "not the password"), ways(central, gateway, steps)
        )
    await hurrying
    assert caught.value.trouble is Trouble.WRONG_PASSWORD
    assert stored(board) == OLD


async def test_where_the_old_one_is_gone_too_bluetooth_says_why_and_the_next_try_needs_no_press(
    board, gateway, central, secret
):
    await turned_to_bluetooth(board, gateway)
    board.networks({NEW[0]: NEW[1]})
    steps = []

    async def hurried():
        await board.until_said("wifi: trying another network", 60)
        board.console(HASTE)

    hurrying = asyncio.create_task(hurried())
    with pytest.raises(BluetoothError) as caught:
        await change_wifi(
            DEVICE, secret, Network(NEW[0], "not the password"), ways(central, gateway, steps)
        )
    await hurrying
    assert caught.value.trouble is Trouble.WRONG_PASSWORD
    steps = []
    await change_wifi(DEVICE, secret, Network(*NEW), ways(central, gateway, steps, answer=""))
    assert Step.PRESS not in steps
    assert stored(board) == NEW
    # Its word of the first attempt had no way to go until now, and is not taken for the second's.
    await gateway.until(lambda: len(gateway.of("wifi")) == 2)
    assert [one.details["outcome"] for one in gateway.of("wifi")] == ["wrong_password", "changed"]


async def test_without_wifi_from_power_on_it_asks_for_a_press_once_somebody_is_there(
    board, gateway, central, secret
):
    board.networks({NEW[0]: NEW[1]})
    await board.power_on()
    board.console(HASTE)
    await board.until_said("wifi: bluetooth on", 60)
    await board.until_light("bluetooth")
    steps = []

    async def pressing():
        await board.until_light("agree", 60)
        await board.press()

    pressed = asyncio.create_task(pressing())
    await change_wifi(DEVICE, secret, Network(*NEW), ways(central, gateway, steps, answer=""))
    await pressed
    assert Step.PRESS in steps
    # That press was no call.
    assert gateway.of("press") == []


async def test_another_gateways_key_opens_nothing(board, gateway, central):
    await turned_to_bluetooth(board, gateway)
    with pytest.raises(BluetoothError) as caught:
        await change_wifi(DEVICE, bytes(32), Network(*NEW), ways(central, gateway, []))
    assert caught.value.trouble is Trouble.NOT_OURS


@pytest.mark.parametrize("how", ["two taps", "a hold"])
async def test_a_call_in_the_window_ends_it_and_goes_out_over_wifi(board, gateway, central, how):
    await turned_to_bluetooth(board, gateway)
    peer = await central.find(DEVICE, 40)
    since = len(board.lines)
    if how == "a hold":
        await board.press(hold_s=2.2)
    else:
        await board.press()
        await asyncio.sleep(0.15)
        await board.press()
    await board.until_said("wifi: bluetooth off", since=since)
    press = await gateway.first("press")
    assert press.details["taps"] >= 2 or press.details["held"]
    await board.until_light("delivered", since=since)
    await asyncio.wait_for(peer.gone.wait(), 60)


async def test_a_phone_must_pair_before_it_may_send_a_password(board, gateway, central):
    await turned_to_bluetooth(board, gateway)
    peer = await central.find(DEVICE, 40)
    states = await peer.follow(improv.STATE)
    send = improv.packet(improv.SEND_WIFI, improv.strings(NEW[0].encode(), NEW[1].encode()))
    with pytest.raises(ATT_Error) as caught:
        await peer.write(improv.COMMAND, send[:20])
    assert caught.value.error_code == ATT_INSUFFICIENT_ENCRYPTION_ERROR
    await peer.connection.pair()
    # In the pieces that fit the smallest of packets.
    for at in range(0, len(send), 20):
        await peer.write(improv.COMMAND, send[at : at + 20])
    await gateway.until(lambda: bool(gateway.of("wifi")), 60)
    assert gateway.of("wifi")[0].details == {"outcome": "changed", "attempt": 0}
    assert states[-1] == bytes([improv.PROVISIONING])
    assert stored(board) == NEW


async def test_a_phone_learns_what_it_is_and_lets_it_blink(board, gateway, central):
    await turned_to_bluetooth(board, gateway)
    peer = await central.find(DEVICE, 40)
    assert await peer.read(improv.CAPABILITIES) == bytes([improv.CAN])
    await peer.peer.request_mtu(200)
    await peer.connection.pair()
    results = await peer.follow(improv.RESULT)
    await peer.write(improv.COMMAND, improv.packet(improv.DEVICE_INFO, b""))
    await gateway.until(lambda: bool(results))
    [(command, data)] = improv.Packets().feed(results[0])
    assert command == improv.DEVICE_INFO
    assert improv.read_strings(data)[::3] == [b"Doorknock", DEVICE.encode()]
    await peer.write(improv.COMMAND, improv.packet(improv.IDENTIFY, b""))
    await board.until_light("identify")
    errors = await peer.follow(improv.ERROR)
    for told in (1, 2):
        await peer.write(improv.COMMAND, b"\x01\x00\x00")
        await gateway.until(lambda told=told: len(errors) == told)
    assert errors == [bytes([improv.INVALID_RPC])] * 2


async def test_the_answer_comes_in_pieces_where_the_connection_takes_no_more(
    board, gateway, central
):
    await turned_to_bluetooth(board, gateway)
    peer = await central.find(DEVICE, 40)
    await peer.connection.pair()
    results = await peer.follow(improv.RESULT)
    await peer.write(improv.COMMAND, improv.packet(improv.DEVICE_INFO, b""))
    await gateway.until(lambda: bool(results))
    whole = await peer.read(improv.RESULT)
    await gateway.until(lambda: len(b"".join(results)) >= len(whole) > 20)
    assert all(len(piece) <= 20 for piece in results)
    assert b"".join(results) == whole
