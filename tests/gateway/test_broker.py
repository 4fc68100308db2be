"""mosquitto as the gateway runs it: who gets in, and what they may do there."""

import socket
import subprocess
from pathlib import Path

import pytest
from doorknock import wire

from gateway import devices
from gateway.broker import LOG_BYTES, LOG_KEPT_BYTES, keep_small, write_keys
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


def add(gateway: GatewayProcess, device: str = DEVICE, secret: bytes = SECRET) -> None:
    """As `doorknock device add` does it."""
    store = open_store(gateway.settings.gateway_database)
    devices.register(store, device, secret, "204", "button", now_ms=NOW_MS)
    write_keys(gateway.settings, devices.in_service(store))
    store.close()


def press(device: str = DEVICE, secret: bytes = SECRET, seq: int = 1) -> bytes:
    details: dict[str, int | str] = {"taps": 1, "held": 0}
    return wire.encode("press", device, 1, seq, 9_000, details, wire.signing_key(secret))


def publish(
    gateway: GatewayProcess, topic: str, payload: bytes, device: str = DEVICE, key: bytes = b""
) -> int:
    """mosquitto_pub by TLS-PSK, as a device; its exit code. (CPython 3.11 has no TLS-PSK.)"""
    return subprocess.run(
        [
            *("mosquitto_pub", "-h", "127.0.0.1", "-p", str(gateway.port), "-q", "1", "-s"),
            *("--psk-identity", device, "--psk", (key or wire.link_key(SECRET)).hex()),
            *("-i", "gateway-alarm", "-t", topic),
        ],
        input=payload,
        capture_output=True,
        timeout=60,
        check=False,
    ).returncode


