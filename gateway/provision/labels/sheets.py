"""Label paper as data (sheets.toml), and where the labels are on it. Lengths in mm."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway.errors import LabelError

_FILE = Path(__file__).with_name("sheets.toml")
# No printer and no maker of paper is better than that.
_TOLERANCE_MM = 0.05


@dataclass(frozen=True)
class Sheet:
    """A paper with labels on it. page, label: (width, height). corner: of the first label, from
    the page's left and top edges. pitch: to the next label, to the right and down."""

    name: str
    title: str
    page: tuple[float, float]
    label: tuple[float, float]
    columns: int
    rows: int
    corner: tuple[float, float]
    pitch: tuple[float, float]

    def __post_init__(self) -> None:
        for axis, number in ((0, self.columns), (1, self.rows)):
            end = self.corner[axis] + (number - 1) * self.pitch[axis] + self.label[axis]
            crowded = number > 1 and self.pitch[axis] < self.label[axis] - _TOLERANCE_MM
            if min(self.corner[axis], self.label[axis], number) <= 0 or crowded:
                raise LabelError(f"The labels of {self.name} lie over each other; correct it.")
            if end > self.page[axis] + _TOLERANCE_MM:
                raise LabelError(f"The labels of {self.name} go beyond the page; correct it.")

    @property
    def places(self) -> int:
        """How many labels there are on one page."""
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """The left and top edge of a page's label, from the page's; number: 1 is the first, then
        to the right, then down."""
        row, column = divmod(number - 1, self.columns)
        return self.corner[0] + column * self.pitch[0], self.corner[1] + row * self.pitch[1]

    def deal(self, labels: int, start: int) -> Iterator[tuple[int, int]]:
        """(page, place) of each of so many labels; the first page begins at *start*, because
        those before it were used up. Raises LabelError where it has no such place."""
        if not 1 <= start <= self.places:
            raise LabelError(
                f"A sheet of {self.name} has the places 1 to {self.places}, not {start}; count "
                "from the top left, to the right."
            )
        for number in range(start - 1, start - 1 + labels):
            page, place = divmod(number, self.places)
            yield page, place + 1


@cache
def sheets() -> dict[str, Sheet]:
    """Every paper that we know, by name."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: Sheet(
            name,
            one["title"],
            (one["page"][0], one["page"][1]),
            (one["label"][0], one["label"][1]),
            one["columns"],
            one["rows"],
            (one["corner"][0], one["corner"][1]),
            (one["pitch"][0], one["pitch"][1]),
        )
        for name, one in found.items()
    }


def sheet(name: str) -> Sheet:
    """The paper of this name. Raises LabelError, which names those that there are."""
    found = sheets().get(name)
    if found is None:
        raise LabelError(f"There is no paper {name!r}; there are {', '.join(sheets())}.")
    return found
