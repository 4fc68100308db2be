"""A simulated room as the page draws it: m from the upper left corner, the door below.

The room's own coordinates begin at the wall with the door; here y is turned round, so that whoever
comes in walks up the page.
"""

import math
from collections.abc import Mapping
from typing import Any

# What places are drawn as; a bed is what the room says is one.
_CHAIRS = ("seat",)
_BED_M = (1.9, 0.9)
# Breath is seen so far on the radar's axis (datasheet of the MR60BHA1: 0.4 to 2 m, and we have
# seen it at 2.4); from the ceiling, what a half beam of 40 degrees covers at a chest's height.
_SEES_M = 2.4
_FROM_ABOVE_M = 1.2
_OVERHEAD_M = 0.1
_NOT_DRAWN = ("door", "middle")

Plan = dict[str, Any]


def floor_plan(layout: Mapping[str, Any], boards: list[Mapping[str, Any]]) -> Plan:
    """layout: of sim.rooms.room.Room; boards: those of this room, as a snapshot has them."""
    places = layout["places"]
    chair = next((places[name] for name in _CHAIRS if name in places), None)
    bed = next((place for place in places.values() if place["bed"]), None)
    others = [
        {**_turned(layout, place["x"], place["y"]), "kind": name}
        for name, place in places.items()
        if name not in (*_NOT_DRAWN, *_CHAIRS) and not place["bed"]
    ]
    others += [
        {**_turned(layout, thing["x"], thing["y"]), "kind": thing["kind"]}
        for thing in layout["things"]
    ]
    sensor = next((_sensor(layout, one["radar"]) for one in boards if one["radar"]), None)
    return {
        "width_m": layout["width_m"],
        "depth_m": layout["depth_m"],
        "door": _turned(layout, places["door"]["x"], places["door"]["y"]),
        "chair": chair and _turned(layout, chair["x"], chair["y"]),
        "bed": bed and _bed(layout, bed),
        "sensor": sensor,
        "button": _button(layout, sensor, boards),
        "others": others,
    }


def on_plan(layout: Mapping[str, Any], x: float, y: float) -> dict[str, float]:
    """A point of the room, as the page has it; and the other way round, which is the same."""
    return _turned(layout, x, y)


def _turned(layout: Mapping[str, Any], x: float, y: float) -> dict[str, float]:
    return {"x": round(x, 3), "y": round(layout["depth_m"] - y, 3)}


def _bed(layout: Mapping[str, Any], bed: Mapping[str, Any]) -> dict[str, float]:
    return {**_turned(layout, bed["x"], bed["y"]), "width_m": _BED_M[0], "depth_m": _BED_M[1]}


def _sensor(layout: Mapping[str, Any], radar: Mapping[str, Any]) -> Plan:
    (x, y, _), (to_x, to_y, _) = radar["at"], radar["looks_at"]
    at = _turned(layout, x, y)
    if math.hypot(to_x - x, to_y - y) < _OVERHEAD_M:
        return {**at, "facing_deg": 0, "beam_deg": 360, "range_m": _FROM_ABOVE_M}
    facing = math.degrees(math.atan2(y - to_y, to_x - x))
    return {**at, "facing_deg": round(facing), "beam_deg": 80, "range_m": _SEES_M}


def _button(
    layout: Mapping[str, Any], sensor: Plan | None, boards: list[Mapping[str, Any]]
) -> dict[str, float] | None:
    """Nobody says where a button hangs: here on the wall across from the sensor."""
    if all(one["board"] != "button" for one in boards):
        return None
    left = sensor is not None and sensor["x"] > layout["width_m"] / 2
    return {"x": 0.0 if left else layout["width_m"], "y": round(layout["depth_m"] * 0.8, 3)}
