"""The gateway as a process, and what happens to presses when parts of it die."""

import random
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from gateway.store import open_store
from gateway.store.schema import events, outbox
from tests.gateway.process import GatewayProcess, secret_of, until
from tests.gateway.wire_device import WireDevice

DEVICES = 4


@pytest.fixture
def house(gateway: GatewayProcess) -> Iterator[list[WireDevice]]:
    """A running gateway, and four buttons on its wire."""
    ids = gateway.add_devices(DEVICES)
    gateway.start()
    buttons = [WireDevice(gateway, id_, secret_of(n)) for n, id_ in enumerate(ids, 1)]
    yield buttons
    for button in buttons:
        button.close()


def kept(gateway: GatewayProcess) -> Counter[tuple[str, int, int, str]]:
    store = open_store(gateway.settings.gateway_database)
    with store.read() as connection:
        rows = connection.execute(select(events)).all()
    store.close()
    return Counter((row.device, row.boot, row.seq, row.copy) for row in rows)


def waiting(gateway: GatewayProcess) -> int:
    store = open_store(gateway.settings.gateway_database)
    with store.read() as connection:
        count = len(connection.execute(select(outbox.c.id).where(outbox.c.waiting)).all())
    store.close()
    return count


def answered(buttons: list[WireDevice]) -> bool:
    return not any(button.journal for button in buttons)


def assert_each_press_once(gateway: GatewayProcess, buttons: list[WireDevice]) -> None:
    """Each press is in the store exactly once, and the backend has each, by its id, at least."""
    pressed = {(b.device, 1, seq, "") for b in buttons for seq in range(1, b.seq + 1)}
    ids = {f"{device}.{boot}.{seq}" for device, boot, seq, _ in pressed}
    until(lambda: answered(buttons), "every press is answered", 60)
    until(lambda: set(gateway.receiver.ids()) >= ids, "the backend has every press", 60)
    assert kept(gateway) == Counter(pressed)
    assert set(gateway.receiver.ids()) == ids


def press_on(buttons: list[WireDevice], rng: random.Random, stopping: threading.Event) -> None:
    """Somebody presses, again and again, until told to stop."""
    while not stopping.wait(rng.uniform(0.0, 0.02)):
        rng.choice(buttons).press()


def test_a_press_is_answered_and_the_backend_has_it(
    gateway: GatewayProcess, house: list[WireDevice]
) -> None:
    until(house[0].client.is_connected, "the button is connected")

    house[0].press()

    assert_each_press_once(gateway, house)
    until(lambda: waiting(gateway) == 0, "the outbox is empty")
    kinds = lambda: [body["type"] for _, body in gateway.receiver.received]  # noqa: E731
    until(lambda: "gateway.heartbeat" in kinds(), "the gateway has said that it is there")


def test_the_word_comes_back_and_the_stream_goes_on_where_it_was(
    gateway: GatewayProcess, house: list[WireDevice]
) -> None:
    button = house[0]
    until(button.client.is_connected, "the button is connected")
    button.press()
    until(lambda: answered(house), "the press is answered")
    light = {"unit": "1", "device": button.device, "boot": 1, "seq": 1, "alert": "a"}

    gateway.receiver.lights.put((41, {**light, "state": "coming"}))

    until(lambda: button.heard("light"), "the light")
    assert button.heard("light")[0].details["state"] == "coming"
    assert (button.heard("light")[0].boot, button.heard("light")[0].seq) == (1, 1)
    gateway.kill()
    gateway.start()
    until(lambda: gateway.receiver.last_event_ids[-1] == "41", "the stream is asked for the rest")


def test_lesson_21_a_backend_that_is_away_costs_nothing(
    gateway: GatewayProcess, house: list[WireDevice]
) -> None:
    gateway.receiver.answer = lambda body: 503
    for button in house * 10:
        button.press()
    until(lambda: answered(house), "the gateway answers although the backend does not")
    assert gateway.receiver.ids() == []

    gateway.receiver.answer = lambda body: 204
    house[0].press()

    assert_each_press_once(gateway, house)


