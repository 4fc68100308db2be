"""What people can do: each doing with its parameters, their units and their bounds.

A doing that makes no sense by itself (a walk at 40 m/s) is refused here with a ValueError of one
sentence; one that is impossible at its moment (to sit before coming in), by condition.py.
Places are a name of the room's ("seat", "bed", "door" …) or (x, y) in m.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

Where = str | tuple[float, float]


def _bounded(default: float, low: float, high: float, unit: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "unit": unit})


def _perhaps(low: float, high: float, unit: str) -> Any:
    return field(default=None, metadata={"low": low, "high": high, "unit": unit})


@dataclass(frozen=True)
class Doing:
    """One thing that somebody does."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if "low" not in one.metadata or value is None:
                continue
            low, high, unit = (one.metadata[key] for key in ("low", "high", "unit"))
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{self.called}: {one.name} must be a number, not {value!r}.")
            if not low <= value <= high:
                raise ValueError(
                    f"{self.called}: {one.name} is {value:g}, and must be "
                    f"{low:g} to {high:g} {unit}."
                )

    @property
    def called(self) -> str:
        """Its name in a plan: sit, hold_breath …"""
        return name_of(type(self))


@dataclass(frozen=True)
class Enter(Doing):
    """Comes in by the door and walks to a place. Indoors people walk at 0.3 to 1.4 m/s."""

    to: Where = "middle"
    speed_m_s: float = _bounded(0.8, 0.1, 3.0, "m/s")


@dataclass(frozen=True)
class Move(Doing):
    """Walks to a place and stands there."""

    to: Where = "middle"
    speed_m_s: float = _bounded(0.8, 0.1, 3.0, "m/s")


@dataclass(frozen=True)
class Sit(Doing):
    """Walks to a seat and sits down."""

    at: Where = "seat"
    speed_m_s: float = _bounded(0.8, 0.1, 3.0, "m/s")


@dataclass(frozen=True)
class Lie(Doing):
    """Walks to a bed, or any place, and lies down there."""

    at: Where = "bed"
    speed_m_s: float = _bounded(0.8, 0.1, 3.0, "m/s")


@dataclass(frozen=True)
class Stand(Doing):
    """Stands up where they are."""


@dataclass(frozen=True)
class Sleep(Doing):
    """Falls asleep, sitting or lying: moves seldom, breathes more evenly and a little slower."""


@dataclass(frozen=True)
class Wake(Doing):
    """Wakes, with a shift of posture."""


@dataclass(frozen=True)
class NodOff(Doing):
    """The head sinks, the trunk sags by some cm, and then hardly anything moves."""

    sags_mm: float = _bounded(60.0, 0.0, 300.0, "mm")


@dataclass(frozen=True)
class HoldBreath(Doing):
    """Holds the breath after this one."""

    seconds: float = _bounded(10.0, 0.5, 300.0, "s")


@dataclass(frozen=True)
class Breathe(Doing):
    """Goes over to this rate and depth (of one's own size), within over_s."""

    rate: float | None = _perhaps(1.0, 40.0, "a minute")
    depth: float | None = _perhaps(0.02, 3.0, "of one's own breath")
    over_s: float = _bounded(10.0, 0.0, 7200.0, "s")


@dataclass(frozen=True)
class Use(Doing):
    """Breath grows slower and shallower over over_s, as after an opioid, and then stays so.

    Fentanyl acts within 2 to 5 minutes; 30 to 70 % of the amplitude is lost. stops_after_s: breath
    stops so long after the use. From 8 a minute downward they lose consciousness at the end of it
    (assumption).
    """

    over_s: float = _bounded(180.0, 10.0, 3600.0, "s")
    rate: float = _bounded(4.0, 1.0, 20.0, "a minute")
    depth: float = _bounded(0.5, 0.05, 1.0, "of one's own breath")
    stops_after_s: float | None = _perhaps(10.0, 7200.0, "s")


@dataclass(frozen=True)
class StopBreathing(Doing):
    """Lets this breath out, and no other comes. The heart goes on, or stops so long after."""

    heart_stops_after_s: float | None = _perhaps(0.0, 7200.0, "s")


@dataclass(frozen=True)
class PassOut(Doing):
    """Loses consciousness as they are; breath goes on."""


@dataclass(frozen=True)
class Collapse(Doing):
    """Falls to the floor where they are, within lasts_s (a fall takes under a second)."""

    breathes: bool = False
    lasts_s: float = _bounded(0.7, 0.3, 3.0, "s")


@dataclass(frozen=True)
class BeFound(Doing):
    """Somebody shakes them, calls them, turns them over, for so long."""

    lasts_s: float = _bounded(20.0, 1.0, 600.0, "s")


@dataclass(frozen=True)
class Revive(Doing):
    """Breath comes back with a gasp and is as before after over_s; they come to."""

    over_s: float = _bounded(30.0, 0.0, 3600.0, "s")


@dataclass(frozen=True)
class Leave(Doing):
    """Walks to the door and goes out."""

    speed_m_s: float = _bounded(0.8, 0.1, 3.0, "m/s")


@dataclass(frozen=True)
class Fidget(Doing):
    """One small movement, there and back."""

    mm: float = _bounded(4.0, 0.1, 200.0, "mm")
    lasts_s: float = _bounded(1.0, 0.1, 10.0, "s")


@dataclass(frozen=True)
class Cough(Doing):
    """Coughs so many times, 0.3 to 0.9 s apart."""

    times: float = _bounded(3, 1, 20, "times")


@dataclass(frozen=True)
class BeRestless(Doing):
    """Does something all the time from now on: undresses, washes, looks for a thing."""


@dataclass(frozen=True)
class Rest(Doing):
    """Is as still as people are who sit and rest; ends restlessness."""


def name_of(doing: type[Doing]) -> str:
    """A doing's name in a plan: HoldBreath is hold_breath."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", doing.__name__).lower()


DOINGS: dict[str, type[Doing]] = {
    name_of(one): one
    for one in (
        *(Enter, Move, Sit, Lie, Stand, Sleep, Wake, NodOff, HoldBreath, Breathe, Use),
        *(StopBreathing, PassOut, Collapse, BeFound, Revive, Leave, Fidget, Cough),
        *(BeRestless, Rest),
    )
}


def doing(name: str, parameters: Mapping[str, Any] | None = None) -> Doing:
    """The doing of this name; ValueError, one sentence, for what there is not."""
    if name not in DOINGS:
        raise ValueError(f"There is no doing {name!r}; known are {', '.join(DOINGS)}.")
    kind = DOINGS[name]
    known = [one.name for one in fields(kind)]
    given = dict(parameters or {})
    for key, value in given.items():
        if key not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise ValueError(f"{name} has no parameter {key!r}; {has}.")
        if isinstance(value, list):
            given[key] = tuple(value)
    return kind(**given)
