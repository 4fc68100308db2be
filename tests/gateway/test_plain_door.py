"""The door for simulated devices: shut unless asked for, and no wider than that by TLS-PSK."""

import socket
import subprocess
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from doorknock import wire
from paho.mqtt.enums import CallbackAPIVersion

from gateway import devices
from gateway.broker import write_keys
from gateway.plain_door import password_of
from gateway.store import open_store
from tests.gateway.process import (
    DEVICE,
    NOW_MS,
    SECRET,
    GatewayProcess,
    free_ports,
    secret_of,
    until,
)

OTHER = "0000000000ff"
OTHERS_SECRET = secret_of(9)


@pytest.fixture
def plain_port(gateway: GatewayProcess) -> int:
    """The gateway of this test has the door, with DEVICE and OTHER behind it; not started yet."""
    (port,) = free_ports(1)
    text = gateway.config.read_text()
    gateway.config.write_text(text.replace("[broker]\n", f"[broker]\nplain_device_port = {port}\n"))
    add(gateway, DEVICE, SECRET)
    add(gateway, OTHER, OTHERS_SECRET)
    return port


def add(gateway: GatewayProcess, device: str, secret: bytes) -> None:
    """As `doorknock device add` does it."""
    store = open_store(gateway.settings.gateway_database)
    devices.register(store, device, secret, "204", "button", now_ms=NOW_MS)
    write_keys(gateway.settings, devices.in_service(store))
    store.close()


def retire(gateway: GatewayProcess, device: str) -> None:
    store = open_store(gateway.settings.gateway_database)
    devices.retire(store, device, now_ms=NOW_MS)
    write_keys(gateway.settings, devices.in_service(store))
    store.close()


def press(device: str, secret: bytes, seq: int = 1) -> bytes:
    details: dict[str, int | str] = {"taps": 1, "held": 0}
    return wire.encode("press", device, 1, seq, 9_000, details, wire.signing_key(secret))


def publish(port: int, topic: str, payload: bytes, device: str, password: str) -> int:
    """mosquitto_pub, under the gateway's own client id; its exit code."""
    return subprocess.run(
        [
            *("mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-s"),
            *("-u", device, "-P", password, "-i", "gateway-alarm", "-t", topic),
        ],
        input=payload,
        capture_output=True,
        timeout=60,
        check=False,
    ).returncode


class Connected:
    """A device that stays on the line."""

    def __init__(self, port: int, device: str, secret: bytes) -> None:
        self.up = False
        self.lost = 0
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self.client.username_pw_set(device, password_of(secret))
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        self.up = not reason.is_failure

    def _on_disconnect(self, *_: Any) -> None:
        self.lost += 1

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_nobody_comes_without_tls_unless_the_configuration_says_so(gateway: GatewayProcess) -> None:
    add(gateway, DEVICE, SECRET)
    gateway.start()

    folder = gateway.settings.data / "broker"
    listeners = [
        line for line in (folder / "mosquitto.conf").read_text().splitlines() if "listener " in line
    ]

    assert listeners == [
        f"listener {gateway.port} 0.0.0.0",
        f"listener {gateway.loopback_port} 127.0.0.1",
    ]
    assert not (folder / "plain_passwords").exists()
    # And a device's password opens the gateway's own listener to nobody.
    topic = wire.topic(DEVICE, "alarm")
    assert publish(gateway.loopback_port, topic, b"x", DEVICE, password_of(SECRET)) != 0


def test_a_press_through_the_plain_door_reaches_the_backend_and_the_log_warns_of_the_door(
    gateway: GatewayProcess, plain_port: int
) -> None:
    gateway.start()

    topic = wire.topic(DEVICE, "alarm")
    assert publish(plain_port, topic, press(DEVICE, SECRET), DEVICE, password_of(SECRET)) == 0

    until(lambda: gateway.receiver.ids() == [f"{DEVICE}.1.1"], "the backend has the press")
    (warning,) = gateway.lines(
        "devices may come without TLS from this machine: for simulation only"
    )
    assert warning["level"] == "warning"
    assert warning["port"] == plain_port
    # The gateway was not thrown out by a device with its client id.
    assert gateway.lines("lost the broker; trying again") == []


