"""The devices' own Wi-Fi: what is written, that it stays the same, and when it is refused.

With stand-ins for the system's programs. `make package-test` has NetworkManager and dnsmasq
themselves read what is written.
"""

import configparser
import subprocess
from pathlib import Path

import pytest

from gateway.provision.setup import network
from gateway.settings import parse

SCRIPT = Path(__file__).parents[2] / "install" / "access-point.sh"
PROGRAMS = {
    "nmcli": """
case "$*" in *"device status"*) echo eth0:ethernet; echo wlan0:wifi; echo p2p-dev-wlan0:wifi-p2p ;;
esac
[ ! -e "$SYSTEM/no-wifi-comes-up" ] || case "$*" in *"connection up"*) exit 4 ;; esac
""",
    "ip": 'cat "$SYSTEM/ways"',
    "systemctl": "",
    "apt-get": "",
    "chown": "",
    "id": "echo 0",
}


class System:
    """A Raspberry Pi with a gateway, its cable plugged in."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.programs = folder / "programs"
        self.data = self.root / "var/lib/doorknock/data"
        self.data.mkdir(parents=True)
        self.programs.mkdir()
        (self.root / "ways").write_text("default via 192.0.2.1 dev eth0 proto dhcp\n")
        for name, body in PROGRAMS.items():
            path = self.programs / name
            path.write_text(f'#!/bin/sh\necho "$@" >> "$0.calls"\n{body}\n')
            path.chmod(0o755)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(SCRIPT), *words],
            env={
                "PATH": f"{self.programs}:/usr/bin:/bin",
                "SYSTEM": str(self.root),
                "DOORKNOCK_ROOT": str(self.root),
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @property
    def keyfile(self) -> Path:
        folder = self.root / "etc/NetworkManager/system-connections"
        return folder / "doorknock-devices.nmconnection"

    def written(self) -> configparser.ConfigParser:
        read = configparser.ConfigParser(interpolation=None)
        read.read_string(self.keyfile.read_text())
        return read

    def called(self, program: str) -> str:
        path = self.programs / f"{program}.calls"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_it_is_a_network_that_leads_to_the_gateway_alone(system: System) -> None:
    done = system.run("maple-house")

    assert done.returncode == 0, done.stderr
    written = system.written()
    assert (written["wifi"]["mode"], written["wifi"]["ssid"]) == ("ap", "maple-house")
    # The boards know 2.4 GHz alone; one must not hear another.
    assert (written["wifi"]["band"], written["wifi"]["ap-isolation"]) == ("bg", "1")
    # "shared" would pass packets on, and "auto" would look for an address.
    assert written["ipv4"]["method"] == "manual"
    addresses = (system.root / "etc/doorknock/addresses.conf").read_text().splitlines()
    assert {"dhcp-option=option:router", "dhcp-option=option:dns-server", "port=0"} <= {*addresses}
    assert "connection up doorknock-devices" in system.called("nmcli")
    assert "restart doorknock-addresses" in system.called("systemctl")
    # It is what devices are set up for from now on, by `doorknock provision`.
    key = written["wifi-security"]["psk"]
    settings = parse(system.root / "gateway.toml", f'[gateway]\ndata = "{system.data}"\n')
    assert network.known(settings) == network.Network("maple-house", key, "10.77.0.1")
    assert (system.data / "wifi.json").stat().st_mode & 0o077 == 0
    address = written["ipv4"]["address1"].partition("/")[0]
    assert address in done.stdout
    assert f"gateway={address}" in system.run("--show").stdout


def test_its_password_is_long_and_on_no_command_line_and_root_s_alone(system: System) -> None:
    done = system.run()

    password = system.written()["wifi-security"]["psk"]
    assert len(password) == 20
    assert len({*password}) > 5
    assert system.keyfile.stat().st_mode & 0o077 == 0
    assert (system.data / "access-point").stat().st_mode & 0o077 == 0
    assert password not in done.stdout + done.stderr
    assert not any(password in system.called(name) for name in PROGRAMS)


def test_made_again_it_has_the_same_name_and_password(system: System) -> None:
    system.run("maple-house")
    first = system.keyfile.read_text()
    # As after a restore on another Raspberry Pi: the data folder came back, and nothing else.
    system.keyfile.unlink()

    assert system.run().returncode == 0

    assert system.keyfile.read_text() == first


def test_another_name_is_another_network_with_the_same_password(system: System) -> None:
    system.run("maple-house")
    before = system.written()["wifi-security"]["psk"]

    system.run("oak-house")

    assert system.written()["wifi"]["ssid"] == "oak-house"
    assert system.written()["wifi-security"]["psk"] == before


def test_taken_away_it_can_come_back_as_it_was(system: System) -> None:
    system.run("maple-house")
    password = system.written()["wifi-security"]["psk"]

    assert system.run("--remove").returncode == 0

    assert not system.keyfile.exists()
    assert not (system.root / "etc/systemd/system/doorknock-addresses.service").exists()
    system.run()
    assert system.written()["wifi-security"]["psk"] == password


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("maple house",), 1, "letters, digits, dots and hyphens"),
        (("m" * 33,), 1, "32 letters at most"),
        (("--toaster",), 2, "--show"),
    ],
)
def test_what_it_cannot_be_is_told(
    system: System, words: tuple[str, ...], code: int, said: str
) -> None:
    done = system.run(*words)

    assert (done.returncode, said in done.stderr) == (code, True)
    assert not system.keyfile.exists()


def test_it_never_takes_the_gateway_s_own_way_out(system: System) -> None:
    (system.root / "ways").write_text("default via 192.0.2.1 dev wlan0 proto dhcp\n")

    done = system.run()

    assert done.returncode == 1
    assert "plug in the network cable" in done.stderr
    assert not system.keyfile.exists()


def test_a_radio_that_waits_for_its_country_is_told(system: System) -> None:
    radio = system.root / "sys/class/rfkill/rfkill0"
    radio.mkdir(parents=True)
    (radio / "type").write_text("wlan\n")
    (radio / "soft").write_text("1\n")

    done = system.run()

    assert done.returncode == 1
    assert "do_wifi_country" in done.stderr


def test_without_a_gateway_there_is_nothing_to_reach(system: System) -> None:
    system.data.rmdir()

    done = system.run()

    assert (done.returncode, "install/install.sh" in done.stderr) == (1, True)


def test_a_wifi_that_does_not_come_up_is_told(system: System) -> None:
    (system.root / "no-wifi-comes-up").touch()

    done = system.run()

    assert (done.returncode, "journalctl -u NetworkManager" in done.stderr) == (1, True)


def test_where_packets_are_passed_on_it_says_so(system: System) -> None:
    switch = system.root / "proc/sys/net/ipv4/ip_forward"
    switch.parent.mkdir(parents=True)
    switch.write_text("1\n")

    assert "other networks may be reached" in system.run().stdout
