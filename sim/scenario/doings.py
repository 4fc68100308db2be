"""What people do: the words after `do` in a plan, and in a cue with `who`.

The words, their parameters and their bounds are those of sim/people/doings.py; here they are
written as a file has them: `over_s` is `over = "3 min"`, and `to` says where.
"""

import dataclasses
import inspect
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, create_model

from sim.people import doings as people
from sim.scenario.duration import Duration, words

# `at` is a time in a plan, and "seconds" is no word for how long.
_WRITTEN = {"at": "to", "seconds": "lasts", "speed_m_s": "speed"}
_SECONDS = "_s"
# A TOML file has lists, and no tuples.
Spot = Annotated[tuple[float, float], Strict(False)]


class Doing(BaseModel):
    """Something that a person begins to do."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    do: str

    def meant(self) -> people.Doing:
        """As the people understand it. ValueError, one sentence, outside of its bounds."""
        kind = people.DOINGS[self.do]
        given: dict[str, Any] = {}
        for one in dataclasses.fields(kind):
            written = _written(one.name)
            if written in self.model_fields_set:
                value = getattr(self, written)
                given[one.name] = value / 1000 if _is_length(one.name) else value
        return people.doing(self.do, given)


def _is_length(name: str) -> bool:
    return name == "seconds" or (name.endswith(_SECONDS) and name != "speed_m_s")


def _written(name: str) -> str:
    return _WRITTEN.get(name, name.removesuffix(_SECONDS))


def _field(one: "dataclasses.Field[Any]") -> tuple[Any, Any]:
    """The pydantic field for one of a doing's parameters."""
    unit = one.metadata.get("unit")
    if _is_length(one.name):
        low, high = (words(1000 * one.metadata[end]) for end in ("low", "high"))
        usual = f" ({words(1000 * one.default)})" if isinstance(one.default, float) else ""
        return Duration | None, Field(default=None, description=f"{low} … {high}{usual}")
    if unit is None and one.type is bool:
        return bool, Field(default=one.default)
    if unit is None:
        return str | Spot, Field(
            default=one.default, description="a place of the room (seat, bed, door …), or [x, y] m"
        )
    low, high = one.metadata["low"], one.metadata["high"]
    bounded = Field(default=one.default, ge=low, le=high, description=unit)
    return float | None, bounded


def _model(name: str, kind: type[people.Doing]) -> type[Doing]:
    said = inspect.cleandoc(kind.__doc__ or "")
    fields: dict[str, Any] = {"do": (Literal[name], ...)}
    for one in dataclasses.fields(kind):
        # What is said of a parameter is said of it under the name that a file has.
        if (written := _written(one.name)) != one.name:
            said = re.sub(rf"\b{one.name}\b", f"`{written}`", said)
        fields[_written(one.name)] = _field(one)
    model: type[Doing] = create_model(kind.__name__, __base__=Doing, __doc__=said, **fields)
    return model


MODELS = {name: _model(name, kind) for name, kind in people.DOINGS.items()}
WORDS = tuple(MODELS)
