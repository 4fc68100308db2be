"""The chips as data: what each pin can do (boards/chips.toml), and MicroPython for each of them."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _numbers(value: object) -> object:
    """[0, "2-4"] as {0, 2, 3, 4}; anything else is left to pydantic to refuse."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    found: set[object] = set()
    for one in value:
        first, dash, last = str(one).partition("-")
        if first.isdigit() and (last.isdigit() or not dash):
            found |= set(range(int(first), int(last or first) + 1))
        else:
            found.add(one)
    return found


Numbers = Annotated[frozenset[int], BeforeValidator(_numbers)]
Level = Literal["high", "low", "any"]
Wake = Literal["ext0", "ext1", "gpio"]


class Facts(BaseModel):
    """What all data about boards have in common: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Chip(Facts):
    """What a chip can do with its pins; the keys are explained in boards/chips.toml."""

    name: str
    esptool: str
    source: str
    gpio: Numbers
    input_only: Numbers
    taken: dict[int, str]
    strapping: dict[int, Level]
    adc1: Numbers
    wake: Numbers
    wake_by: tuple[Wake, ...] = Field(min_length=1)
    uarts: Numbers
    # Where the published MicroPython image is written, in bytes from the start of the flash.
    bootloader_offset: int = Field(ge=0)


class Image(Facts):
    """A published MicroPython release for a board.

    sha256: what it must have; None where nobody has pinned it yet: docs/boards.md, "The image".
    """

    version: str = Field(pattern=r"^1\.(29|[3-9]\d)\.\d+$")
    url: str = Field(pattern=r"^https://micropython\.org/resources/firmware/[\w.-]+\.bin$")
    page: str = Field(pattern=r"^https://micropython\.org/download/\w+/$")
    bytes: int | None = Field(default=None, gt=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")

    @property
    def file_name(self) -> str:
        """What the file is called, where it is published and where it is kept."""
        return self.url.rpartition("/")[2]


class Radar(Facts):
    """A radar module: what feeds it, what it sees and where it hangs, in words for staff."""

    name: str
    supply: Literal["5V", "3V3"]
    tier: str
    mounting: str = Field(min_length=40)
