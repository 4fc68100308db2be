"""esptool, as a program: it is GPL, so nothing of it is imported here.

Its output is read line by line as it comes (5.x): the chip's name, how far it is, which piece the
chip has confirmed.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.provision.flash.pieces import Piece
from gateway.provision.flash.trouble import BadImage, FlashError, cable_lost, explained

# As fast as every USB bridge on these boards takes without loss; a second try is slower.
FAST_BAUD = 460800
SLOW_BAUD = 115200
# esptool is never silent for longer, even while a whole piece is erased (40 s a MB at the worst).
_SILENCE_S = 60.0

_CHIP = re.compile(r"^Connected to (ESP[\w-]+) on", re.MULTILINE)
# A chip with Thread or Zigbee has a MAC of 8 bytes too; the base MAC is what Wi-Fi derives from.
_MAC = re.compile(r"^(BASE )?MAC:\s+((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\s*$", re.MULTILINE)
_FLASH = re.compile(r"^Detected flash size:\s+(\d+)(MB|KB)", re.MULTILINE)
_IMAGE_CHIP = re.compile(r"^Detected image type: (ESP[\w-]+)", re.MULTILINE)
_PERCENT = re.compile(r"^Writing at 0x[0-9a-f]+ .*?([\d.]+)%")
# What has been looked at: a hub full of boards takes the same image.
_IMAGE_CHIPS: dict[bytes, str] = {}
_CONFIRMED = "Hash of data verified"
_UNCHANGED = re.compile(r"^Verification (successful|failed) \(", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """Who answers on a port. chip: as esptool's --chip; mac: the base MAC, 12 hex digits."""

    port: str
    chip: str
    mac: str
    flash_bytes: int


@dataclass(frozen=True)
class Way:
    """How esptool reaches a board.

    by_hand: somebody holds BOOT, so the board is not reset by its cable. configuration: values of
    esptool.cfg, such as timeouts; a test is less patient than a person.
    """

    by_hand: bool = False
    configuration: Mapping[str, str] | None = None


