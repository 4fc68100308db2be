"""A bench: boards we know, an image and an application for each, and chips to put them on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.provision.chips import Image as Release
from gateway.provision.flash.esptool import Way
from gateway.provision.flash.job import Recipe, blank, flash
from gateway.provision.flash.release import MicroPython
from gateway.provision.flash.target import Target
from tests.gateway.provision.flash import made
from tests.gateway.provision.flash.chip import Chip

# Much less patient than with people and cables: nothing here takes long but what is broken.
HASTY = {
    "timeout": "2",
    "sync_timeout": "0.1",
    "connect_attempts": "2",
    "write_block_attempts": "1",
    "md5_timeout_per_mb": "2",
}
APPLICATION = {
    "boot.py": b"import gc\n",
    "main.py": b"print(1)\n",
    "doorknock/app.mpy": b"M" * 9000,
}


def target(chip: str) -> Target:
    release = Release(
        version="1.29.0",
        url=f"https://micropython.org/resources/firmware/{chip}.bin",
        page="https://micropython.org/download/ESP32/",
    )
    return Target(f"board-{chip}", f"Board {chip}", chip, 4 << 20, made.OFFSET[chip], release)


TARGETS = [target(chip) for chip in made.CHIP_ID]


class Bench:
    """Flashes chips and remembers what was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journals = folder / "journals"
        self.told: list[tuple[str, dict[str, object]]] = []
        self.image: dict[str, bytes] = {}
        # What is to happen at an event.
        self.on: dict[str, Callable[[], None]] = {}
        self._chips: list[Chip] = []

    def chip(self, name: str, **how: int) -> Chip:
        chip = Chip(self.folder / str(len(self._chips)), name, **how)
        self._chips.append(chip)
        return chip

    def micropython(self, one: Target) -> MicroPython:
        if one.chip not in self.image:
            self.image[one.chip] = made.micropython(one.chip)
        return MicroPython(self.image[one.chip], "00" * 32, vouched=True)

    def recipe(self, **how: object) -> Recipe:
        usual = {
            "targets": TARGETS,
            "images": self.micropython,
            "settings": blank,
            "files": lambda arch: APPLICATION,
            "way": Way(by_hand=True, configuration=HASTY),
        }
        return Recipe(**(usual | how))

    def tell(self, event: str, fields: dict[str, object]) -> None:
        self.told.append((event, fields))
        self.on.get(event, lambda: None)()

    def flash(self, chip: Chip, **how: object):
        return asyncio.run(flash(chip.port, self.recipe(**how), self.journals, self.tell))

    def close(self) -> None:
        for chip in self._chips:
            chip.pull()

    @property
    def last(self) -> SimpleNamespace:
        event, fields = self.told[-1]
        return SimpleNamespace(event=event, **fields)


@pytest.fixture
def bench(tmp_path):
    made_here = Bench(tmp_path)
    yield made_here
    made_here.close()
