"""How everything in a world is at one moment, as plain data: what a page draws, ten times a second.

{"t_ms": …,
 "rooms":  {unit: {…layout of the room…, "people": [PersonState as a dictionary], …}},
 "boards": [{"name", "unit", "board", "state", "light", "sounding", "look", "radar"}],
 "alerts": {unit: {"state", "urgency", "attending", …}},
 "phones": {person: [{"t_ms", "title", "text"}]}}
"""

from dataclasses import asdict
from typing import Any

from sim.scenario.cast import Cast, Device
from sim.scenario.record import Records

# A phone's screen holds no more.
_MESSAGES = 20


def snapshot(now_ms: int, cast: Cast, records: Records) -> dict[str, Any]:
    """See above. No time passes, and nothing changes."""
    alerts: dict[str, dict[str, Any]] = {}
    for record in records.all:
        if record.event == "alert":
            alerts[record.unit] = dict(record.data)
    return {
        "t_ms": now_ms,
        "rooms": {unit: _room(cast, unit, now_ms) for unit in cast.rooms},
        "boards": [_board(device, records) for device in cast.devices.values()],
        "alerts": alerts,
        "phones": {
            person: [
                {"t_ms": message.t_ms, "title": message.title, "text": message.text}
                for message in cast.building.phones.of(person)[-_MESSAGES:]
            ]
            for person in cast.building.responders
        },
    }


def _room(cast: Cast, unit: str, now_ms: int) -> dict[str, Any]:
    room = cast.rooms[unit]
    return {
        **room.layout(),
        "people": [asdict(person.state(now_ms)) for person in room.people],
        "neighbours": [asdict(person.state(now_ms)) for person, _ in room.neighbours],
    }


def _board(device: Device, records: Records) -> dict[str, Any]:
    seen = {"light": "none", "hz": 0}
    for record in reversed(records.all):
        if record.device == device.name and record.event == "light":
            seen["light"] = record.data["state"]
            break
    for record in reversed(records.all):
        if record.device == device.name and record.event == "sound":
            seen["hz"] = record.data["hz"]
            break
    placement = device.placement
    return {
        "name": device.name,
        "unit": device.spec.unit,
        "board": device.spec.board,
        "state": device.board.state.value,
        "light": seen["light"],
        "hz": seen["hz"],
        "look": device.board.look(),
        "radar": None
        if placement is None
        else {"kind": device.spec.radar, "at": placement.at, "looks_at": placement.looks_at},
    }
