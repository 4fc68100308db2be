"""What can be seen in a world: the words after `that` in an expectation and in `after`.

Each is a small model: its fields are what it asks of a record, all of them optional, and its
docstring's first line is the page's explanation (docs/simulator.md is held to it by a test).
"""

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from doorknock import wire
from pydantic import BaseModel, ConfigDict, Field

from sim.scenario.duration import Duration
from sim.scenario.record import Record

if TYPE_CHECKING:
    Light: TypeAlias = str
    Kind: TypeAlias = str
    Cause: TypeAlias = str
    Urgency: TypeAlias = str
    WatchState: TypeAlias = str
    WatchBy: TypeAlias = str
    UpdateState: TypeAlias = str
    FaultWhat: TypeAlias = str
    FaultState: TypeAlias = str
else:
    _DETAILS = {
        kind: {field[0]: field[2] for field in fields} for kind, _, _, fields in wire.catalogue()
    }
    Light = Literal[(*wire.LIGHTS, "prompt", "bluetooth")]
    Kind = Literal[wire.EVENT_KINDS]
    Cause = Literal[_DETAILS["stillness"]["cause"]]
    Urgency = Literal[_DETAILS["stillness"]["urgency"]]
    WatchState = Literal[_DETAILS["watch"]["state"]]
    WatchBy = Literal[_DETAILS["watch"]["by"]]
    FaultWhat = Literal[_DETAILS["fault"]["what"]]
    UpdateState = Literal[wire.UPDATE_STATES]
    FaultState = Literal[_DETAILS["fault"]["state"]]


class Sighting(BaseModel):
    """Something that may be seen, and, in an expectation, when and how often it must be."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    # The record's device and event; a device of "" is any board.
    seen_at: ClassVar[str] = ""
    event: ClassVar[str] = ""

    that: str
    unit: str | None = Field(None, description="only in this room")
    board: str | None = Field(None, description="only of the board of this name")

    within: Duration | None = Field(None, description="the first comes at most so long after")
    no_sooner_than: Duration | None = Field(
        None, description="the first comes at least so long after"
    )
    of: str | None = Field(
        None, description="after what: the name of a cue or of a step; without it, the beginning"
    )
    before: str | None = Field(None, description="only what comes before this moment counts")
    never: bool = Field(False, description="it must not be seen")
    times: int | None = Field(None, ge=1, description="it is seen so often, no more, no less")
    at_most: int | None = Field(None, ge=1, description="it is seen no more often than this")
    known_limit: str | None = Field(
        None,
        min_length=10,
        description="it is right to expect this, and it is not so yet: why. "
        "The run does not fail by it, and says when it has come true",
    )

    def fits(self, record: Record) -> bool:
        """Whether *record* is what is meant, whenever it was."""
        if record.event != self.event or (self.seen_at and record.device != self.seen_at):
            return False
        if self.unit is not None and record.unit != self.unit:
            return False
        named = record.data.get("board", record.device)
        return (self.board is None or named == self.board) and self.agrees(record.data)

    def agrees(self, data: Any) -> bool:
        """Whether what the record says besides is what is asked."""
        raise NotImplementedError

    def of_words(self) -> str:
        """What is looked for, in words: "called, unit 207, cause no_breathing"."""
        asked = self.model_dump(exclude_none=True, exclude=set(TIMING) | {"that"})
        return ", ".join([self.that.replace("_", " "), *(f"{k} {v}" for k, v in asked.items())])


# What an expectation says of time and number, and a condition of a cue must not.
TIMING = ("within", "no_sooner_than", "of", "before", "never", "times", "at_most", "known_limit")


class _Detailed(Sighting):
    """Each field of a subclass is a detail of the record, and must be what is asked."""

    def agrees(self, data: Any) -> bool:
        for name in type(self).model_fields:
            if name in _OWN:
                continue
            asked = getattr(self, name)
            if asked is not None and not self.alike(name, asked, data.get(name)):
                return False
        return True

    def alike(self, name: str, asked: Any, said: Any) -> bool:
        """Texts that are read by people need only be part of what is said."""
        if name in ("text", "title", "why"):
            return str(asked).lower() in str(said).lower()
        return bool(asked == said)


_OWN = frozenset(Sighting.model_fields)


class _Committed(_Detailed):
    seen_at = "gateway"
    event = "committed"
    kind_of: ClassVar[str] = ""
    state_of: ClassVar[str | None] = None

    def agrees(self, data: Any) -> bool:
        if data.get("kind") != self.kind_of:
            return False
        if self.state_of is not None and data.get("state") != self.state_of:
            return False
        return super().agrees(data)


class Pressed(_Committed):
    """the gateway has a press: `taps`, `held` 0 or 1"""

    kind_of = "press"
    that: Literal["pressed"]
    taps: int | None = Field(None, ge=1, le=255)
    held: Literal[0, 1] | None = None


class Asked(_Committed):
    """the gateway knows that the sensor has asked "are you OK?": `cause`; the moment itself is
    `light`, state prompt"""

    kind_of = "prompt"
    state_of = "asked"
    that: Literal["asked"]
    cause: Cause | None = None


class Answered(_Committed):
    """its question was answered with one press of B"""

    kind_of = "prompt"
    state_of = "answered"
    that: Literal["answered"]


class Withdrawn(_Committed):
    """its question is over by itself: they breathe or move again"""

    kind_of = "prompt"
    state_of = "withdrawn"
    that: Literal["withdrawn"]


class Called(_Committed):
    """the sensor's call has reached the gateway: `cause`, `urgency`"""

    kind_of = "stillness"
    that: Literal["called"]
    cause: Cause | None = None
    urgency: Urgency | None = None


