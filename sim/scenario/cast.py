"""Makes what a scenario names: rooms, people, boards with their radars, those who respond."""

import hashlib
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.building.building import Building
from sim.building.releases import key
from sim.devices.board_line import BoardLine
from sim.people.person import Person
from sim.radars.breathing import BreathingRadar
from sim.radars.presence import PresenceRadar
from sim.rooms.placement import Placement
from sim.rooms.room import Room
from sim.scenario import actions
from sim.scenario.format import BoardSpec, Responder, Scenario
from sim.scenario.places import placement_of, rooms_of
from sim.scenario.sense import plan_of
from sim.virtual.battery import Battery
from sim.virtual.board import VirtualBoard
from sim.virtual.loop import VirtualLoop

_SECRET_BYTES = 32
Radar = BreathingRadar | PresenceRadar


@dataclass
class Device:
    """A board of the scenario, and what belongs to it."""

    spec: BoardSpec
    id: str
    board: VirtualBoard
    radar: Radar | None = None
    placement: Placement | None = None

    @property
    def name(self) -> str:
        return self.spec.called


@dataclass
class Cast:
    """Everybody and everything, by name; rooms by unit."""

    rooms: dict[str, Room]
    people: dict[str, Person]
    devices: dict[str, Device]
    building: Building

    def of(self, device: str) -> Device:
        """The device of this id."""
        return next(one for one in self.devices.values() if one.id == device)


def cast_of(
    scenario: Scenario,
    seed: int,
    folder: Path,
    loop: VirtualLoop,
    on_line: Callable[[BoardSpec, BoardLine], None],
    on_record: Callable[[dict[str, Any]], None],
    language: str = "en",
) -> Cast:
    """All of it, made and not yet running. Each draws its chances from a seed of its own."""
    rooms = rooms_of(scenario)
    people = {}
    for one in scenario.people:
        person = Person(one.name, plan_of(one), seed=str(seed))
        people[one.name] = person
        if one.behind_the_wall is None:
            rooms[one.unit].add(person)
        else:
            rooms[one.unit].add_neighbour(person, one.behind_the_wall)
    building = Building(
        loop,
        folder / "building",
        _chance(seed, "building"),
        people=[{"id": one.name, "language": language} for one in scenario.responders],
        escalation=_escalation(scenario.responders),
        units=_units(scenario),
        on_record=on_record,
    )
    cast = Cast(rooms, people, {}, building)
    # Making a key takes a moment, which is spared where nobody asks for it.
    updated = any(isinstance(cue.action, actions.Update) for cue in scenario.cues)
    for number, spec in enumerate(scenario.boards, start=1):
        cast.devices[spec.called] = _device(
            spec, number, seed, folder, loop, on_line, rooms[spec.unit], building, updated
        )
    return cast


def _chance(seed: int, what: str) -> random.Random:
    return random.Random(f"{seed}/{what}")


def _escalation(responders: list[Responder]) -> Mapping[str, Any]:
    steps: dict[int, list[str]] = {}
    for one in responders:
        if not one.staff:
            steps.setdefault(one.step, []).append(one.name)
    return {
        "steps": [{"people": steps[number]} for number in sorted(steps)],
        "staff": [one.name for one in responders if one.staff],
    }


def _units(scenario: Scenario) -> list[dict[str, Any]]:
    closes = scenario.building.ok_closes
    return [{"unit": unit, "ok_closes": True} for unit in scenario.units] if closes else []


def _device(
    spec: BoardSpec,
    number: int,
    seed: int,
    folder: Path,
    loop: VirtualLoop,
    on_line: Callable[[BoardSpec, BoardLine], None],
    room: Room,
    building: Building,
    updated: bool,
) -> Device:
    secret = hashlib.sha256(f"{seed}/{spec.called}".encode()).digest()[:_SECRET_BYTES]
    device = Device(
        spec,
        id=f"d{number:011x}",
        board=VirtualBoard(
            loop,
            folder / "boards" / f"{number}",
            name=spec.called,
            board=spec.board,
            network=building.network,
            on_line=lambda line: on_line(spec, line),
            seed=seed,
            drift_ppm=spec.clock_drift_ppm,
            flash_endurance=spec.flash_endurance,
            forgiving=spec.forgiving,
        ),
    )
    if spec.battery_left is not None:
        device.board.battery = Battery(spec.battery_left, spec.battery_mah)
    own: dict[str, int | bytes | str] = dict(spec.settings)
    if spec.battery:
        own["battery"] = 1
    if spec.board == "sensor":
        own |= {"radar": spec.radar, "mode": spec.mode}
        device.placement = placement_of(spec, room)
        device.radar = _radar(spec, room, device.placement, _chance(seed, f"{spec.called}/radar"))
        device.board.radar = device.radar
    if updated:
        own["release_key"] = key().public
    device.board.provision({**building.provisioning(device.id, secret), **own})
    building.add_device(device.id, secret, spec.unit, spec.board)
    return device


def _radar(spec: BoardSpec, room: Room, placement: Placement, chance: random.Random) -> Radar:
    if spec.radar == "ld2410":
        return PresenceRadar(room, placement, chance)
    gives_up_s = None if spec.radar_gives_up is None else spec.radar_gives_up / 1000
    return BreathingRadar(
        room,
        placement,
        chance,
        radar=spec.radar,
        gives_up_s=math.inf if spec.radar_keeps_looking else gives_up_s,
    )
