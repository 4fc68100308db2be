"""What can be done in a world: the words after `do` in a cue, and those that the studio sends.

Each is a small model; the first line of its docstring is the page's explanation.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sim.scenario.duration import Duration

Board = Annotated[
    str | None,
    Field(description="the board's name; not needed where there is only one of its type"),
]


class Action(BaseModel):
    """Something that is done at one moment."""

    model_config = ConfigDict(extra="forbid", frozen=True)
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
    """a board's battery now gives so many `volts`"""

    do: Literal["battery"]
    board: Board = None
    volts: float = Field(ge=0, le=20)


class FlashIs(Action):
    """a board's flash: `to` worn (refuses every write) or well"""

    do: Literal["flash"]
    board: Board = None
    to: Literal["worn", "well"]


class RadarIs(Action):
    """a sensor's radar: `to` unplugged, plugged, or a quirk of its module"""

    do: Literal["radar"]
    board: Board = None
    to: str
    lasts: Duration | None = Field(None, description="and well again after so long")


class Hang(Action):
    """the firmware hangs, as by a bug: its watchdog is all that can help"""

    do: Literal["hang"]
    board: Board = None


class AccessPoint(Action):
    """the house's Wi-Fi: `to` on, off, weak (loses `loss` of what passes), captive, or
    address_changed"""

    do: Literal["access_point"]
    to: Literal["on", "off", "weak", "captive", "address_changed"]
    loss: float = Field(0.3, ge=0, le=1)


class Broker(Action):
    """the broker: `to` up, down (killed), wiped (killed, its store gone, and up again), slow (each
    packet by `by`), or full"""

    do: Literal["broker"]
    to: Literal["up", "down", "wiped", "slow", "full", "well"]
    by: Duration = 2_000


class Gateway(Action):
    """the gateway's process: `to` down (kill -9) or up"""

    do: Literal["gateway"]
    to: Literal["up", "down"]


class Backend(Action):
    """the backend: `to` up, down, failing (500), slow (by `by`), or lying (200, and keeps
    nothing)"""

    do: Literal["backend"]
    to: Literal["up", "down", "failing", "slow", "lying"]
    by: Duration = 20_000


class Network(Action):
    """what passes between boards and broker: `to` well, split (in small packets), slow (by `by`),
    half_open (looks well, passes nothing), or hang_up (each connection breaks, once)"""

    do: Literal["network"]
    to: Literal["well", "split", "slow", "half_open", "hang_up"]
    by: Duration = 2_000


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
