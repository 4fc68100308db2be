"""The gateway's two sessions at a real broker: either of them carries what is for a device."""

import queue
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from doorknock import wire
from paho.mqtt.enums import CallbackAPIVersion

from gateway.ingest.mqtt import MqttIngest
from sim.installation import mosquitto
from tests.gateway.process import DEVICE, NOW_MS, free_ports, until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """mosquitto on loopback, open to all; its port."""
    (port,) = free_ports(1)
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    program = mosquitto()
    assert program is not None, "mosquitto is not installed"
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, "-c", str(config)], stdout=quiet, stderr=quiet)
    yield port
    process.terminate()
    process.wait(30)


@pytest.fixture
def device(broker: int) -> Iterator["queue.Queue[bytes]"]:
    """What comes down to the device."""
    heard: queue.Queue[bytes] = queue.Queue()
    subscribed: queue.Queue[int] = queue.Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=DEVICE)
    client.on_message = lambda _client, _data, message: heard.put(message.payload)
    client.on_connect = lambda here, *_: here.subscribe(wire.topic(DEVICE, "down"), 1)
    client.on_subscribe = lambda _client, _data, mid, *_: subscribed.put(mid)
    client.connect_async("127.0.0.1", broker)
    client.reconnect_delay_set(1, 1)
    client.loop_start()
    subscribed.get(timeout=60)
    yield heard
    client.disconnect()
    client.loop_stop()


@pytest.mark.parametrize("alarm", [True, False])
def test_what_is_for_a_device_goes_by_the_other_session_where_its_own_is_gone(
    broker: int, device: "queue.Queue[bytes]", alarm: bool
) -> None:
    ready: queue.Queue[float] = queue.Queue()
    door = MqttIngest(
        "127.0.0.1",
        broker,
        username="",
        password="",
        take=lambda arrival: arrival.acknowledge(),
        clock_ms=lambda: NOW_MS,
        on_ready=lambda: ready.put(time.monotonic()),
    )
    door.start()
    try:
        ready.get(timeout=60)
        door.send(DEVICE, b"while both are there", alarm=alarm)
        assert device.get(timeout=60) == b"while both are there"
        own = (door._alarms if alarm else door._others).client
        own.disconnect()
        until(lambda: not own.is_connected(), "the session is gone")

        door.send(DEVICE, b"somebody is coming", alarm=alarm)

        assert device.get(timeout=60) == b"somebody is coming"
    finally:
        door.stop()
