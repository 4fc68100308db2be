"""One board, from "who is there?" to "it holds all of it".

    recipe = Recipe(targets, images, settings=lambda found: nvs_partition_for(found.mac))
    done = await flash("/dev/ttyUSB0", recipe, journals, tell)

Settings are made once it is known which board it is, and written with the rest, so that a board is
flashed and provisioned in one go.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.provision import image as application_image
from gateway.provision.flash import layout as flash_layout
from gateway.provision.flash.esptool import FAST_BAUD, SLOW_BAUD, Esptool, Found, Way
from gateway.provision.flash.journal import Journal
from gateway.provision.flash.pieces import Piece, cut
from gateway.provision.flash.ports import may_use
from gateway.provision.flash.release import MicroPython
from gateway.provision.flash.target import Target, choose
from gateway.provision.flash.trouble import BadImage, BadWrite, CableLost, FlashError, bad_write

# The settings of a board, by who it is: bytes for its NVS partition, b"" for none at all, None to
# leave those that are there. It is asked once a run, and must answer the same when asked again.
Settings = Callable[[Found], bytes | None]
# (event, fields) as it happens; see the words in `docs/flashing.md`.
Tell = Callable[[str, dict[str, object]], None]
# Where an image is got from, for a board.
Images = Callable[[Target], MicroPython]


def blank(_: Found) -> bytes:
    """A board without settings, as from the box; it says so until it is provisioned."""
    return b""


def kept(_: Found) -> None:
    """The settings that are there stay."""


@dataclass(frozen=True)
class Recipe:
    """What is put onto boards.

    targets: the boards we know; board: the id somebody named. files: the application for an
    instruction set, by path.
    """

    targets: Sequence[Target]
    images: Images
    board: str | None = None
    settings: Settings = blank
    files: Callable[[str], dict[str, bytes]] = application_image.application
    resume: bool = False
    way: Way = field(default_factory=Way)


@dataclass(frozen=True)
class Flashed:
    """A board that holds everything. written: bytes this run, of `size`."""

    found: Found
    target: Target
    written: int
    size: int


async def flash(port: str, recipe: Recipe, journals: Path, tell: Tell) -> Flashed:
    """Flashes the board on `port`. Raises FlashError; then, or after Ctrl-C, run it again."""
    may_use(port)
    with tempfile.TemporaryDirectory(prefix="doorknock-flash-") as workplace:
        tool = Esptool(port, Path(workplace), recipe.way)
        found = await tool.identify()
        target = choose(found, recipe.targets, recipe.board)
        tell("found", {"device": found.mac, "chip": found.chip, "board": target.id})
        pieces = await _pieces(tool, found, target, recipe, tell)
        journal = Journal(journals, found.mac)
        if not recipe.resume:
            journal.forget()
        written = await _write_all(tool, found, pieces, journal, tell)
        size = sum(len(one.content) for one in pieces)
        tell("ready", {"bytes": size, "written": written})
        return Flashed(found, target, written, size)


async def _pieces(
    tool: Esptool, found: Found, target: Target, recipe: Recipe, tell: Tell
) -> tuple[Piece, ...]:
    image = await asyncio.to_thread(recipe.images, target)
    tell("image", {"sha256": image.sha256, "vouched": image.vouched})
    layout = flash_layout.read_layout(image.content, target.image_offset, found.flash_bytes)
    # The image begins with the bootloader; MicroPython itself is the program behind the table.
    for part in (image.content, image.content[layout.program.start - target.image_offset :]):
        chip = await tool.image_chip(part)
        if chip != found.chip:
            raise BadImage(
                f"The image is for the chip {chip}, and the board on {found.port} has "
                f"{found.chip}: take the file for a {target.name}, {target.release.file_name}."
            )
    files = await asyncio.to_thread(_files, recipe, target, layout)
    settings = recipe.settings(found)
    if settings is not None and len(settings) > layout.settings.size:
        raise FlashError(
            f"The settings ({len(settings)} bytes) do not fit into the {layout.settings.size} that "
            f"MicroPython has for them on a {target.name}: make them for a partition of that size."
        )
    return cut(layout, target.image_offset, image.content, files, settings)


def _files(recipe: Recipe, target: Target, layout: flash_layout.Layout) -> bytes:
    compiled = recipe.files(application_image.arch_of(target.chip))
    return application_image.file_system(compiled, layout.files.size)


async def _write_all(
    tool: Esptool, found: Found, pieces: tuple[Piece, ...], journal: Journal, tell: Tell
) -> int:
    """Writes what the journal does not have, asks the chip for all of it; the bytes written.

    What is damaged on the way is written once more, slowly: long cables and old hubs.
    """
    left = [piece for piece in pieces if not journal.has(piece)]
    written = 0
    for baud in (FAST_BAUD, SLOW_BAUD):
        try:
            await _write(tool, found, pieces, left, journal, tell, baud)
        except (BadWrite, CableLost):
            written += sum(len(one.content) for one in left if journal.has(one))
            left = [one for one in left if not journal.has(one)]
            if baud == SLOW_BAUD or not _still_there(found.port):
                raise
            continue
        written += sum(len(one.content) for one in left)
        tell("verifying", {})
        left = await tool.differing(found.chip, pieces, last=True)
        if not left:
            return written
        journal.forget(left)
    raise bad_write(found.port)


async def _write(
    tool: Esptool,
    found: Found,
    pieces: tuple[Piece, ...],
    left: Sequence[Piece],
    journal: Journal,
    tell: Tell,
    baud: int,
) -> None:
    if not left:
        return
    whole = sum(len(one.content) for one in pieces)
    before = whole - sum(len(one.content) for one in left)
    journal.forget(left)
    tell("writing", {"done": before, "of": whole})
    await tool.write(
        found.chip,
        left,
        baud=baud,
        progress=lambda done: tell("written", {"done": before + done, "of": whole}),
        verified=journal.verified,
    )


def _still_there(port: str) -> bool:
    """Whether a second try can do any good: a cable that was pulled takes its port along."""
    return "://" in port or os.name == "nt" or Path(port).exists()
