"""The boards as data: `boards/<id>/board.toml`, read, checked against their chip, and asked.

Adding a board touches no code: docs/boards.md. Errors are one sentence with the file and the key.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gateway.errors import GatewayError
from gateway.provision import board_rules
from gateway.provision.board_file import BoardFile, Flash, Type
from gateway.provision.chips import Chip, Image, Radar

_Model = TypeVar("_Model", bound=BaseModel)

# The firmware's word for a pin that is not there.
NO_PIN = -1


class BoardError(GatewayError):
    """A board is not known, or what is written about it cannot be."""


@dataclass(frozen=True)
class Pin:
    """What is printed at a pad (or the board's own name of it), and the chip's number of it."""

    label: str
    gpio: int


@dataclass(frozen=True)
class Board:
    """A board and all that is known of it."""

    id: str
    file: BoardFile
    chip: Chip
    image: Image
    radars: Mapping[str, Radar]

    @property
    def name(self) -> str:
        """As its maker calls it."""
        return self.file.name

    @property
    def flash(self) -> Flash:
        """How its flash is divided."""
        return self.file.flash

    @property
    def image_offset(self) -> int:
        """Where the MicroPython image is written."""
        return self.chip.bootloader_offset

    def pins(self, kind: Type) -> dict[str, Pin]:
        """What is where, by role, on a device of this kind; roles that are not there are left out.

        BoardError where the board cannot be such a device.
        """
        if kind not in self.file.may_be:
            raise BoardError(
                f"A {self.name} ({self.id}) cannot be a {kind}; "
                f"it may be a {' or a '.join(self.file.may_be)}."
            )
        return {
            role: Pin(label, self.file.gpio[label])
            for role, label in board_rules.labels(self.file, kind).items()
        }

    def settings(
        self, kind: Type, *, radar: str | None = None, battery: bool | None = None
    ) -> dict[str, int | str | bytes]:
        """The settings of a device of this kind that follow from the board, for its NVS.

        radar: a sensor's module, by default the board's first. battery: whether it runs on one,
        by default where a button can. BoardError where the board does not go with either.
        """
        pins = self.pins(kind)
        if battery is None:
            battery = kind == "button" and "battery" in self.file.power
        if battery and (kind == "sensor" or "battery" not in self.file.power):
            raise BoardError(
                f"A {kind} on a {self.name} ({self.id}) cannot run on a battery; feed it by USB."
            )
        cell = self.file.battery
        values: dict[str, int | str | bytes] = {
            "type": kind,
            "battery": int(battery),
            "light_kind": self.file.light_kind,
            "hold_low": bytes(self.file.gpio[label] for label in self.file.hold_low),
            **{
                f"pin_{role}": pins[role].gpio if role in pins else NO_PIN
                for role in ("button", "light", "sounder", "tamper", "battery")
            },
        }
        if cell:
            share = 100 * (cell.upper_kohm + cell.lower_kohm)
            values["battery_low_mv"] = cell.low_mv
            values["battery_x100"] = round(share / cell.lower_kohm)
        if kind == "sensor":
            values["radar"] = self._radar(radar)
            for role in ("radar_rx", "radar_tx", "radar_power", "door"):
                values[f"pin_{role}"] = pins[role].gpio if role in pins else NO_PIN
        return values

    def _radar(self, wanted: str | None) -> str:
        radar = wanted or self.file.radars[0]
        if radar not in self.file.radars:
            raise BoardError(
                f"A {self.name} ({self.id}) does not go with the radar {radar!r}; "
                f"it goes with {', '.join(self.file.radars)}."
            )
        return radar


def packed() -> Traversable:
    """The boards that come with Doorknock."""
    return resources.files("boards")


def ids(folder: Traversable | None = None) -> list[str]:
    """The boards there are."""
    folder = folder or packed()
    return sorted(one.name for one in folder.iterdir() if (one / "board.toml").is_file())


def load(board: str, folder: Traversable | None = None) -> Board:
    """The board of this id; BoardError where there is none, or its file cannot be right."""
    folder = folder or packed()
    if board not in ids(folder):
        raise BoardError(f"There is no board {board!r}; there are {', '.join(ids(folder))}.")
    path = folder / board / "board.toml"
    file = _read(BoardFile, _toml(path), path)
    return _checked(board, file, path, folder)


def every(folder: Traversable | None = None) -> list[Board]:
    """All of them, by id."""
    return [load(board, folder) for board in ids(folder)]


def by_usb(vendor: int, product: int, folder: Traversable | None = None) -> list[Board]:
    """The boards that a USB socket with these numbers may be; several makers share them."""
    wanted = f"{vendor:04X}:{product:04X}"
    return [board for board in every(folder) if wanted in board.file.usb.ids]


def by_chip(esptool: str, folder: Traversable | None = None) -> list[Board]:
    """The boards with this chip, by esptool's name of it ("esp32c3")."""
    return [board for board in every(folder) if board.chip.esptool == esptool]


def _checked(board: str, file: BoardFile, path: Traversable, folder: Traversable) -> Board:
    chips = _toml(_beside(folder, "chips.toml"))
    images = _toml(_beside(folder, "images.toml"))
    radars = _toml(_beside(folder, "radars.toml"))
    for key, name, known in (
        ("chip", file.chip, chips),
        ("image", file.image, images),
        *(("radars", radar, radars) for radar in file.radars),
    ):
        if name not in known:
            raise BoardError(f"{path}: {key}: there is no {name!r} in {', '.join(known)}.")
    chip = _read(Chip, chips[file.chip], _beside(folder, "chips.toml"), file.chip)
    image = _read(Image, images[file.image], _beside(folder, "images.toml"), file.image)
    modules = {
        radar: _read(Radar, radars[radar], _beside(folder, "radars.toml"), radar)
        for radar in file.radars
    }
    for problem in board_rules.problems(file, chip, image):
        raise BoardError(f"{path}: {problem}")
    return Board(board, file, chip, image, modules)


def _beside(folder: Traversable, name: str) -> Traversable:
    """A folder of one's own boards need not have its own facts about chips."""
    return folder / name if (folder / name).is_file() else packed() / name


def _toml(path: Traversable | Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BoardError(f"{path}: it cannot be read: {problem}.") from None


def _read(model: type[_Model], content: object, path: Traversable, key: str = "") -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as problems:
        first = problems.errors()[0]
        where = ".".join(str(part) for part in ((key,) if key else ()) + first["loc"])
        raise BoardError(f"{path}: {where}: {first['msg']}.") from None
