"""`doorknock doctor`: what it says of an installation, and that it only looks."""

import json
import re
import shutil
import socket
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert

from gateway import devices
from gateway.backend.database import open_database
from gateway.backend.logins import STAFF
from gateway.backend.passwords import Passwords
from gateway.backend.tables import devices as known_devices
from gateway.backend.vault import Vault
from gateway.backup.mark import note_backup
from gateway.doctor import access_point, machine, rooms
from gateway.doctor.examine import examine
from gateway.doctor.finding import Finding, Mark
from gateway.doctor.patient import Patient
from gateway.secret_file import load_secrets
from gateway.settings import load
from gateway.store import devices as device_table
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
from tests.gateway.wire_device import WireDevice

DAY_MS = 86_400_000


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with a backend of its own, one device and one person; its gateway is off."""
    one, two, three = free_ports(3)
    path = tmp_path / "gateway.toml"
    path.write_text(
        f"""
[broker]
port = {one}
loopback_port = {two}
[web]
host = "0.0.0.0"
port = {three}
base_url = "http://192.0.2.7:{three}"
time_zone = "Europe/Madrid"
[backend]
url = "http://127.0.0.1:{three}"
[escalation]
steps = [{{ people = ["ana"] }}]
staff = ["ana"]
[[people]]
id = "ana"
name = "Ana"
channels = ["file:ana-phone"]
"""
    )
    settings = load(path)
    load_secrets(settings)
    (settings.data / "ana-phone").write_text("ntfy://token-of-ana@ntfy.example/topic\n")
    store = open_store(settings.gateway_database)
    devices.register(store, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    store.close()
    return path


def found(config: Path, check: str, now_ms: int = NOW_MS) -> list[Finding]:
    return [one for one in examine(config, now_ms) if one.check == check]


def marks(config: Path, check: str, now_ms: int = NOW_MS) -> set[Mark]:
    return {one.mark for one in found(config, check, now_ms)}


def photograph(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file: mode, size, time of change."""
    return {
        str(path): (path.stat().st_mode, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted([folder, *folder.rglob("*")])
    }


def test_it_looks_and_changes_nothing(config: Path) -> None:
    before = photograph(config.parent)

    assert len(list(examine(config, NOW_MS))) > 12

    assert photograph(config.parent) == before


def test_an_installation_that_is_off_is_told_so_and_the_rest_is_looked_at_all_the_same(
    config: Path,
) -> None:
    assert marks(config, "gateway") == {Mark.WRONG}
    assert marks(config, "gateway's store") == {Mark.WELL}
    assert marks(config, "ports") == {Mark.WELL}
    assert marks(config, "people") == {Mark.WELL}
    assert marks(config, "links") == {Mark.WELL}
    assert marks(config, "broker") == {Mark.WELL}


def test_staff_without_a_password_are_named(config: Path) -> None:
    text = config.read_text()
    names = ["ana", "ben"]
    ben = '[[people]]\nid = "ben"\nname = "Ben"\nchannels = ["file:ana-phone"]\n'
    config.write_text(text.replace('staff = ["ana"]', 'staff = ["ana", "ben"]') + ben)
    # Before its first start there is nothing to look into, and nothing is made
    assert found(config, "passwords") == []

    settings = load(config)
    database = open_database(settings.backend_database)
    vault = Vault(load_secrets(settings).vault_key)
    known = Passwords(database, vault, lambda: datetime.now(UTC), PasswordHasher(1, 8, 1))
    told = []
    for name in (*names, ""):
        (one,) = found(config, "passwords")
        told.append((one.mark, one.what.partition(":")[0], one.do))
        if name:
            with database.write() as connection:
                known.put(connection, STAFF + name, known.hash("five words of ana's own"))
    database.close()

    assert told == [
        (Mark.LOOK, "ana, ben have none", "give them one: doorknock person password ana"),
        (Mark.LOOK, "ben has none", "give them one: doorknock person password ben"),
        (Mark.WELL, "each of the staff has one", ""),
    ]


def test_every_finding_that_is_not_well_says_what_to_do(config: Path) -> None:
    shutil.rmtree(load(config).data)
    config.write_text("[web]\nport = 8080\n")

    all_ = list(examine(config, NOW_MS))

    assert [one for one in all_ if (one.mark is Mark.WELL) != (one.do == "")] == []
    assert {"people", "escalation", "data folder"} <= {
        one.check for one in all_ if one.mark is not Mark.WELL
    }


def test_a_configuration_that_cannot_be_read_is_the_only_finding(config: Path) -> None:
    config.write_text("[gateway]\nname = 5\n")

    (one,) = examine(config, NOW_MS)

    assert (one.check, one.mark) == ("configuration", Mark.WRONG)
    assert "line 2" in one.what


def test_no_secret_is_shown(config: Path) -> None:
    settings = load(config)
    settings.data.chmod(0o755)
    (settings.data / "ana-phone").write_text("nonsense-with-token-of-ana\n")
    secrets = load_secrets(settings)

    said = " ".join(one.what + one.do for one in examine(config, NOW_MS))

    assert "token-of-ana" not in said
    assert "channel 1 of ana cannot be read" in said
    assert secrets.webhook_secret not in said
    assert SECRET.hex() not in said


def test_a_data_folder_that_others_may_look_into_is_wrong(config: Path) -> None:
    load(config).data.chmod(0o755)

    assert marks(config, "data folder") == {Mark.WRONG}


def test_a_store_that_others_may_read_is_wrong(config: Path) -> None:
    (load(config).data / "gateway.db").chmod(0o644)

    (one,) = found(config, "data folder")

    assert one.mark is Mark.WRONG
    assert "gateway.db" in one.do


def test_a_damaged_store_is_told(config: Path) -> None:
    path = load(config).data / "gateway.db"
    raw = bytearray(path.read_bytes())
    raw[4096:8192] = bytes(4096)
    path.write_bytes(raw)

    assert marks(config, "gateway's store") == {Mark.WRONG}


def test_a_store_of_a_newer_doorknock_is_told(config: Path) -> None:
    with sqlite3.connect(load(config).data / "gateway.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    (one,) = found(config, "gateway's store")

    assert one.mark is Mark.WRONG
    assert "newer" in one.what


def test_a_port_that_another_program_has_is_told(config: Path) -> None:
    with socket.create_server(("127.0.0.1", load(config).broker.loopback_port)):
        (one,) = found(config, "ports")

    assert one.mark is Mark.WRONG
    assert "broker.loopback_port" in one.do
    assert "before any device" not in one.do

    # Each device has the port in its settings: another one would silence them all.
    with socket.create_server(("0.0.0.0", load(config).broker.port)):  # noqa: S104
        (one,) = found(config, "ports")
    assert "'broker.port', before any device is set up" in one.do


def test_the_age_of_the_newest_backup_is_told(config: Path) -> None:
    assert marks(config, "backup") == {Mark.LOOK}

    note_backup(load(config).data, NOW_MS)

    assert marks(config, "backup", NOW_MS + DAY_MS) == {Mark.WELL}
    assert marks(config, "backup", NOW_MS + 15 * DAY_MS) == {Mark.LOOK}


def test_a_clock_that_has_gone_back_is_told(config: Path) -> None:
    with sqlite3.connect(load(config).data / "gateway.db") as connection:
        connection.execute("UPDATE devices SET last_heard_at = ?", (NOW_MS + DAY_MS,))

    assert Mark.WRONG in marks(config, "clock")


def test_events_that_wait_too_long_are_told(config: Path) -> None:
    with sqlite3.connect(load(config).data / "gateway.db") as connection:
        connection.execute(
            "INSERT INTO outbox (destination, device, alarm, parcel_id, body, received_at, waiting)"
            " VALUES ('backend', ?, 1, 'x', '{}', ?, 1)",
            (DEVICE, NOW_MS),
        )

    assert marks(config, "events", NOW_MS + 60_000) == {Mark.WELL}
    assert marks(config, "events", NOW_MS + 240_000) == {Mark.WRONG}


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("NTPSynchronized=yes\nNTP=yes\n", Mark.WELL),
        ("NTPSynchronized=no\nNTP=yes\n", Mark.LOOK),
        ("NTPSynchronized=no\nNTP=no\n", Mark.LOOK),
        (None, Mark.LOOK),
    ],
)
def test_who_sets_the_clock_is_told(config: Path, said: str | None, mark: Mark) -> None:
    patient = Patient(load(config), NOW_MS, None)

    first = next(iter(machine.clock(patient, lambda command: said)))

    assert (first.check, first.mark) == ("clock", mark)


