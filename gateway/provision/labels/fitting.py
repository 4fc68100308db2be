"""Text fits into its room, or it is refused: nothing is ever cut. Pure; lengths in points."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

# Between lines, in parts of the letters' size.
LEADING = 1.18
# What is tried between the largest and the smallest size.
_STEP_PT = 0.25

# (text, size) to its width.
Measure = Callable[[str, float], float]


@dataclass(frozen=True)
class Fitted:
    """Lines of one size that fit."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        """Of the whole block, from the top of the first line to the foot of the last."""
        return self.size * (1 + (len(self.lines) - 1) * LEADING)


def fit(
    text: str,
    measure: Measure,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    *,
    most_lines: int = 1,
) -> Fitted | None:
    """*text* as large as it goes into width and height, broken at spaces into most_lines at the
    most; None where it does not even fit in letters of the smallest size."""
    words = text.split()
    for size in _sizes(largest, smallest):
        lines = _broken(words, partial(_goes, measure, size, width))
        if lines is None or len(lines) > most_lines:
            continue
        fitted = Fitted(lines, size)
        if fitted.height <= height:
            return fitted
    return None


def _sizes(largest: float, smallest: float) -> Iterator[float]:
    size = largest
    while size > smallest:
        yield size
        size -= _STEP_PT
    yield smallest


def _goes(measure: Measure, size: float, width: float, line: str) -> bool:
    return measure(line, size) <= width


def _broken(words: Sequence[str], goes: Callable[[str], bool]) -> tuple[str, ...] | None:
    """The words in as few lines as they go into; None where one of them is too long for a line."""
    lines: list[str] = []
    for word in words:
        if lines and goes(f"{lines[-1]} {word}"):
            lines[-1] = f"{lines[-1]} {word}"
        elif goes(word):
            lines.append(word)
        else:
            return None
    return tuple(lines)
