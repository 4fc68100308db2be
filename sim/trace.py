"""Reads recordings: CSV, `# key: value` lines first, then a header, then a sample a line.

Breathing tier: t_ms, phase_mrad, amplitude, range_cm, present. Presence tier: t_ms, state,
move_cm, move_energy, still_cm, still_energy, m0 … m8, s0 … s8. Time rises. What is measured may
have decimals, as programs write it, and is taken to the nearest whole.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sim.radars.ld2410 import Ld2410, Report
from sim.radars.mr60 import Mr60

BREATHING_HEADER = ("t_ms", "phase_mrad", "amplitude", "range_cm", "present")
PRESENCE_HEADER = (
    *("t_ms", "state", "move_cm", "move_energy", "still_cm", "still_energy"),
    *(f"m{gate}" for gate in range(9)),
    *(f"s{gate}" for gate in range(9)),
)

# 31 days: whatever is longer is a mistake in the unit of t_ms.
LONGEST_MS = 31 * 86_400_000

# What a frame can carry, both ends, by column. The phase: what the float decodes to exactly.
_BOUNDS: dict[str, tuple[int, int]] = {
    "t_ms": (0, LONGEST_MS),
    "phase_mrad": (-500_000_000, 500_000_000),
    "amplitude": (0, 1 << 31),
    "range_cm": (-1, 2000),
    "present": (0, 1),
    "state": (0, 3),
    "move_cm": (0, 1000),
    "still_cm": (0, 1000),
}
_ENERGY = (0, 100)
# Of these a half is a mistake, not a measurement.
_WHOLE = ("present", "state")
# So much of what is wrong is quoted: a file of another kind may be one line of megabytes.
_QUOTED = 80


class TraceError(Exception):
    """The trace cannot be read. `str()` is one sentence: what, in which file and line."""


@dataclass
class Trace:
    """A recording. rows: whole numbers in the order of its header; notes: its `#` lines."""

    name: str
    tier: str
    rows: list[tuple[int, ...]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def length_ms(self) -> int:
        """From the first sample to the last."""
        return self.rows[-1][0] - self.rows[0][0] if self.rows else 0


def read(path: Path) -> Trace:
    """The trace in this file. Raises TraceError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise TraceError(f"The trace {path} cannot be opened: {reason}.") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"The trace {path} is not text in UTF-8: a trace is CSV.") from error
    return parse(lines, str(path))


def parse(lines: list[str], name: str) -> Trace:
    """The trace in these lines; name is what errors call it. Raises TraceError."""
    trace = Trace(name, "")
    header: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if text.startswith("#"):
            key, _, value = text.lstrip("# ").partition(":")
            trace.notes[key.strip()] = value.strip()
        elif not header:
            header = _header(text, name, number)
            trace.tier = "breathing" if header == BREATHING_HEADER else "presence"
        else:
            row = _row(text, header, name, number)
            if trace.rows and row[0] <= trace.rows[-1][0]:
                raise TraceError(
                    f"{name}, line {number}: t_ms {row[0]} does not come after "
                    f"{trace.rows[-1][0]}; samples must be in order of time."
                )
            trace.rows.append(row)
    if not header:
        raise TraceError(f"{name} has no header line: it should read {','.join(BREATHING_HEADER)}.")
    if not trace.rows:
        raise TraceError(f"{name} has a header and no samples.")
    return trace


def _header(text: str, name: str, number: int) -> tuple[str, ...]:
    header = tuple(column.strip() for column in text.split(","))
    if header not in (BREATHING_HEADER, PRESENCE_HEADER):
        raise TraceError(
            f"{name}, line {number}: the header is {_quoted(text)}, and should be "
            f"{','.join(BREATHING_HEADER)} or {','.join(PRESENCE_HEADER)}."
        )
    return header


def _row(text: str, header: tuple[str, ...], name: str, number: int) -> tuple[int, ...]:
    parts = text.split(",")
    if len(parts) != len(header):
        raise TraceError(
            f"{name}, line {number}: {len(parts)} values where the header has {len(header)}."
        )
    values = []
    for column, part in zip(header, parts, strict=True):
        try:
            value = _number(column, part)
        except ValueError as error:
            raise TraceError(
                f"{name}, line {number}: {column} is {_quoted(part.strip())}, {error}."
            ) from None
        low, high = _BOUNDS.get(column, _ENERGY)
        if not low <= value <= high:
            raise TraceError(
                f"{name}, line {number}: {column} is {value}, outside {low} to {high}."
            )
        values.append(value)
    return tuple(values)


def _number(column: str, text: str) -> int:
    """What this says, to the nearest whole. Raises ValueError: what it is not."""
    try:
        return int(text)
    except ValueError:
        pass  # with decimals, or not at all
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("not a number")
    if column in _WHOLE and not value.is_integer():
        raise ValueError("not a whole number")
    return round(value)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _QUOTED else text[:_QUOTED] + "…")


def samples(trace: Trace) -> Iterator[tuple[int, bytes]]:
    """(ms since the first sample, the bytes that the module sends then), for each sample."""
    start = trace.rows[0][0]
    if trace.tier == "breathing":
        radar = Mr60()
        for t_ms, phase_mrad, _, _, present in trace.rows:
            yield t_ms - start, radar.sample(phase_mrad / 1000, bool(present))
        return
    presence = Ld2410(in_engineering=True)
    for t_ms, state, move_cm, move_energy, still_cm, still_energy, *gates in trace.rows:
        report = Report(state, move_cm, move_energy, still_cm, still_energy, gates[:9], gates[9:])
        yield t_ms - start, presence.sample(report)
