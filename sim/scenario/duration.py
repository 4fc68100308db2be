"""Lengths of time as people write them: "45 s", "1 min 30 s", "8 h"."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_MS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART = r"(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)"
_WHOLE = re.compile(rf"\s*{_PART}(?:\s+{_PART})*\s*")
_ANY = re.compile(_PART)
# Nobody simulates longer, and a typing error of one key may ask for it.
LONGEST_MS = 31 * _MS["d"]
HOW = 'write a number and ms, s, min, h or d, such as "45 s" or "1 min 30 s"'


def milliseconds(text: object) -> int:
    """The length in ms, 0 … LONGEST_MS. ValueError in a sentence for anything else."""
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(f"{text!r} is no length of time: {HOW}")
    if text.strip().startswith("-"):
        raise ValueError(f"{text!r} is negative: a time cannot be")
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no length of time: {HOW}")
    total = sum(float(number) * _MS[unit] for number, unit in _ANY.findall(text))
    # Before it is rounded: digits enough make it infinite.
    if total > LONGEST_MS:
        raise ValueError(f"{text[:40]!r} is more than the 31 d that a scenario may last")
    return round(total)


def words(ms: float) -> str:
    """A length for a person to read: "850 ms", "12.3 s", "2 min 5 s", "8 h"."""
    if ms < 0:
        return "-" + words(-ms)
    if ms < 1_000:
        return f"{ms:.0f} ms" if ms else "0 s"
    if ms < 60_000:
        return f"{ms / 1000:.1f}".removesuffix(".0") + " s"
    seconds = round(ms / 1000)
    parts = [(seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def clock(t_ms: float) -> str:
    """h:mm:ss.s since the world began."""
    minutes, rest = divmod(round(t_ms), 60_000)
    return f"{minutes // 60:3d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000 // 100}"


Duration = Annotated[
    int,
    BeforeValidator(milliseconds),
    PlainSerializer(words, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^\s*{_PART}(\s+{_PART})*\s*$",
            "examples": ["45 s", "1 min 30 s", "8 h"],
        }
    ),
]