class Esptool:
    """Runs esptool against one port. `workplace`: a folder only we can read."""

    def __init__(self, port: str, workplace: Path, way: Way) -> None:
        self._port = port
        self._workplace = workplace
        self._way = way
        self._answered = False

    async def identify(self) -> Found:
        """Who is there, left in its bootloader. Raises FlashError."""
        said = await self._on_the_wire(["flash-id"], chip="auto", baud=SLOW_BAUD)
        self._answered = True
        chip, flash = _CHIP.search(said), _FLASH.search(said)
        macs = sorted(_MAC.findall(said), reverse=True)
        if chip is None or flash is None or not macs:
            raise FlashError(
                f"The flash of the board on {self._port} cannot be read: unplug it, plug it in "
                "again, and run this again; if it stays so, put this board aside."
            )
        size = int(flash[1]) << (20 if flash[2] == "MB" else 10)
        return Found(self._port, plain(chip[1]), macs[0][1].replace(":", ""), size)

    async def write(
        self,
        chip: str,
        pieces: Sequence[Piece],
        *,
        baud: int,
        progress: Callable[[int], None],
        verified: Callable[[Piece], None],
    ) -> None:
        """Writes the pieces in order. progress(bytes done so far); verified(each that is)."""
        done, count = 0, 0
        arguments = ["write-flash", *self._addressed(pieces)]
        async with contextlib.aclosing(self._lines(arguments, chip=chip, baud=baud)) as lines:
            async for line in lines:
                if found := _PERCENT.match(line):
                    part = len(pieces[count].content) * float(found[1]) / 100
                    progress(done + int(part))
                elif line.startswith(_CONFIRMED):
                    verified(pieces[count])
                    done += len(pieces[count].content)
                    count += 1
                    progress(done)

    async def differing(self, chip: str, pieces: Sequence[Piece], *, last: bool) -> list[Piece]:
        """Those that the chip says, by its MD5 of them, it does not hold. last: then it starts."""
        said: list[str] = []
        arguments = ["verify-flash", *self._addressed(pieces)]
        after = "no-reset" if self._way.by_hand or not last else "hard-reset"
        try:
            run = self._lines(arguments, chip=chip, baud=SLOW_BAUD, after=after)
            async with contextlib.aclosing(run) as lines:
                async for line in lines:
                    said.append(line)
        except FlashError:
            results = _UNCHANGED.findall("\n".join(said))
            if len(results) < len(pieces):
                raise
        results = _UNCHANGED.findall("\n".join(said))
        return [
            piece for piece, result in zip(pieces, results, strict=True) if result != "successful"
        ]

    async def image_chip(self, content: bytes) -> str:
        """For which chip a program is, its checksum and hash tried. Raises BadImage."""
        digest = hashlib.sha256(content).digest()
        if digest not in _IMAGE_CHIPS:
            _IMAGE_CHIPS[digest] = await self._image_chip(content, digest.hex())
        return _IMAGE_CHIPS[digest]

    async def _image_chip(self, content: bytes, name: str) -> str:
        file = self._keep(f"{name}.bin", content)
        process = await self._start(["image-info", str(file)])
        output, _ = await process.communicate()
        said = output.decode(errors="replace")
        chip = _IMAGE_CHIP.search(said)
        if process.returncode or chip is None or re.search(r"\(invalid", said):
            raise BadImage(
                "The file is no MicroPython for an ESP32, or it is damaged: take the .bin file for "
                "this board from micropython.org once more."
            )
        return plain(chip[1])

    async def _on_the_wire(self, arguments: list[str], *, chip: str, baud: int) -> str:
        async with contextlib.aclosing(self._lines(arguments, chip=chip, baud=baud)) as lines:
            return "\n".join([line async for line in lines])

    async def _lines(
        self, arguments: list[str], *, chip: str, baud: int, after: str = "no-reset"
    ) -> AsyncGenerator[str, None]:
        """What it says, until it has ended well; FlashError where it does not."""
        before = "no-reset" if self._way.by_hand else "default-reset"
        whole = ["--port", self._port, "--chip", chip, "--baud", str(baud), "--before", before]
        process = await self._start([*whole, "--after", after, *arguments])
        assert process.stdout is not None  # noqa: S101 - asked for below
        said: list[str] = []
        try:
            while True:
                try:
                    raw = await asyncio.wait_for(process.stdout.readline(), _SILENCE_S)
                except TimeoutError:
                    raise cable_lost(self._port) from None
                if not raw:
                    break
                # Progress is drawn over itself where esptool takes us for a terminal.
                for line in raw.decode(errors="replace").replace("\r", "\n").splitlines():
                    said.append(line)
                    yield line
            if await process.wait():
                raise explained("\n".join(said), self._port, answered_before=self._answered)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _start(self, arguments: list[str]) -> asyncio.subprocess.Process:
        configuration = self._workplace / "esptool.cfg"
        values = self._way.configuration or {}
        configuration.write_text(
            "".join(["[esptool]\n", *(f"{key} = {value}\n" for key, value in values.items())])
        )
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "esptool",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "ESPTOOL_CFGFILE": str(configuration), "COLUMNS": "200"},
            # Ctrl-C is ours: we end it between two lines, and the journal is right.
            start_new_session=True,
        )

    def _addressed(self, pieces: Sequence[Piece]) -> list[str]:
        arguments = []
        for piece in pieces:
            file = self._keep(f"{piece.offset:08x}.bin", piece.content)
            arguments += [f"{piece.offset:#x}", str(file)]
        return arguments

    def _keep(self, name: str, content: bytes) -> Path:
        file = self._workplace / name
        # The settings hold a secret: made for us alone, before there is anything in it.
        file.touch(mode=0o600)
        file.write_bytes(content)
        return file


def plain(chip: str) -> str:
    """esptool's name for people ("ESP32-C3") as its name for --chip ("esp32c3")."""
    return chip.lower().replace("-", "")
