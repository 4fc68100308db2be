"""Turns what boards and the building tell into records: one language for all that is seen."""

import re
from collections.abc import Mapping
from typing import Any

from sim.devices.board_line import BoardLine
from sim.scenario.errors_logged import LEVELS
from sim.scenario.record import Record

_MADE = "event "
_LINK = re.compile(r"https?://\S+")
# Of a building's record, what a record has in a place of its own, and what is nobody's business:
# a link in a message is a key to the pages.
_ELSEWHERE = frozenset({"t_ms", "event", "device", "unit", "boot", "seq", "link", "alert"})


def of_board(t_ms: int, name: str, unit: str, line: BoardLine) -> Record | None:
    """What a board did, or None for what nobody needs: its light's blinking, its radar's bytes."""

    def seen(event: str, **data: Any) -> Record:
        return Record(t_ms, name, event, data, unit)

    match line.what:
        case "light" | "sound" | "crash" | "asleep" | "off" | "reset" | "hangs":
            return seen(line.what, **line.data)
        case "power":
            return seen("start", **line.data)
        case "pin" if line.data["name"] == "radar_power":
            return seen("radar_power", on=bool(line.data["level"]))
        case "log" if str(line.data["text"]).startswith(_MADE):
            _, kind, identity = str(line.data["text"]).split()
            return seen("made", kind=kind, id=identity)
        case "log":
            return seen("log", **line.data)
    return None


def of_building(told: Mapping[str, Any], board: str, units: list[str]) -> Record:
    """What gateway, backend, or a phone told. board: the name of the board it is about, or ""."""
    event = str(told["event"])
    data = {key: value for key, value in told.items() if key not in _ELSEWHERE}
    if "kind" in data:
        data = {"kind": data.pop("kind"), **data}
    unit = str(told.get("unit") or "")
    where = "gateway"
    if "boot" in told:
        data = {**data, "id": f"{told['boot']}.{told['seq']}"}
    if board:
        data = {"board": board, **data}
    match event:
        case "message":
            # A link is a way in, and no two runs should be told apart by it.
            data["text"] = " ".join(_LINK.sub("", str(data["text"])).split())
            where, unit = "phone", _unit_in(str(told["title"]), units)
        case "alert":
            where = "backend"
            data["urgency"] = data.pop("kind")
        case "accepted":
            where = "backend"
        case "says":
            event = "warning"
            level = {"level": data["level"]} if data["level"] in LEVELS else {}
            data = {**level, "text": _sentence(data)}
    return Record(int(told["t_ms"]), where, event, _plain(data), unit)


def _unit_in(title: str, units: list[str]) -> str:
    """The unit that a message is about: the longest name that is in its title."""
    return max((unit for unit in units if unit in title), key=len, default="")


def _sentence(data: Mapping[str, Any]) -> str:
    details = [f"{key} {value}" for key, value in data.items() if key not in ("level", "words")]
    return "; ".join([str(data["words"]), *details])


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as texts: a record is one line."""
    return {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        for key, value in data.items()
    }
