"""Many devices from a CSV: a line a device. Pure.

    unit,type,board,first,ambulance,mode
    204,button,xiao-esp32c3,ana,never,
    WC 2,sensor,xiao-esp32c6-mr60bha2,team,10,washroom

Commas or semicolons, as spreadsheets write them. Other columns: radar, battery (yes or no), device
(the number of the board that it is to be), replace, and every setting that can be set from afar.
No secret is ever in it: not the key, which nobody needs to know, nor the Wi-Fi's password.
"""

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from doorknock import wire

from gateway.errors import DeviceError, GatewayError
from gateway.orders import BOUNDS
from gateway.provision.setup.trouble import Unfit
from gateway.provision.setup.wanted import (
    Wanted,
    read_ambulance,
    read_first,
    read_from_afar,
    read_type,
    read_unit,
)

T = TypeVar("T")

NEEDED = ("unit", "type", "board", "first", "ambulance")
OTHERS = ("radar", "battery", "device", "replace")
_SECRETS = ("secret", "key", "password", "wifi_key", "wifi_password", "psk")
_BATTERY = {"": None, "yes": True, "no": False}
# Of a file with a fault in each line one wants to see some, and not a thousand.
_PROBLEMS_SHOWN = 20


class BadTable(GatewayError):
    """The CSV cannot be used. problems: a sentence each, with file, line and column."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems[:_PROBLEMS_SHOWN]))
        self.problems = list(problems)


@dataclass(frozen=True)
class Line:
    """A line of the file. number: as an editor shows it. device: "" for whichever board comes."""

    number: int
    wanted: Wanted
    device: str = ""


@dataclass(frozen=True)
class Known:
    """What a line may name. people: id to name."""

    people: Mapping[str, str]
    boards: Collection[str]
    somebody_calls: bool


def read(name: str, content: bytes, known: Known) -> list[Line]:
    """The lines of the file *name*. Raises BadTable, with all that is wrong in it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadTable(
            [f"{name}, line {line}: this is not UTF-8; save it as CSV UTF-8, and use that."]
        ) from None
    # As Windows, and spreadsheets on older Macs, end a line.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    heading = text.split("\n", 1)[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        columns = [one.strip().lower() for one in next(rows, [])]
        # A spreadsheet writes columns in which a cell was once touched.
        while columns and not columns[-1]:
            columns.pop()
        _check_columns(name, columns)
        lines, problems = _read_rows(name, rows, columns, known)
    except csv.Error as error:
        raise BadTable(
            [f"{name}, line {rows.line_num}: it is no CSV here ({error}); look at its quotes."]
        ) from None
    if problems:
        raise BadTable(problems)
    if not lines:
        raise BadTable([f"{name}, line 2: there is no device in it; write a line for each."])
    return lines


def _check_columns(name: str, columns: list[str]) -> None:
    problems = []
    for column in columns:
        where = f"{name}, line 1, column {column}: "
        if column in _SECRETS:
            problems.append(
                where + "no secret belongs into this file; keys are made by the gateway, and the "
                "Wi-Fi's password is asked for: take the column out."
            )
        elif columns.count(column) > 1:
            problems.append(where + "it is there twice; take one out.")
        elif column not in (*NEEDED, *OTHERS, *BOUNDS):
            known = ", ".join((*NEEDED, *OTHERS, *BOUNDS))
            problems.append(where + f"there is no such column; there are {known}.")
    for column in NEEDED:
        if column not in columns:
            problems.append(f"{name}, line 1: the column {column} is missing; add it.")
    if problems:
        raise BadTable(list(dict.fromkeys(problems)))


def _read_rows(
    name: str, rows: Any, columns: list[str], known: Known
) -> tuple[list[Line], list[str]]:
    lines: list[Line] = []
    problems: list[str] = []
    devices: dict[str, int] = {}
    rooms: dict[str, Line] = {}
    for row in rows:
        number = rows.line_num
        if not any(cell.strip() for cell in row):
            continue
        if any(cell.strip() for cell in row[len(columns) :]):
            problems.append(
                f"{name}, line {number}, column {len(columns) + 1}: there are more cells than "
                "columns; put a text with a comma in it into quotes."
            )
            continue
        cells = dict.fromkeys(columns, "") | {
            column: cell.strip() for column, cell in zip(columns, row, strict=False)
        }
        line = _Reader(f"{name}, line {number}", cells, known, problems).line(number)
        if line is None:
            continue
        if line.device and line.device in devices:
            problems.append(
                f"{name}, line {number}, column device: {line.device} is in line "
                f"{devices[line.device]} already; a board is one device."
            )
        devices[line.device] = number
        problems += _two_answers(name, line, rooms.setdefault(line.wanted.unit, line))
        lines.append(line)
    return lines, problems


