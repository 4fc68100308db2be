"""A scenario as it is written: every key, its bounds and its meaning.

docs/scenario.schema.json is generated from here, and docs/simulator.md is held to it by a test.
"""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union

from doorknock import config
from doorknock.radar import NAMES as RADARS
from doorknock.watch import MODES
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from sim.scenario import actions, doings, sightings
from sim.scenario.duration import Duration


def kinds_of(base: type) -> tuple[type, ...]:
    """Every word that is of this base, in the order in which they are written."""
    found: list[type] = []
    kind: type
    for kind in base.__subclasses__():
        found += [kind] if not kind.__name__.startswith("_") else []
        found += kinds_of(kind)
    return tuple(found)


if TYPE_CHECKING:
    AnyAction: TypeAlias = actions.Action | doings.Doing
    AnyDoing: TypeAlias = doings.Doing
    AnySighting: TypeAlias = sightings.Sighting
    RadarName: TypeAlias = str
    Mode: TypeAlias = str
else:
    AnyDoing = Annotated[Union[kinds_of(doings.Doing)], Field(discriminator="do")]  # noqa: UP007
    AnyAction = Annotated[
        Union[kinds_of(actions.Action) + kinds_of(doings.Doing)],  # noqa: UP007
        Field(discriminator="do"),
    ]
    AnySighting = Annotated[
        Union[kinds_of(sightings.Sighting)],  # noqa: UP007
        Field(discriminator="that"),
    ]
    RadarName = Literal[tuple(RADARS)]
    Mode = Literal[tuple(MODES)]

Name = Annotated[
    str, Field(pattern=r"^[\w][\w ().'-]*$", max_length=60, description="to refer to it")
]
Fraction = Annotated[float, Field(ge=0, le=1)]
# As the gateway takes it: shown on pages, in messages and on lists.
_UNIT = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


def _unit(name: str) -> str:
    if not _UNIT.fullmatch(name):
        raise ValueError("a unit is a name of 1 to 64 characters, such as 204")
    return name


Unit = Annotated[str, AfterValidator(_unit)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _condition(seen: Any) -> Any:
    """A condition says what, never how often or by when. ValueError."""
    wrong = [name for name in sightings.TIMING if name in getattr(seen, "model_fields_set", ())]
    if wrong:
        raise ValueError(f"{wrong[0]!r} belongs into an expectation, not into a condition")
    if isinstance(seen, sightings.AT_THE_END):
        raise ValueError(f"{seen.that!r} is only known when all is over")
    return seen


class Step(_Part):
    """When a person does something: `at`, since the beginning, or `wait`, since the step before."""

    at: Duration | None = None
    wait: Duration | None = None
    name: Name | None = Field(None, description="to refer to it; without it, the word after `do`")
    doing: AnyDoing

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, written: Any) -> Any:
        return _apart(written, ("at", "wait", "name"), "doing")

    @model_validator(mode="after")
    def _is_in_time(self) -> "Step":
        if (self.at is None) == (self.wait is None):
            raise ValueError(
                "a step has either 'at' (since the beginning) or 'wait' (since the step before)"
            )
        return self


def _apart(written: Any, own: tuple[str, ...], rest: str) -> Any:
    """The keys that say when, and those that say what, which the file has side by side."""
    if not isinstance(written, dict) or rest in written:
        return written
    when = {key: value for key, value in written.items() if key in own}
    return {**when, rest: {key: value for key, value in written.items() if key not in own}}


class Cue(_Part):
    """Something that is done `at` a time, or `after` something, and a `wait` more."""

    at: Duration | None = None
    after: Annotated[AnySighting, AfterValidator(_condition)] | Name | None = Field(
        None, description="the name of a cue or of a step, or what is seen: { that = … }"
    )
    wait: Duration = 0
    name: Name | None = None
    action: AnyAction
    who: str | None = Field(None, description="whose doing it is")

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, written: Any) -> Any:
        own: tuple[str, ...] = ("at", "after", "wait", "name")
        if isinstance(written, dict) and written.get("do") in doings.WORDS:
            own = (*own, "who")
        return _apart(written, own, "action")

    @model_validator(mode="after")
    def _is_in_time(self) -> "Cue":
        if (self.at is None) == (self.after is None):
            raise ValueError("a cue has either 'at' (since the beginning) or 'after'")
        if isinstance(self.action, doings.Doing) and self.who is None:
            raise ValueError(f"a cue that says {self.action.do!r} must say who does it: who = …")
        return self


class Person(_Part):
    """Somebody in a room, and what they do."""

    name: Name
    unit: str = Field(description="the room they are in, or enter")
    behind_the_wall: doings.Spot | None = Field(
        None, description="a neighbour: not in the room, but at [x, y] m behind its thin wall"
    )
    plan: list[Step] = []


