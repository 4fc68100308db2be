"""What people do: the words after `do` in a plan, and in a cue with `who`.

Each is a small model; the first line of its docstring is the page's explanation.
"""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from sim.scenario.duration import Duration

Where = Annotated[
    tuple[float, float] | None,
    Field(description="[x, y] in m in the room; without it, somewhere fitting"),
]


class Doing(BaseModel):
    """Something that a person begins to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    do: str


class Enter(Doing):
    """come in by the door, and stand"""

    do: Literal["enter"]
    to: Where = None


class Move(Doing):
    """walk to another place in the room"""

    do: Literal["move"]
    to: Where = None


class Sit(Doing):
    """sit down"""

    do: Literal["sit"]
    to: Where = None


class Lie(Doing):
    """lie down"""

    do: Literal["lie"]
    to: Where = None


class Sleep(Doing):
    """fall asleep where they are"""

    do: Literal["sleep"]


class Wake(Doing):
    """wake up"""

    do: Literal["wake"]


class Fidget(Doing):
    """fidget, for so long"""

    do: Literal["fidget"]
    lasts: Duration = 10_000


class HoldBreath(Doing):
    """hold their breath, for so long"""

    do: Literal["hold_breath"]
    lasts: Duration


class NodOff(Doing):
    """nod off: the head sinks, breath goes slower and shallower"""

    do: Literal["nod_off"]


class Breathe(Doing):
    """breathe so often a minute (`rate`), so deep (`depth`, 1 as usual), getting there `over` a
    time"""

    do: Literal["breathe"]
    rate: float | None = Field(None, gt=0, le=60)
    depth: float | None = Field(None, gt=0, le=3)
    over: Duration = 0


class StopBreathing(Doing):
    """breathe no more; the heart goes on"""

    do: Literal["stop_breathing"]


class Collapse(Doing):
    """fall, and breathe no more"""

    do: Literal["collapse"]


class BeFound(Doing):
    """be found: somebody comes in, and moves about beside them"""

    do: Literal["be_found"]


class Revive(Doing):
    """breathe again, and move"""

    do: Literal["revive"]


class Leave(Doing):
    """walk out of the door"""

    do: Literal["leave"]


WORDS = tuple(get_args(doing.model_fields["do"].annotation)[0] for doing in Doing.__subclasses__())