def test_the_plain_door_is_on_this_machine_alone(gateway: GatewayProcess, plain_port: int) -> None:
    gateway.start()

    with pytest.raises(ConnectionRefusedError):
        # Another address of this machine: what listens everywhere listens there.
        socket.create_connection(("127.0.0.2", plain_port), 5)


def test_a_wrong_password_another_devices_password_and_a_stranger_are_refused(
    gateway: GatewayProcess, plain_port: int
) -> None:
    gateway.start()
    topic = wire.topic(DEVICE, "alarm")
    message = press(DEVICE, SECRET)

    assert publish(plain_port, topic, message, DEVICE, "") != 0
    assert publish(plain_port, topic, message, DEVICE, password_of(OTHERS_SECRET)) != 0
    assert publish(plain_port, topic, message, DEVICE, wire.link_key(SECRET).hex()) != 0
    assert publish(plain_port, topic, message, "0000000000aa", password_of(SECRET)) != 0
    assert publish(plain_port, topic, message, "gateway", password_of(SECRET)) != 0
    assert publish(plain_port, topic, message, DEVICE, password_of(SECRET)) == 0


def test_a_device_at_the_plain_door_cannot_speak_for_another(
    gateway: GatewayProcess, plain_port: int
) -> None:
    gateway.start()
    stolen = press(OTHER, OTHERS_SECRET)

    def say(topic: str, payload: bytes) -> None:
        publish(plain_port, topic, payload, DEVICE, password_of(SECRET))

    say(wire.topic(OTHER, "alarm"), stolen)
    say(wire.topic(DEVICE, "down"), b"x")
    say(wire.GATEWAY_ONLINE, wire.OFFLINE)
    say(wire.topic(DEVICE, "alarm"), stolen)

    # The broker drops the first three; what it lets through, the intake refuses.
    until(lambda: gateway.lines("refused a message"), "the intake refuses")
    assert [line["reason"] for line in gateway.lines("refused a message")] == ["topic"]
    assert gateway.receiver.ids() == []


def test_a_device_added_or_retired_drops_nobody_else(
    gateway: GatewayProcess, plain_port: int
) -> None:
    gateway.start()
    stays = Connected(plain_port, DEVICE, SECRET)
    until(lambda: stays.up, "it is connected")
    new, its_secret = "0000000000ab", secret_of(11)
    topic = wire.topic(new, "alarm")

    def gets_in() -> bool:
        message = press(new, its_secret)
        return publish(plain_port, topic, message, new, password_of(its_secret)) == 0

    assert not gets_in()
    add(gateway, new, its_secret)
    until(gets_in, "the new device gets in")
    retire(gateway, new)
    until(lambda: not gets_in(), "the retired device is out")

    said = stays.client.publish(wire.topic(DEVICE, "alarm"), press(DEVICE, SECRET), qos=1)
    said.wait_for_publish(10)
    until(lambda: f"{DEVICE}.1.1" in gateway.receiver.ids(), "the backend has its press")
    assert stays.lost == 0
    stays.close()


def test_no_password_lies_in_the_file_and_none_is_a_key(
    gateway: GatewayProcess, plain_port: int
) -> None:
    path: Path = gateway.settings.data / "broker" / "plain_passwords"

    assert password_of(SECRET) not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    keys = {password_of(SECRET), wire.link_key(SECRET).hex(), wire.signing_key(SECRET).hex()}
    assert len(keys) == 3


def test_a_door_that_is_shut_again_leaves_no_password_file(
    gateway: GatewayProcess, plain_port: int
) -> None:
    text = gateway.config.read_text()
    gateway.config.write_text(text.replace(f"plain_device_port = {plain_port}\n", ""))

    write_keys(gateway.settings, [])

    assert not (gateway.settings.data / "broker" / "plain_passwords").exists()


def test_a_port_in_use_is_told_in_one_sentence(gateway: GatewayProcess, plain_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", plain_port))
        other.listen()

        done = gateway.command("gateway", "--config", str(gateway.config))

    assert done.returncode == 1
    assert "'broker.plain_device_port'" in done.stderr.splitlines()[-1]