class Thing(_Part):
    """Something that moves in a room beside people."""

    kind: Literal["fan", "curtain", "pet"]
    x: float = Field(ge=0, le=20, description="m from the left wall")
    y: float = Field(ge=0, le=20, description="m from the wall with the door")


class Room(_Part):
    """A room. One that is not written down is a washroom where the sensor's mode says so, else a
    bedroom."""

    unit: Unit
    kind: Literal["bedroom", "washroom"] | None = None
    clutter: Fraction = Field(0.25, description="how much of what an LD2410 shows empty is here")
    things: list[Thing] = []


class BoardSpec(_Part):
    """A device: a button, or a sensor with its radar."""

    name: Name | None = Field(None, description="without it: its unit and its type")
    board: Literal["button", "sensor"]
    unit: Unit
    radar: RadarName = "mr60bha2"
    mode: Mode = "home"
    looks_at: str | None = Field(
        None, description="a sensor: the place it hangs before; else the bed, or the seat"
    )
    overhead: bool = Field(False, description="a sensor: it hangs on the ceiling above that place")
    radar_gives_up: Duration | None = Field(
        None,
        description="a breathing radar: its gate shuts so long after the last sign of life; "
        "else drawn from 5 s to 30 s",
    )
    radar_keeps_looking: bool = Field(False, description="a breathing radar: its gate never shuts")
    battery: bool = Field(False, description="runs on a battery, and sleeps between presses")
    battery_left: Fraction | None = Field(
        None,
        description="how much of its charge is left: it is used up and sags under load; "
        "without it the voltage is what cues say",
    )
    battery_mah: float = Field(2000.0, gt=0, le=20_000, description="what a full one holds")
    flash_endurance: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="how often a block of its flash can be erased; 0: for ever",
    )
    forgiving: bool = Field(
        False, description="a crash of its firmware is only told, and does not end the run"
    )
    settings: dict[str, int] = {}
    clock_drift_ppm: int = Field(0, ge=-50_000, le=50_000)
    powered: bool = Field(True, description="from the beginning")

    @property
    def called(self) -> str:
        return self.name or f"{self.unit} {self.board}"

    @field_validator("settings")
    @classmethod
    def _known(cls, written: dict[str, int]) -> dict[str, int]:
        known: dict[str, tuple[Any, ...]] = {
            row[0]: row for row in config.SETTINGS if row[1] == "number"
        }
        for name, value in written.items():
            row = known.get(name)
            if row is None:
                raise ValueError(f"there is no setting {name!r}; see docs/settings.md")
            if not row[2] <= value <= row[3]:
                raise ValueError(f"{name} is {row[2]} … {row[3]}, not {value}")
        return written


class Responder(_Part):
    """Somebody with a phone. Without `answers_after` they never answer."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)
    staff: bool = Field(False, description="mends things: told of faults, and not asked to go")
    step: int = Field(1, ge=1, le=5, description="in which step of the escalation they are asked")
    answers_after: Duration | None = None
    arrives_after: Duration | None = Field(None, description="after their answer")
    done_after: Duration | None = Field(None, description="after they have arrived")
    outcome: str = "fine"


class BuildingSpec(_Part):
    """The gateway, the backend and the Wi-Fi, where they are not as usual."""

    delay: Duration = Field(default=0, description="more than usual, one way, board to broker")
    ok_closes: bool = Field(
        default=False, description='residents chose that "I\'m OK" ends an alert'
    )


class Scenario(_Part):
    """A world, what happens in it, and what is expected of it."""

    title: str = Field(min_length=1, max_length=120)
    about: str = Field(min_length=1, description="what it shows, and why that matters")
    lessons: list[Annotated[int, Field(ge=1, le=38)]] = Field(
        [], description="numbers of the lessons from the field that it proves (docs/lessons.md)"
    )
    seed: int = Field(1, ge=0, lt=1 << 32, description="the same seed gives the same run")
    length: Duration = Field(description="of virtual time")
    limit: Duration = Field(120_000, description="of real time; the run fails after it")
    skew: Duration = Field(
        default=250,
        description="how far boards may run ahead of each other: longer is faster, and "
        "what one does to another comes so much later",
    )
    building: BuildingSpec = BuildingSpec()
    rooms: list[Room] = []
    people: list[Person] = []
    boards: list[BoardSpec] = Field(min_length=1)
    responders: list[Responder] = []
    cues: list[Cue] = []
    expect: list[AnySighting] = Field(min_length=1)

    @property
    def units(self) -> list[str]:
        """Every room, those that nobody has described included."""
        named = [room.unit for room in self.rooms] + [board.unit for board in self.boards]
        return list(dict.fromkeys(named))
