"""The application as it lies on a board: real littlefs, which a real MicroPython starts from."""

import asyncio
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from gateway.provision import image
from sim import hardware, interpreter
from sim.devices.board import Board

# As large as the simulated flash chip.
SIZE = 256 * image.BLOCK_BYTES
# Mounts a file as MicroPython's start-up does a partition: it finds out for itself what is on it.
MOUNT = """
import hashlib, json, os, sys, vfs

class Partition:
    def __init__(self, path):
        self.file = open(path, "r+b")
        self.blocks = os.stat(path)[6] // 4096
    def readblocks(self, block, buffer, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buffer)
    def writeblocks(self, block, buffer, offset=-1):
        if offset < 0:
            self.ioctl(6, block)
            offset = 0
        self.file.seek(block * 4096 + offset)
        self.file.write(buffer)
    def ioctl(self, request, block):
        if request == 4:
            return self.blocks
        if request == 5:
            return 4096
        if request == 6:
            self.file.seek(block * 4096)
            self.file.write(b"\\xff" * 4096)
        return 0

vfs.mount(Partition(sys.argv[1]), "/flash")

def look(folder, found):
    for name, kind, _, _ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            look(path, found)
        else:
            with open(path, "rb") as file:
                found[path[7:]] = hashlib.sha256(file.read()).digest().hex()
    return found

print(json.dumps(look("/flash", {})))
with open("/flash/journal", "wb") as file:
    file.write(b"x" * 20000)
"""


def look(path, tmp_path):
    script = tmp_path / "look.py"
    script.write_text(MOUNT)
    said = subprocess.run(
        [interpreter.micropython(), script, path], capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout)


def digests(files):
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


@pytest.mark.parametrize("chip", ["esp32", "esp32c3", "esp32c6", "esp32s3"])
def test_micropython_mounts_the_files_of_every_chip_and_can_write_beside_them(chip, tmp_path):
    files = image.application(image.arch_of(chip))
    path = tmp_path / "vfs.bin"
    path.write_bytes(image.file_system(files, 0x1E0000))
    assert look(path, tmp_path) == digests(files)
    # And it holds the journal that was written then, too.
    assert look(path, tmp_path).keys() == {*files, "journal"}


def test_the_starters_stay_source_and_the_rest_is_compiled_for_the_chip():
    files = image.application("rv32imc")
    assert {"boot.py", "main.py", "slot.mpy", "a/whole"} <= files.keys()
    assert {"a/doorknock/app.mpy", "a/doorknock/radar/mr60.mpy"} <= files.keys()
    assert [name for name in files if name.endswith(".py")] == ["boot.py", "main.py"]
    # "M", version 6, then the instruction set in bits 2 to 5 of modules with viper in them: 11.
    assert files["a/doorknock/radar/mr60.mpy"][:2] == b"M\x06"
    assert files["a/doorknock/radar/mr60.mpy"][2] >> 2 & 0xF == 11


def test_the_same_source_gives_the_same_bytes():
    first = image.file_system(image.application("xtensawin"), SIZE)
    assert first == image.file_system(image.application("xtensawin"), SIZE)


def test_no_path_of_the_computer_that_compiled_it_is_in_it():
    folder = str(Path(image.doorknock.__path__[0]).parent).encode()
    assert not [name for name, found in image.application("rv32imc").items() if folder in found]


def test_an_application_that_does_not_fit_is_told():
    with pytest.raises(image.ImageError, match="does not fit into the 64 KB"):
        image.file_system({"main.py": b"x" * 100_000}, 0x10000)


def test_what_cannot_be_compiled_is_told(tmp_path):
    (tmp_path / "doorknock").mkdir()
    for name in ("boot.py", "main.py", "slot.py", "doorknock/app.py"):
        (tmp_path / name).write_text("if:\n" if "app" in name else "")
    with pytest.raises(image.ImageError, match=r"mpy-cross refuses .*app\.py"):
        image.application("rv32imc", tmp_path)


def test_a_firmware_without_its_starters_is_told(tmp_path):
    with pytest.raises(image.ImageError, match=r"boot\.py is missing"):
        image.application("rv32imc", tmp_path)


def test_the_firmware_starts_from_it_and_from_nothing_else(tmp_path, monkeypatch):
    # Given a board whose flash holds the image, and no firmware but that
    board = Board(tmp_path / "board", name="sensor", board="sensor")
    files = image.application("x64")
    (board.folder / "flash.bin").write_bytes(image.file_system(files, SIZE))
    path = f"{hardware.__path__[0]}:/flash:.frozen"
    monkeypatch.setattr(interpreter, "environment", lambda *_: {"MICROPYPATH": path})
    settings = {
        "device": bytes(6),
        "secret": bytes(32),
        "wifi_ssid": "home",
        "host": "127.0.0.1",
        "port": 9,
        "tls": "none",
    }

    async def story():
        async with board:
            board.provision(settings)
            await board.power_on()
            # No number of its own yet: the gateway will hand it one.
            await board.until_said("boot 0, power_on")
            board.console("from doorknock import app; print('loaded', app.__file__)")
            await board.until_said("loaded /flash/a/doorknock/app.mpy")

    # When, then
    asyncio.run(story())
    assert [line for line in board.lines if line.what == "crash"] == []
