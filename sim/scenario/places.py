"""The rooms of a scenario, as they are described or as they usually are."""

from sim.rooms.placement import Placement
from sim.rooms.room import Room
from sim.rooms.things import Curtain, Fan, Pet
from sim.rooms.usual import ROOMS
from sim.scenario.format import BoardSpec, Scenario
from sim.scenario.format import Room as RoomSpec

_THINGS = {"fan": Fan, "curtain": Curtain, "pet": Pet}


def rooms_of(scenario: Scenario) -> dict[str, Room]:
    """Each unit's room, still empty."""
    described = {room.unit: room for room in scenario.rooms}
    return {unit: _room(scenario, unit, described.get(unit)) for unit in scenario.units}


def _room(scenario: Scenario, unit: str, spec: RoomSpec | None) -> Room:
    washroom = any(board.unit == unit and board.mode == "washroom" for board in scenario.boards)
    kind = (spec.kind if spec else None) or ("washroom" if washroom else "bedroom")
    room = ROOMS[kind](unit, clutter=spec.clutter if spec else 0.25)
    for thing in spec.things if spec else ():
        # ValueError, one sentence, for a place that is not in the room.
        room.spot((thing.x, thing.y))
        room.things.append(_THINGS[thing.kind](thing.x, thing.y))
    return room


def placement_of(spec: BoardSpec, room: Room) -> Placement:
    """Where a sensor hangs. ValueError, one sentence, where there is no such place."""
    place = spec.looks_at or ("bed" if "bed" in room.places else "seat")
    room.spot(place)
    return room.overhead(place) if spec.overhead else room.on_wall(place)
