"""Reads a scenario, or says in one sentence what is wrong with it, and on which line."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sim.scenario.errors import WrongScenario
from sim.scenario.format import Scenario
from sim.scenario.lines import Lines, Place
from sim.scenario.sense import Nonsense, check

# A scenario is a page or two; what is longer was not meant for us.
LARGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Loaded:
    """A scenario and the file it is from. data: as the file has it."""

    path: Path
    scenario: Scenario
    data: dict[str, Any]
    lines: Lines

    @property
    def name(self) -> str:
        """ "ordinary_day" of sim/scenarios/ordinary_day.toml."""
        return self.path.name.removesuffix(".toml").removesuffix(".scenario")


def load(path: Path) -> Loaded:
    """Raises WrongScenario."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise WrongScenario(f"{path} is larger than a scenario can be (1 MB).")
        # Some editors begin a file with a mark that is no text.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WrongScenario(f"{path} is no text in UTF-8.") from None
    except OSError as trouble:
        reason = (trouble.strerror or "it is not there").lower()
        raise WrongScenario(f"{path} cannot be read: {reason}.") from None
    return parse(text, path)


def parse(text: str, path: Path) -> Loaded:
    """The scenario in *text*; *path* is for what is said about it. Raises WrongScenario."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise WrongScenario(f"{path} is no TOML: {_lower(str(trouble))}.") from None
    except RecursionError:
        raise WrongScenario(f"{path} is no scenario: lists in lists in lists.") from None
    lines = Lines(text)
    try:
        scenario = Scenario.model_validate(data)
        check(scenario)
    except ValidationError as trouble:
        first = min(trouble.errors(), key=lambda error: lines.of(_place(error["loc"], data)))
        place = _place(first["loc"], data)
        raise WrongScenario(_said(path, lines, place, _sentence(first, place))) from None
    except Nonsense as trouble:
        raise WrongScenario(_said(path, lines, trouble.place, str(trouble))) from None
    return Loaded(path, scenario, data, lines)


def _said(path: Path, lines: Lines, place: Place, what: str) -> str:
    return f"{path}, line {lines.of(place)}: {what.rstrip('.')}."


def _place(loc: tuple[int | str, ...], data: Any) -> Place:
    """Where that is in the file: a model's own joints and tags are not in it."""
    return tuple(_walk(loc, data))


def _walk(loc: tuple[int | str, ...], data: Any) -> Iterator[str | int]:
    last = len(loc) - 1
    for number, part in enumerate(loc):
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
            yield part
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            yield part
        elif number == last and isinstance(data, dict):
            yield part  # a key that is missing


def _sentence(error: ErrorDetails, place: Place) -> str:
    key = f"{place[-1]!r}" if place and isinstance(place[-1], str) else "this"
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"there is no key {key} here"
        case "union_tag_not_found":
            return f"{context['discriminator']!s} is missing: what is meant?".replace("'", "")
        case "union_tag_invalid":
            known = str(context["expected_tags"]).replace("'", "")
            return f"{context['tag']!r} is not known; known are {known}"
        case "literal_error":
            return f"{key} is {error['input']!r}, and must be {context['expected']}"
        case "bool_type":
            return f"{key} is {error['input']!r}: write true or false, without quotes"
        case "int_type" | "float_type":
            return f"{key} is {error['input']!r}: write a number, without quotes"
        case "string_type":
            return f"{key} is {error['input']!r}: write a text, in quotes"
        case "value_error":
            return str(context["error"])
        case "string_pattern_mismatch":
            allowed = "letters, digits, spaces and ( ) . ' - only"
            if str(context["pattern"]).startswith("^[a-z]"):
                allowed = "small letters, digits, _ and - only"
            return f"{key} is {error['input']!r}: {allowed}"
        case _:
            return f"{key} is {error['input']!r}: {_lower(error['msg'])}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