def _two_answers(name: str, line: Line, other: Line) -> list[str]:
    """Where two lines of one room answer differently: the answers are the room's, and of two nobody
    knows which one it gave."""
    differing = {
        "first": line.wanted.first != other.wanted.first,
        "ambulance": line.wanted.ambulance_min != other.wanted.ambulance_min,
    }
    return [
        f"{name}, line {line.number}, column {column}: line {other.number} says otherwise of "
        f"{line.wanted.unit}; a room gives one answer, whatever devices are in it."
        for column, differs in differing.items()
        if differs
    ]


class _Reader:
    """One row; what is wrong with it goes into `problems`."""

    def __init__(
        self, where: str, cells: Mapping[str, str], known: Known, problems: list[str]
    ) -> None:
        self._where = where
        self._cells = cells
        self._known = known
        self._problems = problems
        self._before = len(problems)

    def line(self, number: int) -> Line | None:
        cells, known = self._cells, self._known
        unit = self._try("unit", lambda: read_unit(cells["unit"]))
        if cells["board"] not in known.boards:
            self._wrong(
                "board", f"there is no {cells['board']!r}; write one of {', '.join(known.boards)}."
            )
        battery = cells.get("battery", "").lower()
        if battery not in _BATTERY:
            self._wrong("battery", f"write yes, no, or nothing, not {battery!r}.")
        kind = self._try("type", lambda: read_type(cells["type"].lower()))
        first = self._try("first", lambda: read_first(cells["first"], known.people))
        ambulance = self._try(
            "ambulance",
            lambda: read_ambulance(cells["ambulance"].lower(), somebody_calls=known.somebody_calls),
        )
        from_afar: dict[str, int | str] = {}
        for column in BOUNDS:
            if text := cells.get(column, ""):
                one = {column: text}
                value = self._try(column, partial(read_from_afar, kind or "sensor", one))
                from_afar |= value or {}
        device = self._id("device")
        replaces = self._id("replace")
        if len(self._problems) > self._before:
            return None
        wanted = Wanted(
            unit=unit or "",
            device_type=kind or "",
            board=cells["board"],
            first=first or (),
            ambulance_min=ambulance,
            radar=cells.get("radar", "").lower(),
            battery=_BATTERY[battery],
            from_afar=from_afar,
            replaces=replaces,
        )
        return Line(number, wanted, device)

    def _id(self, column: str) -> str:
        text = self._cells.get(column, "")
        try:
            return wire.device_id(text) if text else ""
        except ValueError:
            self._wrong(column, f"{text!r} is no device's number; write its 12 hex digits.")
            return ""

    def _try(self, column: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (Unfit, DeviceError) as wrong:
            self._wrong(column, str(wrong))
            return None

    def _wrong(self, column: str, why: str) -> None:
        self._problems.append(f"{self._where}, column {column}: {why}")


def left(lines: Sequence[Line], ready: Sequence[tuple[str, Wanted]]) -> list[Line]:
    """The lines for which there is no device yet. ready: (device, what it was set up as); each
    counts for one line."""
    there = list(ready)
    remaining = []
    for line in lines:
        match = next(
            (one for one in there if one[1] == line.wanted and line.device in ("", one[0])),
            None,
        )
        if match is None:
            remaining.append(line)
        else:
            there.remove(match)
    return remaining


def line_for(device: str, remaining: Sequence[Line], begun: Mapping[str, Wanted]) -> Line | None:
    """The line that this board is for: its own, then the one that it was begun for, then the
    first that wants no board in particular and that no other board was begun for."""
    for line in remaining:
        if line.device == device:
            return line
    free = [line for line in remaining if not line.device]
    for line in free:
        if begun.get(device) == line.wanted:
            return line
    others = [wanted for one, wanted in begun.items() if one != device]
    for line in free:
        if line.wanted in others:
            others.remove(line.wanted)
            continue
        return line
    # Its board is lost, perhaps; better this one than none.
    return free[0] if free else None
