"""`doorknock device …`: what is ordered, what is said, and with which exit code it ends."""

import json

import pytest
from doorknock import wire

from gateway import answers, devices
from gateway.store import lights, open_store
from tests.gateway.process import DEVICE, NOW_MS, SECRET, GatewayProcess
from tests.gateway.wire_device import WireDevice

SENSOR = "0a0b0c0d0e0f"


@pytest.fixture
def house(gateway: GatewayProcess) -> GatewayProcess:
    """A gateway's store with a button and a sensor; nothing runs."""
    store = open_store(gateway.settings.gateway_database)
    devices.register(store, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    devices.register(store, SENSOR, SECRET[::-1], "205", "sensor", now_ms=NOW_MS)
    store.close()
    return gateway


def run(house: GatewayProcess, *words: str) -> tuple[int, str, str]:
    done = house.command("device", *words, "--config", str(house.config))
    return done.returncode, done.stdout, done.stderr


def test_devices_are_listed_for_people_and_for_programs(house: GatewayProcess) -> None:
    code, out, _ = run(house, "list", "--json")
    listed = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(one["unit"], one["type"]) for one in listed] == [("204", "button"), ("205", "sensor")]
    assert "never heard" in run(house, "list")[1]


def test_an_order_stands_when_the_wait_is_over_and_is_in_the_audit(house: GatewayProcess) -> None:
    code, out, _ = run(house, "set", "205", "answer_s=20", "--wait", "0")
    assert (code, "the order stands" in out) == (1, True)
    code, out, _ = run(house, "show", "205", "--json")
    [order] = json.loads(out)["orders"]
    assert (order["details"], order["state"]) == ({"answer_s": 20}, "waiting")
    assert "(command line)" in order["by"]


def test_a_mistyped_room_is_not_taken_for_one_that_has_changed_its_mind(
    house: GatewayProcess,
) -> None:
    house.config.write_text(house.config.read_text() + '[[people]]\nid = "ana"\nname = "Ana"\n')
    told = ("--first", "ana", "--ambulance", "never")

    code, out, err = run(house, "answers", "240", *told)

    assert (code, out) == (1, "")
    assert "No device is in '240'" in err


def test_of_a_room_that_a_device_could_not_move_to_nothing_is_kept(house: GatewayProcess) -> None:
    house.config.write_text(house.config.read_text() + '[[people]]\nid = "ana"\nname = "Ana"\n')
    store = open_store(house.settings.gateway_database)
    with store.write() as connection:
        lights.save(
            connection, device=DEVICE, boot=1, seq=1, state="coming", alert="a", now_ms=NOW_MS
        )

    code, _, err = run(
        house, "move", "204", "--unit", "206", "--first", "ana", "--ambulance", "never"
    )

    assert (code, "is open; close it" in err) == (1, True), err
    assert answers.of_unit(store, "206") is None
    store.close()


def test_who_retired_a_device_is_in_the_audit(house: GatewayProcess) -> None:
    code, out, _ = run(house, "retire", DEVICE)
    assert (code, out.startswith(f"{DEVICE}  button  204: retired")) == (0, True)
    code, out, _ = run(house, "show", DEVICE)
    assert code == 0
    assert "retire: done" in out


def test_a_lost_device_is_retired_by_the_room_it_hung_in(house: GatewayProcess) -> None:
    assert run(house, "retire", "204")[0] == 0
    assert DEVICE not in run(house, "list")[1]
    # A second time there is nothing in that room.
    code, _, err = run(house, "retire", "204")
    assert (code, "neither a device's id" in err) == (1, True)


def test_where_two_devices_hang_the_lost_one_is_named(house: GatewayProcess) -> None:
    store = open_store(house.settings.gateway_database)
    devices.register(store, "aabbccddeeff", bytes(range(1, 33)), "204", "sensor", now_ms=NOW_MS)
    store.close()
    code, _, err = run(house, "retire", "204")
    assert (code, f"{DEVICE}" in err, "name one" in err) == (1, True, True)
    assert DEVICE in run(house, "list")[1]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("set", "205", "answer_s=61"), 1, "from 10 to 60"),
        (("set", "205", "secret=1"), 1, "no setting 'secret'"),
        (("set", "204", "answer_s=20"), 1, "is a button"),
        (("set", "205", "answer_s"), 2, "NAME=VALUE"),
        (("identify", "999"), 1, "neither a device's id"),
        (("identify",), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_ordered_is_one_sentence(
    house: GatewayProcess, words: tuple[str, ...], code: int, why: str
) -> None:
    ended, out, err = run(house, *words)
    assert (ended, out) == (code, "")
    assert why in " ".join(err.split())
    assert "Traceback" not in err


def test_a_test_says_how_far_it_has_come(house: GatewayProcess) -> None:
    house.start()
    device = WireDevice(house, DEVICE, SECRET)
    try:
        device.say("boot", {"cause": "power_on", "device_type": "button"})

        def answer(order: wire.Message) -> None:
            number = order.stamp
            device.say("test", {"number": number, "pressed": 0})
            device.say("done", {"number": number, "outcome": "done", "what": "test"})

        device.on_order = answer
        code, out, err = run(house, "test", "204", "--wait", "8", "--json")
        told = json.loads(out)
        # The backend of this house is a receiver that has no stream: the gateway is as far as
        # it goes, and that is what is said.
        assert (code, told["state"]) == (1, "at_gateway"), err
    finally:
        device.close()