@pytest.mark.parametrize(
    ("active", "enabled", "mark"),
    [
        ("active", "enabled", Mark.WELL),
        ("failed", "enabled", Mark.WRONG),
        ("active", "disabled", Mark.LOOK),
        ("", "", Mark.LOOK),
    ],
)
def test_the_service_is_looked_at_where_systemd_runs(
    config: Path, active: str, enabled: str, mark: Mark
) -> None:
    def ask(command: list[str]) -> str:
        return active if command[1] == "is-active" else enabled

    patient = Patient(load(config), NOW_MS, 1)

    all_ = list(machine.service(patient, ask, booted=config.parent))

    assert [one.mark for one in all_ if one.check == "service"] == [mark]


@pytest.mark.parametrize(("alarm", "marks"), [("0", [Mark.WELL]), ("1", [Mark.LOOK]), (None, [])])
def test_a_raspberry_pi_whose_supply_is_too_weak_says_so(
    config: Path, tmp_path: Path, alarm: str | None, marks: list[Mark]
) -> None:
    for number, name in enumerate(("cpu_thermal", "rpi_volt" if alarm else "other")):
        sensor = tmp_path / "hwmon" / f"hwmon{number}"
        sensor.mkdir(parents=True)
        (sensor / "name").write_text(name + "\n")
        (sensor / "in0_lcrit_alarm").write_text(f"{alarm}\n")

    all_ = list(machine.power(Patient(load(config), NOW_MS, 1), tmp_path / "hwmon"))

    assert [one.mark for one in all_] == marks