def test_the_gateway_killed_in_the_middle_of_a_stream_loses_and_doubles_nothing(
    gateway: GatewayProcess, house: list[WireDevice], seed: int
) -> None:
    rng = random.Random(seed)
    stopping = threading.Event()
    pressing = threading.Thread(target=press_on, args=(house, rng, stopping))
    pressing.start()
    try:
        for _ in range(3):
            before = len(gateway.receiver.ids())
            more = rng.randint(5, 40)
            until(lambda b=before + more: len(gateway.receiver.ids()) > b, "it works")
            gateway.kill()
            gateway.start()
    finally:
        stopping.set()
        pressing.join()

    assert_each_press_once(gateway, house)


def test_the_broker_killed_and_its_store_wiped_loses_and_doubles_nothing(
    gateway: GatewayProcess, house: list[WireDevice], seed: int
) -> None:
    rng = random.Random(seed)
    stopping = threading.Event()
    pressing = threading.Thread(target=press_on, args=(house, rng, stopping))
    pressing.start()
    try:
        for _ in range(2):
            before = len(gateway.receiver.ids())
            more = rng.randint(5, 40)
            until(lambda b=before + more: len(gateway.receiver.ids()) > b, "it works")
            pid = gateway.broker_pid()
            subprocess.run(["kill", "-9", str(pid)], check=True)
            (gateway.settings.data / "broker" / "queued.db").unlink(missing_ok=True)
            until(lambda pid=pid: gateway.broker_pid() != pid, "another broker")
    finally:
        stopping.set()
        pressing.join()

    assert_each_press_once(gateway, house)


def test_gateway_and_broker_killed_together_and_the_brokers_folder_gone(
    gateway: GatewayProcess, house: list[WireDevice]
) -> None:
    until(house[0].client.is_connected, "the button is connected")
    for button in house * 20:
        button.press()
    gateway.kill()
    shutil.rmtree(gateway.settings.data / "broker", ignore_errors=True)

    gateway.start()

    assert_each_press_once(gateway, house)


def test_telemetry_that_floods_does_not_hold_up_a_press(
    gateway: GatewayProcess, house: list[WireDevice]
) -> None:
    until(lambda: all(b.client.is_connected() for b in house), "the buttons are connected")
    for _ in range(400):
        for button in house[1:]:
            button.say("tamper", {"state": "opened"})

    house[0].press()

    until(lambda: answered(house[:1]), "the press is answered")
    behind = sum(len(button.journal) for button in house[1:])
    assert behind > 0, "the flood was over before the press: nothing is shown"
    until(lambda: answered(house), "and then the rest")


def test_the_end_is_said_to_the_devices(gateway: GatewayProcess, house: list[WireDevice]) -> None:
    heard: list[bytes] = []
    button = house[0]
    button.client.message_callback_add(
        "doorknock/1/gateway/online", lambda _c, _d, message: heard.append(message.payload)
    )
    until(button.client.is_connected, "the button is connected")
    button.client.subscribe("doorknock/1/gateway/online", 1)
    until(lambda: heard == [b"online"], "the gateway is online")

    gateway.stop()

    until(lambda: heard[-1] == b"offline", "the gateway says goodbye")


def test_a_press_that_the_backend_refuses_is_not_shown_as_delivered(
    gateway: GatewayProcess, house: list[WireDevice]
) -> None:
    gateway.receiver.answer = lambda body: 204 if body["type"] == "gateway.heartbeat" else 422
    button = house[0]
    until(button.client.is_connected, "the button is connected")

    button.press()

    until(lambda: button.heard("light"), "the light")
    light = button.heard("light")[0]
    assert (light.boot, light.seq, light.details["state"]) == (1, 1, "cannot_send")


def test_a_gateway_whose_log_has_gone_goes_on_hearing(gateway: GatewayProcess) -> None:
    """journald restarts, `| tee` ends, the log's disk is full."""
    (device,) = gateway.add_devices(1)
    gateway.start(stderr=subprocess.PIPE)
    assert gateway.process is not None
    assert gateway.process.stderr is not None
    gateway.process.stderr.close()
    button = WireDevice(gateway, device, secret_of(1))
    try:
        until(button.client.is_connected, "the button is connected")
        for _ in range(3):
            button.press()

        until(lambda: not button.journal, "every press is answered")
        until(lambda: len(gateway.receiver.ids()) == 3, "the backend has every press")
    finally:
        button.close()
