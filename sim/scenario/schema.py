"""The format as a JSON schema and as a page: both made from the models, both kept true by a test.

A step or a cue says when and what side by side, where the models hold the two apart: here they
are put side by side again.
"""

import inspect
import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sim.rooms.usual import ROOMS
from sim.scenario import actions, doings, sightings
from sim.scenario.duration import words
from sim.scenario.format import (
    BoardSpec,
    BuildingSpec,
    Cue,
    Person,
    Responder,
    Room,
    Scenario,
    Step,
    kinds_of,
)

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
# (model, the field in which it holds what the file has beside the others)
_SIDE_BY_SIDE = ((Step, "doing"), (Cue, "action"))
_BANNER = (
    "<!-- Generated from sim/scenario/ by `make docs`. Change the models, not this page. -->\n\n"
)


def schema() -> dict[str, Any]:
    """The JSON schema of a scenario, for editors."""
    found = Scenario.model_json_schema()
    defs = found["$defs"]
    for model, joint in _SIDE_BY_SIDE:
        defs[model.__name__] = _side_by_side(defs[model.__name__], joint, defs)
    return {"$schema": _SCHEMA, **found}


def _side_by_side(outer: dict[str, Any], joint: str, defs: dict[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in outer["properties"].items() if name != joint}
    kinds = []
    for branch in outer["properties"][joint]["oneOf"]:
        inner = defs[branch["$ref"].rsplit("/", 1)[-1]]
        fields = dict(own) if "who" not in inner["properties"] else _without(own, "who")
        kinds.append({**inner, "properties": {**fields, **inner["properties"]}})
    return {"description": outer.get("description", ""), "oneOf": kinds}


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def schema_text() -> str:
    """docs/scenario.schema.json."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """docs/scenario.md: every table, key and word."""
    lines = [
        _BANNER + "# The words of a scenario\n",
        "How to write one: [simulator.md](simulator.md). For editors: "
        "[scenario.schema.json](scenario.schema.json).\n",
        'A length of time is a number and a unit: `"850 ms"`, `"45 s"`, `"1 min 30 s"`, `"8 h"`.\n',
        "## The tables\n",
    ]
    tables: tuple[tuple[str, type], ...] = (
        ("the file itself", Scenario),
        ("`[[people]]`", Person),
        ("a step of `plan`", Step),
        ("`[[rooms]]`", Room),
        ("`[[boards]]`", BoardSpec),
        ("`[building]`", BuildingSpec),
        ("`[[responders]]`", Responder),
        ("`[[cues]]`", Cue),
    )
    for title, model in tables:
        lines += [f"### {title}\n", f"{inspect.getdoc(model)}\n", "| key | default | what |"]
        lines += ["|---|---|---|", *_keys(model), ""]
    lines += [
        "## What is done: `do`\n",
        "In a cue. What people do (below) may stand in a cue too, with `who`. What is about a "
        "board takes `board`, its name, which is not needed where there is only one of its type. "
        "Beside a key: its bounds, and in brackets what it is where nobody says.\n",
        *_words(kinds_of(actions.Action), "do"),
        "## What people do: `do`\n",
        "In a plan, or in a cue with `who`. Beside a key: its bounds and its unit; in brackets, "
        "what it is where nobody says.\n",
        *_words(tuple(doings.MODELS.values()), "do"),
        "### Places\n",
        "Where `to` and `looks_at` ask for a place: one of the room's names, or `[x, y]` in m from "
        "the left wall and from the wall with the door. A room is a bedroom, unless its "
        "`kind` or the mode of the sensor in it says washroom.\n",
        *_places(),
        "",
        "## What is seen: `that`\n",
        "In `[[expect]]`, and in a cue's `after = { that = … }`. Each may be narrowed by `unit` "
        "and `board`.\n",
        *_words(kinds_of(sightings.Sighting), "that"),
        "## How often, and by when\n",
        "In `[[expect]]` alone. Without any of them: at least once.\n",
        "| key | what |",
        "|---|---|",
        *(
            f"| `{name}` | {sightings.Sighting.model_fields[name].description} |"
            for name in sightings.TIMING
        ),
    ]
    return "\n".join(lines) + "\n"


def _keys(model: type) -> list[str]:
    fields = model.model_fields  # type: ignore[attr-defined]
    rows = []
    for name, field in fields.items():
        if (model, name) in _SIDE_BY_SIDE:
            rows.append("| `do` … |  | what: see below |")
            continue
        default = "needed" if field.is_required() else _default(field.get_default())
        rows.append(f"| `{name}` | {default} | {field.description or ''} |")
    return rows


def _default(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, bool | str):
        return f"`{json.dumps(value)}`"
    if isinstance(value, int | float):
        return f"`{value}`"
    return ""


def _words(kinds: tuple[type, ...], tag: str) -> list[str]:
    rows = ["| word | what | its keys |", "|---|---|---|"]
    # What the text above the table says of all of them.
    general = {*sightings.Sighting.model_fields} if tag == "that" else {tag, "board"}
    for kind in kinds:
        fields = kind.model_fields  # type: ignore[attr-defined]
        word = fields[tag].annotation.__args__[0]
        said = " ".join((inspect.getdoc(kind) or "").split())
        own = [(name, field) for name, field in fields.items() if name not in general]
        keys = "; ".join(_key(name, field, said) for name, field in own)
        rows.append(f"| `{word}` | {said} | {keys} |")
    return [*rows, ""]


def _key(name: str, field: FieldInfo, said: str) -> str:
    """A key with all that its line does not say of it: "`rate` 0 … 60 breaths a minute (16)"."""
    low, high = (
        next((getattr(one, end) for one in field.metadata if hasattr(one, end)), None)
        for end in ("ge", "le")
    )
    parts = [f"`{name}`"]
    if low is not None and high is not None:
        parts.append(f"{low:g} … {high:g}")
    if field.description:
        parts.append(field.description)
    values = [str(value) for value in _values(field.annotation)]
    if any(value not in said for value in values):
        parts.append(", ".join(values))
    if isinstance(field.default, bool) or field.default not in (None, "", PydanticUndefined):
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        is_length = isinstance(field.default, int) and low is None and default == field.default
        parts.append(f"({words(float(field.default)) if is_length else default})")
    return " ".join(parts)


def _values(annotation: Any) -> Iterator[Any]:
    """The words of a Literal, also where it may be left out."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for part in get_args(annotation):
        yield from _values(part)


def _places() -> list[str]:
    rows = ["| room | what it is | its places, [x, y] m |", "|---|---|---|"]
    for name, make in ROOMS.items():
        places = ", ".join(f"`{at}` [{p.x:g}, {p.y:g}]" for at, p in make().places.items())
        rows.append(f"| `{name}` | {inspect.getdoc(make)} | {places} |")
    return rows
