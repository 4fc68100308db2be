"""A room: its walls, its door, its places, what stands and moves in it, and who is there.

x runs along the width from the left wall, y along the depth from the wall with the door, z from
the floor, all in m. A radar asks a room for the returns at many moments; what is asked for lies
between two doings, so that nothing changes within it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.people.chest import Floats
from sim.people.doings import Where
from sim.people.path import BED_M
from sim.people.person import Person
from sim.rooms.placement import Placement
from sim.rooms.things import Curtain, Fan, Pet, Return

# A thin wall of plasterboard, 7 dB each way: a fifth of the amplitude (assumption).
THIN_WALL = 0.2
# At 24 GHz it lets more through: of what a person would show (assumption).
_THROUGH_WALL = 0.6
# Through brick or concrete nothing comes that a module shows.
_SMALLEST_M, _LARGEST_M = 0.8, 20.0


@dataclass(frozen=True)
class Place:
    """Where somebody can be; bed: one lies high there."""

    x: float
    y: float
    bed: bool = False


class Room:
    """One room. clutter: 0 … 1, how much of what an LD2410 shows empty is here."""

    def __init__(
        self,
        name: str = "room",
        *,
        width_m: float = 3.0,
        depth_m: float = 3.0,
        height_m: float = 2.4,
        door: tuple[float, float] | None = None,
        places: Mapping[str, Place] | None = None,
        clutter: float = 0.25,
        things: Iterable[Fan | Curtain | Pet] = (),
    ) -> None:
        for what, size in (("width", width_m), ("depth", depth_m), ("height", height_m)):
            if not _SMALLEST_M <= size <= _LARGEST_M:
                raise ValueError(
                    f"Room {name}: the {what} is {size:g} m, and must be "
                    f"{_SMALLEST_M:g} to {_LARGEST_M:g} m."
                )
        if not 0 <= clutter <= 1:
            raise ValueError(f"Room {name}: clutter is {clutter:g}, and must be 0 to 1.")
        self.name = name
        self.width_m, self.depth_m, self.height_m = width_m, depth_m, height_m
        self.clutter = clutter
        middle = Place(width_m / 2, depth_m / 2)
        at_door = door if door is not None else (width_m / 2, 0.0)
        self.places = {"door": Place(*at_door), "middle": middle, **(places or {})}
        for called, place in self.places.items():
            if self.inside(place.x, place.y) != (place.x, place.y):
                raise ValueError(
                    f"Room {name}: {called} at ({place.x:g}, {place.y:g}) is outside its walls "
                    f"of {width_m:g} by {depth_m:g} m."
                )
        self.things = list(things)
        self.people: list[Person] = []
        self.neighbours: list[tuple[Person, float]] = []
        self._changes = 0

    # --- who and what ---------------------------------------------------------------------------

    def add(self, person: Person) -> Person:
        """This person lives here. ValueError when their plan names a place that is not there."""
        person.in_room(self)
        self.people.append(person)
        self._changes += 1
        return person

    def add_neighbour(
        self, person: Person, at: tuple[float, float], *, wall: float = THIN_WALL
    ) -> Person:
        """Somebody behind a thin wall, at this place of our own coordinates."""
        person.in_room(_Beyond(at))
        self.neighbours.append((person, wall))
        self._changes += 1
        return person

    def changed(self) -> None:
        """A thing was switched, moved or taken away: what was looked ahead at is void."""
        self._changes += 1

    @property
    def version(self) -> int:
        """Rises with every change and every live doing."""
        everybody = [*self.people, *(one for one, _ in self.neighbours)]
        return self._changes + sum(person.version for person in everybody)

    @property
    def next_s(self) -> float:
        """When the next doing of any plan is due, s; inf: never."""
        everybody = [*self.people, *(one for one, _ in self.neighbours)]
        return min((person.next_s for person in everybody), default=math.inf)

    def lay(self, until_s: float) -> None:
        """Everybody does what their plans have up to then."""
        for person in (*self.people, *(one for one, _ in self.neighbours)):
            person.lay(until_s)

    # --- where ----------------------------------------------------------------------------------

    def spot(self, where: Where) -> tuple[float, float]:
        """The place of this name, or this point; ValueError when there is none."""
        if isinstance(where, str):
            if where not in self.places:
                known = ", ".join(self.places)
                raise ValueError(f"room {self.name} has no place {where!r}; it has {known}.")
            return self.places[where].x, self.places[where].y
        if self.inside(*where) != tuple(where):
            raise ValueError(
                f"({where[0]:g}, {where[1]:g}) is outside room {self.name}, which is "
                f"{self.width_m:g} by {self.depth_m:g} m."
            )
        return where

    def is_bed(self, where: Where) -> bool:
        """Whether one lies high there."""
        return isinstance(where, str) and where in self.places and self.places[where].bed

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """The point, or the nearest one within the walls."""
        return min(max(x, 0.0), self.width_m), min(max(y, 0.0), self.depth_m)

    def on_wall(self, place: str) -> Placement:
        """A radar on a wall, as it is usually put up, that looks at this place.

        For a bed on the nearest wall at 1.3 m, turned down to the bed. For a seat flat on the
        nearer side wall at 1.1 m, 0.3 m towards the door, so that whoever comes or goes walks
        through the beam.
        """
        spot = self.places[place]
        if spot.bed:
            walls = [
                (spot.x, (0.0, spot.y)),
                (self.width_m - spot.x, (self.width_m, spot.y)),
                (self.depth_m - spot.y, (spot.x, self.depth_m)),
            ]
            x, y = min(walls)[1]
            return Placement((x, y, 1.3), (spot.x, spot.y, BED_M))
        x = 0.0 if spot.x <= self.width_m / 2 else self.width_m
        y = max(spot.y - 0.3, 0.0)
        return Placement((x, y, 1.1), (self.width_m / 2, y, 1.1))

    def overhead(self, place: str) -> Placement:
        """A radar on the ceiling above this place, that looks straight down."""
        spot = self.places[place]
        return Placement((spot.x, spot.y, self.height_m), (spot.x, spot.y, 0.0))

    def layout(self) -> dict[str, Any]:
        """Walls, door, places and things as plain data, m."""
        return {
            "name": self.name,
            "width_m": self.width_m,
            "depth_m": self.depth_m,
            "height_m": self.height_m,
            "places": {
                called: {"x": place.x, "y": place.y, "bed": place.bed}
                for called, place in self.places.items()
            },
            "things": [
                {"kind": type(thing).__name__.lower(), "x": thing.x, "y": thing.y}
                for thing in self.things
            ],
        }

    # --- what comes back ------------------------------------------------------------------------

    def returns(self, times: Floats) -> list[Return]:
        """Of everybody and everything that moves, at these rising times (s)."""
        found = [_of(person, times, 1.0) for person in self.people]
        found += [_of(person, times, wall) for person, wall in self.neighbours]
        return found + [thing.returns(times) for thing in self.things]


def _of(person: Person, times: Floats, strength: float) -> Return:
    seen = person.seen(times)
    return Return(
        *(person.name, seen.where, seen.here, seen.walks, seen.moves, seen.breathes, seen.mm),
        strength,
        presence=1.0 if strength == 1.0 else _THROUGH_WALL,
        stops=seen.stops,
        stands=seen.stands,
        sleeps=seen.sleeps,
    )


class _Beyond:
    """The other side of a thin wall: one place, whatever it is called, and a door 2 m from it."""

    def __init__(self, at: tuple[float, float]) -> None:
        self._at = at

    def spot(self, where: Where) -> tuple[float, float]:
        if where == "door":
            return self._at[0] + 2.0, self._at[1]
        return self._at if isinstance(where, str) else where

    def is_bed(self, where: Where) -> bool:
        return where == "bed"

    def inside(self, x: float, y: float) -> tuple[float, float]:
        return x, y