def test_a_lithium_cell_that_its_device_calls_low_is_low(config: Path) -> None:
    # 3.4 V is plenty for two cells of 1.5 V, and little for one of lithium.
    settings = load(config)
    store = open_store(settings.gateway_database)
    with store.write() as connection:
        device_table.change(
            connection, DEVICE, {"battery_millivolts": 3400, "last_heard_at": NOW_MS}
        )
    store.close()
    patient = Patient(settings, NOW_MS, 1)
    assert [one.mark for one in rooms.rooms(patient)] == [Mark.WELL]

    database = open_database(settings.backend_database)
    with database.write() as connection:
        connection.execute(
            insert(known_devices).values(
                device=DEVICE,
                gateway="g",
                unit="204",
                device_type="button",
                tier="none",
                listed_at=datetime.now(UTC),
                battery_low=True,
                tampered=False,
                faults=[],
                late=False,
                late_told=False,
            )
        )
    database.close()

    assert [one.what for one in rooms.rooms(patient)] == ["battery low: 204"]


def test_low_is_where_the_firmware_says_low() -> None:
    health = Path(__file__).parents[3] / "firmware" / "doorknock" / "health.py"
    said = re.search(r"LOW_MV = (\d+)", health.read_text())

    assert said is not None
    assert int(said[1]) == rooms.LOW_MILLIVOLTS


