"""`doorknock sim board`: a board that is not there, set up and pressed as one that is."""

import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from gateway.provision import boards
from gateway.provision.setup import nvs, on_board
from gateway.provision.setup.cable import Cable
from sim.cli import sim
from tests.gateway.process import free_ports, until

TYPED = "from gateway.cli import main; main()"


class Plugged:
    """The command, at work in a terminal of its own."""

    def __init__(self, folder):
        self._log = folder.parent / "log"
        self._file = self._log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-c", TYPED, "sim", "board", "--folder", str(folder)],
            stdin=subprocess.PIPE,
            stdout=self._file,
            stderr=self._file,
        )

    def has_said(self, text):
        return text in self._log.read_text()

    def number(self):
        until(lambda: self.has_said("unplugs it.") or self.ended(), "it is plugged in", 60)
        return self._log.read_text().partition("number ")[2][:12]

    def ended(self):
        return self.process.poll() is not None

    def enter(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def unplug(self):
        self.process.terminate()
        self.process.stdin.close()
        code = self.process.wait(60)
        self._file.close()
        return code


@pytest.fixture
def plug(tmp_path):
    there = []

    def plug_in():
        there.append(Plugged(tmp_path / "board"))
        return there[-1]

    yield plug_in
    for one in there:
        if not one.ended():
            one.unplug()


def test_it_is_set_up_by_cable_pressed_by_enter_and_unplugged(plug, tmp_path):
    board = plug()
    number = board.number()
    values = {
        **boards.load("xiao-esp32c3").settings("button", battery=False),
        "device": bytes.fromhex(number),
        "secret": bytes(range(32)),
        "wifi_ssid": "house",
        "host": "127.0.0.1",
        "port": free_ports(1)[0],
    }
    with Cable(str(tmp_path / "board" / "tty")) as cable:
        assert cable.run(on_board.WHO)["device"] == number
        assert cable.run(on_board.write(nvs.stored(values), 0))["wrong"] == []

    # It runs with what it was given; until it is awake, nobody feels a press
    def pressed():
        board.enter()
        time.sleep(1)
        return board.has_said("light: sending")

    until(pressed, "it takes a press", 60)
    assert board.unplug() == 0
    assert not (tmp_path / "board" / "tty").exists()
    # It is that board still when it is back
    assert (tmp_path / "board" / "unique_id").read_bytes().hex() == number


def test_what_cannot_be_plugged_in_is_told(tmp_path):
    def told(*words):
        done = CliRunner().invoke(sim, ["board", "--folder", str(tmp_path), *words])
        return done.exit_code, " ".join(done.output.replace("│", " ").split())

    assert told("--board", "nokia")[0] == 2
    code, said = told("--board", "xiao-esp32c6-mr60bha2", "--type", "button")
    assert (code, "may be sensor" in said) == (2, True)
    (tmp_path / "tty").touch()
    code, said = told()
    assert (code, "is plugged in at" in said) == (1, True)