def runs(pid: int) -> bool:
    """Whether the process is there, and not only waiting for somebody to take note of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def refused(gateway: GatewayProcess) -> list[str]:
    return [line["reason"] for line in gateway.lines("refused a message")]


def test_a_press_by_tls_psk_reaches_the_backend(gateway: GatewayProcess) -> None:
    add(gateway)
    gateway.start()

    assert publish(gateway, wire.topic(DEVICE, "alarm"), press()) == 0

    until(lambda: gateway.receiver.ids() == [f"{DEVICE}.1.1"], "the backend has the press")
    body = gateway.receiver.received[-1][1]
    assert body["data"]["unit"] == "204"


def test_lesson_36_a_wrong_key_or_no_key_does_not_get_in(gateway: GatewayProcess) -> None:
    add(gateway)
    gateway.start()

    wrong = publish(gateway, wire.topic(DEVICE, "alarm"), press(), key=bytes(range(1, 33)))
    unknown = publish(gateway, wire.topic(OTHER, "alarm"), press(), device=OTHER)

    assert wrong != 0
    assert unknown != 0


def test_a_device_added_while_the_gateway_runs_is_in_at_once(gateway: GatewayProcess) -> None:
    gateway.start()

    def gets_in() -> bool:
        return publish(gateway, wire.topic(DEVICE, "alarm"), press()) == 0

    assert not gets_in()
    add(gateway)

    until(gets_in, "the device gets in")
    until(lambda: gateway.receiver.ids() == [f"{DEVICE}.1.1"], "the backend has the press")


def test_lesson_19_no_device_takes_over_the_gateways_session(gateway: GatewayProcess) -> None:
    """mosquitto_pub above names itself `gateway-alarm`; the broker knows it by its identity."""
    add(gateway)
    gateway.start()

    for seq in (1, 2, 3):
        publish(gateway, wire.topic(DEVICE, "alarm"), press(seq=seq))

    until(lambda: len(set(gateway.receiver.ids())) == 3, "the gateway still hears")
    assert gateway.lines("lost the broker; trying again") == []


def test_a_device_cannot_speak_for_another(gateway: GatewayProcess) -> None:
    add(gateway)
    add(gateway, OTHER, secret_of(9))
    gateway.start()
    stolen = press(OTHER, secret_of(9))

    publish(gateway, wire.topic(OTHER, "alarm"), stolen)
    publish(gateway, wire.topic(DEVICE, "down"), b"x")
    publish(gateway, wire.GATEWAY_ONLINE, wire.OFFLINE)
    publish(gateway, wire.topic(DEVICE, "alarm"), stolen)

    # The broker drops the first three; what it lets through, the intake refuses.
    until(lambda: refused(gateway) == ["topic"], "the intake refuses")
    assert gateway.receiver.ids() == []


def test_nonsense_is_refused_and_a_press_after_it_goes_through(gateway: GatewayProcess) -> None:
    add(gateway)
    gateway.start()
    topic = wire.topic(DEVICE, "alarm")

    for nonsense in (b"", press()[:30], press() + bytes(1000), press(secret=bytes(range(9, 41)))):
        publish(gateway, topic, nonsense)
    publish(gateway, topic, press(seq=2))

    until(lambda: gateway.receiver.ids() == [f"{DEVICE}.1.2"], "the backend has the press")
    assert refused(gateway) == ["length", "signature"]


def test_what_is_secret_is_for_the_owner_alone_and_on_no_command_line(
    gateway: GatewayProcess,
) -> None:
    add(gateway)
    gateway.start()
    data = gateway.settings.data

    modes = {path.name: path.stat().st_mode & 0o077 for path in (data / "broker").iterdir()}
    command = Path(f"/proc/{gateway.broker_pid()}/cmdline").read_bytes()
    told = gateway.log.read_text() + (data / "broker" / "mosquitto.conf").read_text()

    assert set(modes.values()) == {0}
    for secret in (gateway.secrets.broker_password, SECRET.hex(), wire.link_key(SECRET).hex()):
        assert secret.encode() not in command
        assert secret not in told


def test_a_broker_that_dies_is_started_again_and_it_is_told(gateway: GatewayProcess) -> None:
    add(gateway)
    gateway.start()
    first = gateway.broker_pid()

    subprocess.run(["kill", "-9", str(first)], check=True)

    until(lambda: gateway.broker_pid() != first, "another broker")

    def arrives() -> bool:
        """Sent again until it is answered, as a device does."""
        publish(gateway, wire.topic(DEVICE, "alarm"), press())
        return gateway.receiver.ids() == [f"{DEVICE}.1.1"]

    until(arrives, "the backend has the press")
    assert len(gateway.lines("the broker ended; starting it again")) == 1


def test_after_the_end_nothing_is_left_running(gateway: GatewayProcess) -> None:
    gateway.start()
    broker = gateway.broker_pid()

    assert gateway.stop() == 0

    assert not runs(broker)


def test_a_gateway_killed_outright_can_be_started_again_at_once(gateway: GatewayProcess) -> None:
    gateway.start()
    first = gateway.broker_pid()

    gateway.kill()
    gateway.start()

    assert gateway.broker_pid() != first
    assert not runs(first)


@pytest.mark.parametrize("key", ["port", "loopback_port"])
def test_a_port_in_use_is_told_in_one_sentence(gateway: GatewayProcess, key: str) -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0" if key == "port" else "127.0.0.1", getattr(gateway, key)))  # noqa: S104
        other.listen()

        done = gateway.command("gateway", "--config", str(gateway.config))

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"'broker.{key}'" in done.stderr


def test_a_broker_that_is_not_installed_is_told_in_one_sentence(gateway: GatewayProcess) -> None:
    text = gateway.config.read_text().replace("[broker]", '[broker]\nprogram = "mosquitoe"')
    gateway.config.write_text(text)

    done = gateway.command("gateway", "--config", str(gateway.config))

    assert done.returncode == 1
    assert done.stderr.startswith("There is no program 'mosquitoe'")


def test_a_second_gateway_on_the_same_store_is_told_in_one_sentence(
    gateway: GatewayProcess,
) -> None:
    gateway.start()
    second = gateway.folder / "second.toml"
    port, loopback_port = free_ports(2)
    text = gateway.config.read_text().replace(str(gateway.port), str(port))
    second.write_text(text.replace(str(gateway.loopback_port), str(loopback_port)))

    done = gateway.command("gateway", "--config", str(second))

    assert done.returncode == 1
    assert done.stderr.startswith("Another gateway is using")
    assert done.stderr.count("\n") == 1


def test_a_log_that_has_grown_is_cut_to_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "mosquitto.log"
    keep_small(log)
    log.write_bytes(b"a line\n" * (LOG_BYTES // 7))
    keep_small(log)
    before = log.stat().st_size
    assert before > LOG_KEPT_BYTES

    with log.open("ab") as mosquitto:
        mosquitto.write(b"another line\n" * 10)
        mosquitto.flush()
        keep_small(log)
        mosquitto.write(b"the last\n")

    lines = log.read_bytes().splitlines()
    assert log.stat().st_size <= LOG_KEPT_BYTES + 9
    assert lines[0] == b"a line"
    assert lines[-2:] == [b"another line", b"the last"]
