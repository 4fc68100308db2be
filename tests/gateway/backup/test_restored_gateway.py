"""A gateway dies and is replaced from a backup that is older than its last events: the devices on
its wire go on, nothing is lost, and nobody is called twice."""

import shutil
from collections import Counter
from pathlib import Path

from doorknock import wire
from sqlalchemy import func, select

from gateway.backend.database import open_database
from gateway.backend.tables import alerts as alert_table
from gateway.backup.rejoin import BOOTS_LEFT_FREE
from gateway.store import open_store
from gateway.store.devices import find
from tests.gateway.process import GatewayProcess, free_ports, secret_of, until
from tests.gateway.wire_device import WireDevice

PASSPHRASE = "four words are enough"


def passphrase_file(folder: Path) -> Path:
    path = folder / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    return path


def backup(gateway: GatewayProcess) -> Path:
    to = gateway.folder / "house.backup"
    done = gateway.command(
        *("backup", "--config", str(gateway.config), "--to", str(to)),
        *("--passphrase-file", str(passphrase_file(gateway.folder))),
    )
    assert done.returncode == 0, done.stderr
    return to


def restore(gateway: GatewayProcess, file: Path) -> str:
    done = gateway.command(
        *("restore", str(file), "--config", str(gateway.config)),
        *("--passphrase-file", str(passphrase_file(gateway.folder))),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def presses(gateway: GatewayProcess) -> Counter[str]:
    ids = [id_ for id_, body in gateway.receiver.received if body["type"] == "device.press"]
    return Counter(ids)


def lose(folder: Path) -> None:
    """The card is gone. The broker, which ends with its gateway, may still be saving on it."""

    def gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    until(gone, "the data folder is gone")


def test_a_gateway_is_replaced_from_its_backup_and_no_device_is_visited(
    gateway: GatewayProcess,
) -> None:
    (device,) = gateway.add_devices(1)
    gateway.start()
    button = WireDevice(gateway, device, secret_of(1))
    try:
        # Given: one press before the backup, one after it, then the gateway and its card are gone.
        until(button.client.is_connected, "the button is connected")
        button.press()
        until(lambda: not button.journal, "the first press is answered")
        until(lambda: presses(gateway)[f"{device}.1.1"] == 1, "the backend has it")
        file = backup(gateway)
        button.press()
        until(lambda: not button.journal, "the second press is answered")
        until(lambda: presses(gateway)[f"{device}.1.2"] == 1, "the backend has it")
        light = {"unit": "1", "device": device, "boot": 1, "seq": 2, "alert": "a"}
        gateway.receiver.lights.put((41, {**light, "state": "coming"}))
        until(lambda: button.heard("light"), "the light")
        gateway.kill()
        lose(gateway.settings.data)
        gateway.config.unlink()

        # When: somebody presses meanwhile, and another gateway is restored.
        button.press()
        said = restore(gateway, file)
        gateway.start()

        # Then: the press comes through, and nobody is called twice.
        assert ": 1 device, as of " in said
        until(lambda: not button.journal, "the third press is answered", 60)
        until(lambda: presses(gateway)[f"{device}.1.3"], "the backend has it")
        answered = len(button.heard("answer"))
        again = wire.encode("press", device, 1, 1, 60_000, {"taps": 1, "held": 0}, button.key)
        button.client.publish(wire.topic(device, "alarm"), again, qos=1)
        until(lambda: len(button.heard("answer")) > answered, "the first press is known")
        assert presses(gateway) == {f"{device}.1.{seq}": 1 for seq in (1, 2, 3)}

        # And: the device takes the new gateway's word, whose numbers are above the old one's.
        before = button.heard("light")[-1].stamp
        # Some may go to the stream of the gateway that is dead, which nobody has closed.
        for _ in range(4):
            gateway.receiver.lights.put((42, {**light, "seq": 3, "state": "coming"}))
        until(lambda: button.heard("light")[-1].seq == 3, "the new light")
        assert button.heard("light")[-1].stamp > before
    finally:
        button.close()


def test_a_device_that_lost_its_number_gets_one_that_was_never_used(
    gateway: GatewayProcess,
) -> None:
    """Between the backup and the end boots were used that the backup knows nothing of."""
    (device,) = gateway.add_devices(1)
    gateway.start()
    file = backup(gateway)
    button = WireDevice(gateway, device, secret_of(1), boot=900)
    try:
        until(button.client.is_connected, "the button is connected")
        button.press()
        until(lambda: not button.journal, "the press of boot 900 is answered")
        gateway.kill()
        lose(gateway.settings.data)
        gateway.config.unlink()
        restore(gateway, file)
        gateway.start()

        until(button.client.is_connected, "the button is connected again")
        lost = wire.encode("boot", device, 0, 77, 1_000, {}, button.key)
        button.client.publish(wire.topic(device, "up"), lost, qos=1)

        until(lambda: button.heard("number"), "it is given a number", 60)
        assert int(button.heard("number")[-1].details["next_boot"]) > BOOTS_LEFT_FREE > 900
        store = open_store(gateway.settings.gateway_database)
        with store.read() as connection:
            row = find(connection, device)
        store.close()
        assert row is not None
        assert row.highest_boot == button.heard("number")[-1].details["next_boot"]
    finally:
        button.close()


def test_an_open_alert_stays_one_alert_after_a_restore(gateway: GatewayProcess) -> None:
    (port,) = free_ports(1)
    gateway.config.write_text(
        gateway.config.read_text().split("[backend]")[0]
        + f'[backend]\nurl = "http://127.0.0.1:{port}"\n[web]\nport = {port}\n'
    )
    (device,) = gateway.add_devices(1)
    gateway.start()
    button = WireDevice(gateway, device, secret_of(1))
    try:
        until(button.client.is_connected, "the button is connected")
        button.press()
        until(lambda: gateway.lines("accepted"), "the backend has it")
        file = backup(gateway)
        gateway.kill()
        lose(gateway.settings.data)
        gateway.config.unlink()

        said = restore(gateway, file)
        gateway.start()
        until(button.client.is_connected, "the button is connected again")
        answers = len(button.heard("answer"))
        again = wire.encode("press", device, 1, 1, 60_000, {"taps": 1, "held": 0}, button.key)
        button.client.publish(wire.topic(device, "alarm"), again, qos=1)
        until(lambda: len(button.heard("answer")) > answers, "the press is known", 60)

        assert "ask again: 1." in said
        assert alerts(gateway) == 1
    finally:
        button.close()


def alerts(gateway: GatewayProcess) -> int:
    store = open_database(gateway.settings.backend_database)
    with store.read() as connection:
        count = int(connection.execute(select(func.count()).select_from(alert_table)).scalar_one())
    store.close()
    return count


def test_without_a_terminal_the_passphrase_must_be_in_a_file_and_long(
    gateway: GatewayProcess,
) -> None:
    gateway.add_devices(1)
    to = ("backup", "--config", str(gateway.config), "--to", str(gateway.folder / "b"))
    short = gateway.folder / "short"
    short.write_text("short\n")

    nowhere = gateway.command(*to)
    too_short = gateway.command(*to, "--passphrase-file", str(short))

    assert (nowhere.returncode, too_short.returncode) == (1, 1)
    assert "--passphrase-file" in nowhere.stderr
    assert "12 letters" in too_short.stderr
    assert not (gateway.folder / "b").exists()
