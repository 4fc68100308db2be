"""What somebody at the page can do, as what a scenario can do: acts in, actions and doings out."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from pydantic import ValidationError

from sim.building.way import Air
from sim.people.condition import ImpossibleError, Posture
from sim.people.person import Person
from sim.scenario.world import World
from sim.studio.floor_plan import on_plan
from sim.studio.world import ImpossibleAct
from sim.virtual.life import State

# Under 8 a minute the sensor asks, under 30 % of somebody's own size too (docs/detector.md).
_SLOW_A_MINUTE = 6.0
_WEAK_DEPTH = 0.2
_CHANGES_WITHIN = "15 s"
_COMES_BACK_WITHIN = "5 s"
# Longer than the sensor waits before it asks: one sees it ask, and take the question back.
_HELD_S = 30
_HOLD_FOR = "2500 ms"
# As a scenario says that a part is broken, and that it is mended.
_BREAKS = {
    "wifi": ("access_point", "off", "on"),
    "broker": ("broker", "down", "up"),
    "gateway": ("gateway", "down", "up"),
    "radar": ("radar", "silent", "well"),
}


class Acts:
    """Acts upon one room of a world. tell: takes news of what was done that nobody else tells."""

    def __init__(self, world: World, unit: str, tell: Callable[..., None]) -> None:
        self._world = world
        self._unit = unit
        self._tell = tell
        self._room = world.cast.rooms[unit]
        self._people = {one.name: one for one in self._room.people}
        self._devices = {
            name: one for name, one in world.cast.devices.items() if one.spec.unit == unit
        }
        self._radar_works = True
        self._held_until_ms: dict[str, int] = {}

    def way(self) -> dict[str, bool]:
        """Which parts of the way work."""
        building = self._world.cast.building
        way = {
            "wifi": building.way.main.air is Air.ON,
            "broker": building.broker.running,
            "gateway": building.gateway.running,
        }
        if any(one.radar for one in self._devices.values()):
            way["radar"] = self._radar_works
        return way

    def holds_breath(self, name: str) -> bool:
        """Whether this person does, because the page asked them to."""
        doing = self._people[name].state(self._world.loop.now_ms).doing
        until_ms = self._held_until_ms.get(name, 0)
        return doing == "hold_breath" and self._world.loop.now_ms < until_ms

    def act(self, act: Mapping[str, Any]) -> None:
        """See StudioWorld.act."""
        match act:
            case {"what": "press", "device": str() as name, "press": "1" | "2" | "hold" as how}:
                self._press(name, how)
            case {"what": "plug_out" | "plug_in" as what, "device": str() as name}:
                self._plug(name, into=what == "plug_in")
            case {"what": "break" | "mend" as what, "part": str() as part} if part in _BREAKS:
                self._break(part, broken=what == "break")
            case {"what": "on_my_way" | "arrived" | "done" as what, "person": str() as name}:
                self._respond(name, what)
            case {"what": str() as what, "person": str() as name} if name in self._people:
                self._person(self._people[name], what, act)
            case _:
                raise ValueError(f"no such act: {act!r}")

    def _press(self, name: str, how: str) -> None:
        if name not in self._devices:
            raise ValueError(f"no device {name!r}")
        device = self._devices[name]
        if device.board.state is State.OFF:
            raise ImpossibleAct("why_no_power")
        press: dict[str, Any] = {"do": "press", "board": name}
        press |= {"hold": _HOLD_FOR} if how == "hold" else {"taps": int(how)}
        self._tell("pressed_b" if device.spec.board == "sensor" else "pressed")
        self._world.act(press)

    def _plug(self, name: str, *, into: bool) -> None:
        if name not in self._devices:
            raise ValueError(f"no device {name!r}")
        if into is (self._devices[name].board.state is not State.OFF):
            return
        self._world.act({"do": "power", "board": name, "to": "on" if into else "off"})

    def _break(self, part: str, *, broken: bool) -> None:
        do, breaks, mends = _BREAKS[part]
        if self.way().get(part) is not broken:
            return
        action = {"do": do, "to": breaks if broken else mends}
        if part == "radar":
            sensors = [name for name, one in self._devices.items() if one.radar]
            action["board"] = sensors[0]
            self._radar_works = not broken
        self._world.act(action)
        self._tell("broken" if broken else "mended", part=part)

    def _respond(self, name: str, what: str) -> None:
        if name not in self._world.cast.building.responders:
            raise ValueError(f"no responder {name!r}")
        self._world.act({"do": "respond", "who": name, "unit": self._unit, "what": what})

    def _person(self, person: Person, what: str, act: Mapping[str, Any]) -> None:
        doing = self._doing(person, what, act)
        try:
            self._world.act(doing, person.name)
        except ImpossibleError:
            raise ImpossibleAct(_why(person)) from None
        except ValidationError as error:
            raise ValueError(str(error)) from None

    def _doing(self, person: Person, what: str, act: Mapping[str, Any]) -> dict[str, Any]:
        """The doing, as a scenario writes it."""
        state = person.state(self._world.loop.now_ms)
        match what:
            case "move":
                x, y = act.get("x"), act.get("y")
                if not (_is_number(x) and _is_number(y)):
                    raise ValueError("a move is to a number x and a number y")
                to = on_plan(self._room.layout(), x, y)
                return {"do": "move", "to": self._room.inside(to["x"], to["y"])}
            case "sit" if "seat" not in self._room.places:
                raise ImpossibleAct("why_no_place")
            case "lie" if "bed" not in self._room.places:
                # Where there is no bed people lie down on the floor, where they are.
                return {"do": "lie", "to": self._room.inside(state.x, state.y)}
            case "enter" | "sit" | "lie" | "sleep" | "leave" | "stop_breathing" | "collapse":
                return {"do": what}
            case "breathe" if not state.conscious or not person.condition.breathing:
                return {"do": "revive"}
            case "breathe":
                rate = person.breath.rate
                return {"do": "breathe", "rate": rate, "depth": 1, "over": _COMES_BACK_WITHIN}
            case "slower":
                return {"do": "breathe", "rate": _SLOW_A_MINUTE, "over": _CHANGES_WITHIN}
            case "weaker":
                return {"do": "breathe", "depth": _WEAK_DEPTH, "over": _CHANGES_WITHIN}
            case "hold_breath":
                self._held_until_ms[person.name] = self._world.loop.now_ms + 1000 * _HELD_S
                return {"do": "hold_breath", "lasts": f"{_HELD_S} s"}
        raise ValueError(f"nobody does {what!r}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _why(person: Person) -> str:
    condition = person.condition
    if condition.posture is Posture.AWAY:
        return "why_nobody_inside"
    if not condition.conscious:
        return "why_unconscious"
    return "why_not_now"
