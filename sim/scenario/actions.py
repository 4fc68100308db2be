"""What can be done in a world: the words after `do` in a cue, and those that the studio sends.

Each is a small model; the first line of its docstring is the page's explanation.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.scenario.duration import Duration

Board = Annotated[
    str | None,
    Field(description="the board's name; not needed where there is only one of its type"),
]


class Action(BaseModel):
    """Something that is done at one moment."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    do: str


class Press(Action):
    """press a board's button: `taps`, or `hold` it for so long; on a sensor it is button B"""

    do: Literal["press"]
    board: Board = None
    taps: int = Field(1, ge=1, le=20)
    hold: Duration | None = None


class Power(Action):
    """a board's power: `to` on, off, or dies (in the middle of a flash write, after `writes` more
    whole ones)"""

    do: Literal["power"]
    board: Board = None
    to: Literal["on", "off", "dies"]
    writes: int = Field(0, ge=0, le=10_000)


class BatteryIs(Action):
    """a board's battery gives so many `volts` from now on; or it is exchanged for one with so much
    of its charge `left`, which is used up and sags under load"""

    do: Literal["battery"]
    board: Board = None
    volts: float | None = Field(default=None, ge=0, le=20)
    left: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _one_of_two(self) -> "BatteryIs":
        if (self.volts is None) == (self.left is None):
            raise ValueError("a battery has either 'volts' or so much 'left'")
        return self


class Forget(Action):
    """a board loses what it knew: `what` is rtc (memory that outlives sleep) or number (its boot
    number, as after a re-flash); it has no power just then"""

    do: Literal["forget"]
    board: Board = None
    what: Literal["rtc", "number"]


class RadarIs(Action):
    """a sensor's radar: `to` silent, stuck (repeats one value), flag_stuck (says somebody is there
    for ever), noisy, dropping or split (so great a `share` of bytes or frames), late (all at once,
    each `by`), slow (`rate` frames a second), gives_up (its gate shuts `by` after the last sign of
    life), restart, or well"""

    do: Literal["radar"]
    board: Board = None
    to: Literal[
        "silent",
        "stuck",
        "flag_stuck",
        "noisy",
        "dropping",
        "split",
        "late",
        "slow",
        "gives_up",
        "restart",
        "well",
    ]
    share: float = Field(default=0.1, ge=0, le=1)
    by: Duration = Field(default=1_000)
    rate: float = Field(default=5.0, ge=0.1, le=50, description="frames a second")


class ThingIs(Action):
    """a fan or a curtain in a room is on, or off"""

    do: Literal["thing"]
    unit: str
    kind: Literal["fan", "curtain"]
    to: Literal["on", "off"]


class Update(Action):
    """staff order an update of a board, or without one of all of them in stages: `to` a version
    above 0.1.0, in which something may be wrong, `fault`: falls (does not start), hangs, deaf
    (never reaches the gateway), or restless (hangs again and again once it is in force)"""

    do: Literal["update"]
    board: str | None = Field(None, description="the board's name; without it: all of them")
    to: str = Field("0.2.0", pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$")
    fault: Literal["falls", "hangs", "deaf", "restless"] | None = None


class Hang(Action):
    """the firmware hangs, as by a bug: its watchdog is all that can help"""

    do: Literal["hang"]
    board: Board = None


class Fall(Action):
    """one part of the firmware meets something nobody had thought of, and falls"""

    do: Literal["fall"]
    board: Board = None


class AccessPoint(Action):
    """the house's Wi-Fi: `to` on, off, weak, captive (answers everything with a page of its own),
    captive_silent (lets everybody join, and nothing through), or address_changed (the gateway has
    another address than the boards know)"""

    do: Literal["access_point"]
    to: Literal["on", "off", "weak", "captive", "captive_silent", "address_changed"]


class Broker(Action):
    """the broker: `to` down (killed), up, wiped (killed, its store gone, and up again), slow (each
    packet by `by`), full (keeps nothing for who is away), or well"""

    do: Literal["broker"]
    to: Literal["up", "down", "wiped", "slow", "full", "well"]
    by: Duration = Field(default=2_000)


class Gateway(Action):
    """the gateway's process: `to` down (kill -9), dies (kill -9 between receiving the next press or
    call and its commit to the database), or up"""

    do: Literal["gateway"]
    to: Literal["up", "down", "dies"]


class Backend(Action):
    """the backend: `to` down (refuses), unreachable (silence), failing (500), lying (200, and keeps
    nothing), slow (by `by`), restart (kill -9, and up again), or up"""

    do: Literal["backend"]
    to: Literal["up", "down", "unreachable", "failing", "lying", "slow", "restart"]
    by: Duration = Field(default=20_000)


class Network(Action):
    """what passes between boards and broker: `to` split (in pieces of a few bytes), lossy (so great
    a `share`), slow (by `by`), half_open (each connection is dead, and nobody is told), hang_up
    (each breaks, once), or well"""

    do: Literal["network"]
    to: Literal["well", "split", "lossy", "slow", "half_open", "hang_up"]
    by: Duration = Field(default=2_000)
    share: float = Field(default=0.3, ge=0, lt=1)


class Respond(Action):
    """a responder presses on the page: `what`, with its `outcome` where it is done"""

    do: Literal["respond"]
    who: str
    unit: str | None = None
    what: Literal["on_my_way", "cannot_go", "arrived", "done"]
    outcome: str = "fine"


class PhoneIs(Action):
    """a responder's phone: `to` off (its service refuses), silent (its service never answers),
    or on"""

    do: Literal["phone"]
    who: str
    to: Literal["on", "off", "silent"]


class Nothing(Action):
    """nothing: a moment with a name, for expectations to refer to"""

    do: Literal["mark"]
