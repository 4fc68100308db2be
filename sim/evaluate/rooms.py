"""Cases of the presence tier (LD2410): rooms made from the energies that were seen.

Sources: means and deviations of sim/presence.py. Nobody's energies without breath are known, so
"still" is somebody who does not move, whatever else they do; that their still energy goes on, or
fades, are both assumptions and both played.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from sim.evaluate.kind import SIMULATED, Case, Kind
from sim.evaluate.truth import Must, Truth, rest
from sim.presence import (
    EMPTY,
    INTERVAL_MS,
    MOVING,
    STILL,
    VACANT_BED,
    VACANT_BED_FAN_ON,
    PresenceComposer,
    Scene,
)

# no_movement_s and answer_s, and 5 s on either side.
SET_TIME_S = 180.0
ANSWER_S = 15.0
GIVE_S = 5.0
# Asleep: moving energy 5 … 15, still energy 64 (40 … 80). Turning over: moving 30 … 60.
ASLEEP = Scene((9.0,) * 9, (3.0,) * 9, (0, 0, *(64.0,) * 7), (0, 0, *(9.0,) * 7), 2)
TURNS = Scene((45.0,) * 9, (9.0,) * 9, (0, 0, *(64.0,) * 7), (0, 0, *(9.0,) * 7), 3)


def _room(chance: random.Random) -> Scene:
    """A washroom that nobody is in: floors differ between rooms, down to a tenth."""
    size = chance.choice([1.0, 0.5, 0.25, 0.1])
    return replace(
        EMPTY,
        moving=[mean * size for mean in EMPTY.moving],
        moving_sd=[sd * max(size, 0.3) for sd in EMPTY.moving_sd],
        still=[mean * size for mean in EMPTY.still],
        still_sd=[sd * max(size, 0.3) for sd in EMPTY.still_sd],
    )


def _with_somebody(room: Scene, somebody: Scene) -> Scene:
    """What somebody adds to a room: in each gate, the stronger of the two."""

    def stronger(
        of_room: Sequence[float],
        sd: Sequence[float],
        of_body: Sequence[float],
        body_sd: Sequence[float],
    ) -> tuple[list[float], list[float]]:
        pairs = [
            (mean, d) if mean >= body else (body, body_d)
            for mean, d, body, body_d in zip(of_room, sd, of_body, body_sd, strict=True)
        ]
        return [mean for mean, _ in pairs], [d for _, d in pairs]

    moving, moving_sd = stronger(room.moving, room.moving_sd, somebody.moving, somebody.moving_sd)
    still, still_sd = stronger(room.still, room.still_sd, somebody.still, somebody.still_sd)
    return Scene(moving, moving_sd, still, still_sd, somebody.state)


# Somebody who does not move adds little to the moving energies (asleep 5 … 15 in the gate they are
# in), and their still energy is what the table's standing person shows.
SITS = replace(
    STILL, moving=(0, 0, 10, 9, 6, 5, 5, 3, 5), moving_sd=(0, 0, 5, 4, 2.4, 2.2, 1.9, 1.6, 1.8)
)


def _between(one: Scene, other: Scene, part: float) -> Scene:
    """So far (0 … 1) on the way from one scene to the other."""

    def mixed(a: Sequence[float], b: Sequence[float]) -> list[float]:
        return [x + (y - x) * part for x, y in zip(a, b, strict=True)]

    return Scene(
        mixed(one.moving, other.moving),
        mixed(one.moving_sd, other.moving_sd),
        mixed(one.still, other.still),
        mixed(one.still_sd, other.still_sd),
        one.state if part < 0.5 else other.state,
    )


class _Room:
    def __init__(self, chance: random.Random, empty: Scene | None = None) -> None:
        self.chance = chance
        self.empty = empty or _room(chance)
        self.sits = _with_somebody(self.empty, SITS)
        self.moving = _with_somebody(self.empty, MOVING)
        self.composer = PresenceComposer(chance.randrange(1 << 30))
        self.now_s = 0.0
        self.doors: list[int] = []

    def scene(self, what: Scene, length_s: float) -> "_Room":
        length_s = round(length_s * 1000 / INTERVAL_MS) * INTERVAL_MS / 1000
        self.composer.scene(what, length_s)
        self.now_s += length_s
        return self

    def vacant(self, low_s: float, high_s: float) -> "_Room":
        return self.scene(self.empty, self.chance.uniform(low_s, high_s))

    def moves(self, low_s: float, high_s: float) -> "_Room":
        return self.scene(self.moving, self.chance.uniform(low_s, high_s))

    def lives(self, length_s: float) -> "_Room":
        """Somebody in there, who moves for a second or more every half minute or so."""
        end = self.now_s + length_s
        while self.now_s < end:
            self.scene(self.sits, self.chance.uniform(10, 60))
            self.moves(1, 6)
        return self

    def goes(self) -> "_Room":
        self.doors.append(round(self.now_s * 1000))
        return self

    def case(self, truth: Truth, visits: int = 0) -> Case:
        return Case(self.composer.trace("room"), truth, visits=visits, doors=tuple(self.doors))


def _still(onset_s: float) -> Truth:
    ask = (SET_TIME_S - GIVE_S, SET_TIME_S + GIVE_S)
    call = (ask[0] + ANSWER_S, ask[1] + ANSWER_S)
    return Truth(Must.HELP, round(onset_s * 1000), ask, call, True, True)


def still(chance: random.Random) -> Case:
    """Comes in at any time, does this and that, and moves no more."""
    room = _Room(chance).vacant(30, 600).moves(3, 15).lives(chance.uniform(0, 240)).moves(1, 4)
    onset_s = room.now_s
    return room.scene(room.sits, 300).case(_still(onset_s))


def _moves_no_more(chance: random.Random) -> tuple[_Room, float]:
    """Somebody who came in, did this and that, and has lain still for half a minute to two."""
    room = _Room(chance).vacant(30, 300).moves(3, 15).lives(chance.uniform(0, 240)).moves(1, 4)
    onset_s = room.now_s
    return room.scene(room.sits, chance.uniform(30, 120)), onset_s


def fades(chance: random.Random) -> Case:
    """Moves no more, and the still energy fades within half a minute to a minute and a half.

    That it does over somebody who does not breathe, and slowly, is an assumption.
    """
    room, onset_s = _moves_no_more(chance)
    steps = chance.randint(30, 90)
    for step in range(1, steps):
        room.scene(_between(room.sits, room.empty, step / steps), 1)
    return room.scene(room.empty, 300).case(_still(onset_s))


def lost_at_once(chance: random.Random) -> Case:
    """The same, from one report to the next: lost by the module, or gone in a blind moment?"""
    room, onset_s = _moves_no_more(chance)
    truth = replace(_still(onset_s), must=Must.SHOW)
    return room.scene(room.empty, 300).case(truth)


def visits(chance: random.Random) -> Case:
    """In, this and that, out; three times."""
    room = _Room(chance).vacant(20, 300)
    for _ in range(3):
        room.moves(2, 8).lives(chance.uniform(30, 300)).moves(2, 8).goes().vacant(30, 300)
    return room.case(rest(), visits=3)


def unnoticed(chance: random.Random) -> Case:
    """Somebody is there, then goes with hardly a movement: half a second to two."""
    room = _Room(chance).vacant(30, 120).moves(3, 15).lives(chance.uniform(20, 120))
    room.moves(0.5, 2)
    return room.scene(room.empty, 400).case(rest())


def empty(chance: random.Random) -> Case:
    """Nobody at all, in rooms of all floors."""
    return _Room(chance).vacant(600, 1200).case(rest())


def fan(chance: random.Random) -> Case:
    """Nobody, and a fan that goes on and off."""
    room = _Room(chance, VACANT_BED)
    for _ in range(3):
        room.vacant(60, 240).scene(VACANT_BED_FAN_ON, chance.uniform(60, 240))
    return room.vacant(200, 240).case(rest())


def curtain(chance: random.Random) -> Case:
    """Nobody, and a curtain over a heater that moves without a pause for three quarters of an hour.

    How much it moves is an assumption: as much as somebody who turns over. The sensor is set to ask
    whoever stays for half an hour, which a curtain must not be.
    """
    room = _Room(chance).vacant(60, 180)
    # In the gate that the module's own summary names.
    moving = [45.0 if gate == 2 else mean for gate, mean in enumerate(room.empty.moving)]
    moves = replace(room.empty, moving=moving, state=1)
    case = room.scene(moves, 2700).vacant(60, 120).case(rest())
    case.settings = {"long_stay_s": 1800}
    return case


def bed(chance: random.Random) -> Case:
    """Sleeps, and turns over every two to five minutes: longer still than the set time."""
    room = _Room(chance, VACANT_BED).vacant(30, 120).moves(3, 8)
    for _ in range(4):
        room.scene(ASLEEP, chance.uniform(120, 300)).scene(TURNS, chance.uniform(2, 6))
    case = room.case(Truth(Must.SHOW))
    case.mode = "home"
    return case


def restless(chance: random.Random) -> Case:
    """Ten minutes of somebody who moves every half minute or so."""
    return _Room(chance).vacant(20, 60).moves(3, 15).lives(600).case(rest())


def _kind(
    name: str, family: str, build: Callable[[random.Random], Case], share: float = 1.0
) -> Kind:
    return Kind(name, family, SIMULATED, build, "ld2410", share)


KINDS = (
    _kind("presence: still", "presence still", still),
    _kind("presence: still, and fades", "presence still", fades),
    _kind("presence: visits", "presence peace", visits),
    _kind("presence: moves now and then", "presence peace", restless),
    _kind("presence: unnoticed exit", "presence peace", unnoticed),
    _kind("presence: empty", "presence peace", empty),
    _kind("presence: fan", "presence peace", fan),
    _kind("presence: curtain", "presence peace", curtain, share=0.5),
    _kind("presence: still, lost at once", "limits", lost_at_once),
    _kind("presence: asleep", "limits", bed),
)