class Watching(_Committed):
    """a watch has begun or ended: `state` (started, ended), `by`"""

    kind_of = "watch"
    that: Literal["watch"]
    state: WatchState | None = None
    by: WatchBy | None = None


class Fault(_Committed):
    """a device reports that it cannot do its work, or can again: `what`, `state`"""

    kind_of = "fault"
    that: Literal["fault"]
    what: FaultWhat | None = None
    state: FaultState = "raised"


class Received(_Detailed):
    """the gateway has committed an event: `kind`, whatever it says"""

    seen_at = "gateway"
    event = "committed"
    that: Literal["received"]
    kind: Kind | None = None


class Made(_Detailed):
    """a device has made an event and keeps it, received or not: `kind`"""

    event = "made"
    that: Literal["made"]
    kind: Kind | None = None


class Lit(_Detailed):
    """a light begins to say `state`: sending, delivered, asked_again, coming, cannot_send, prompt,
    none"""

    event = "light"
    that: Literal["light"]
    state: Light


class Started(_Detailed):
    """a board starts: `cause` (power_on, watchdog, software, deep_sleep, …)"""

    event = "start"
    that: Literal["start"]
    cause: str | None = None


class Asleep(_Detailed):
    """a battery button goes to deep sleep"""

    event = "asleep"
    that: Literal["asleep"]


class RadarPower(_Detailed):
    """the radar's power is switched: `on` (true or false)"""

    event = "radar_power"
    that: Literal["radar_power"]
    on: bool | None = None


class Said(_Detailed):
    """a board says a line on its console with `text` in it; an error that is asked for fails no
    run"""

    event = "log"
    that: Literal["says"]
    text: str


class Crashed(_Detailed):
    """the firmware falls: a traceback on a board's console"""

    event = "crash"
    that: Literal["crash"]


class Told(_Detailed):
    """a phone shows a message: `person`, part of its `title`, part of its `text`"""

    seen_at = "phone"
    event = "message"
    that: Literal["told"]
    person: str | None = None
    title: str | None = None
    text: str | None = None


class Alerted(_Detailed):
    """an alert changes: `state` (open, attending, arrived, resolved, …), `urgency`"""

    seen_at = "backend"
    event = "alert"
    that: Literal["alert"]
    state: str | None = None
    urgency: Urgency | None = None


class Updating(_Committed):
    """a device tells how far an update of it is: `state` (accepted, fetching, verified, trying,
    confirmed, rolled_back, …), part of `why`, its `version`"""

    kind_of = "updating"
    that: Literal["updating"]
    state: UpdateState | None = None
    why: str | None = None
    version: str | None = None


class UpdateIs(_Detailed):
    """the gateway's update changes: `state` (running, stopped, finished), `stage`, part of `why`"""

    seen_at = "gateway"
    event = "update"
    that: Literal["update"]
    state: Literal["running", "stopped", "finished"] | None = None
    stage: int | None = Field(None, ge=1, le=3)
    why: str | None = None


class Warned(_Detailed):
    """the gateway or the backend logs a warning or an error with `text` in it; an error that is
    asked for fails no run"""

    event = "warning"
    that: Literal["warning"]
    text: str | None = None


class NothingLost(Sighting):
    """at the end, each event that a device made was received exactly once (heartbeats apart)"""

    event = "-"
    that: Literal["nothing_lost"]


class LightAtTheEnd(Sighting):
    """at the end the light says `state`"""

    event = "-"
    that: Literal["light_at_the_end"]
    state: Light


AT_THE_END = (NothingLost, LightAtTheEnd)