def test_a_running_gateway_whose_device_is_heard_is_well(gateway: GatewayProcess) -> None:
    (device,) = gateway.add_devices(1)
    gateway.receiver.answer = lambda body: 400 if body["type"] == "gateway.check" else 204
    gateway.start()
    button = WireDevice(gateway, device, secret_of(1))
    try:
        button.press()
        until(lambda: not button.journal, "the press is answered")

        done = gateway.command("doctor", "--config", str(gateway.config), "--json")
    finally:
        button.close()

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    by_check = {one["check"]: one for one in lines[:-1]}
    assert done.returncode == 0, done.stdout
    assert lines[-1]["summary"]["wrong"] == 0
    for check in ("gateway", "door for devices", "broker's keys", "backend", "devices", "events"):
        assert by_check[check]["mark"] == "well", by_check[check]
    assert "TLS-PSK" in by_check["door for devices"]["what"]


def test_a_gateway_whose_page_has_another_port_goes_on_with_its_own_backend(
    gateway: GatewayProcess,
) -> None:
    # As somebody writes it where port 8080 is taken: there, and nowhere else
    (web,) = free_ports(1)
    text = gateway.config.read_text().partition("[backend]")[0]
    gateway.config.write_text(f"{text}[web]\nport = {web}\n")
    gateway.start()

    done = gateway.command("doctor", "--config", str(gateway.config))

    assert f"✓ backend: http://127.0.0.1:{web} answers" in done.stdout


def test_links_to_another_port_than_the_pages_are_told(config: Path) -> None:
    port = load(config).web.port
    config.write_text(config.read_text().replace(f"192.0.2.7:{port}", "192.0.2.7:8080"))

    (links,) = found(config, "links")

    assert links.mark is Mark.LOOK
    assert f"port 8080, and the page is on port {port}" in links.what


def test_a_backend_with_another_secret_and_a_stale_key_file_are_told(
    gateway: GatewayProcess,
) -> None:
    gateway.add_devices(1)
    gateway.start()
    keys = gateway.settings.data / "broker" / "keys"
    keys.write_text("")
    secrets = gateway.settings.data / "secrets.toml"
    secrets.write_text(secrets.read_text().replace("whsec_", "whsec_AAAA"))

    done = gateway.command("doctor", "--config", str(gateway.config))

    assert done.returncode == 1
    assert "✗ broker's keys: 1 missing, 0 too many" in done.stdout
    assert "✗ backend:" in done.stdout
    assert "never heard: 1" in done.stdout


def test_without_a_configuration_it_is_wrong_use(gateway: GatewayProcess) -> None:
    assert gateway.command("doctor").returncode == 2


def test_without_a_wifi_of_its_own_the_doctor_is_silent_about_it(config: Path) -> None:
    assert list(access_point.access_point(Patient(load(config), NOW_MS, 1), lambda _: None)) == []


@pytest.mark.parametrize(
    ("up", "addresses", "forwards", "mark", "said"),
    [
        (True, True, "0", Mark.WELL, "maple is up"),
        (False, True, "0", Mark.WRONG, "maple is not up"),
        (True, False, "0", Mark.WRONG, "get no address"),
        (True, True, "1", Mark.LOOK, "other networks may be reached"),
    ],
)
def test_the_devices_own_wifi_is_up_hands_out_addresses_and_leads_nowhere_else(
    config: Path,
    tmp_path: Path,
    up: bool,
    addresses: bool,
    forwards: str,
    mark: Mark,
    said: str,
) -> None:
    patient = Patient(load(config), NOW_MS, 1)
    (patient.settings.data / access_point.KEPT).write_text("name=maple\npassword=secret-one\n")
    switch = tmp_path / "ip_forward"
    switch.write_text(forwards + "\n")

    def ask(command: list[str]) -> str:
        if command[0] == "nmcli":
            return "Wired connection 1\n" + (access_point.CONNECTION if up else "") + "\n"
        return "active\n" if addresses else "failed\n"

    [one] = access_point.access_point(patient, ask, switch)
    assert one.mark is mark
    assert said in one.what
    assert "secret-one" not in one.what + one.do
