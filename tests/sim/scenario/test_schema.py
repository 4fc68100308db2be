"""The JSON schema that editors use says what the reader says."""

import dataclasses
import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from sim.people import doings as people
from sim.rooms.usual import ROOMS
from sim.scenario import schema
from sim.scenario.batch import library

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "scenario.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD = tomllib.loads("""
title = "A press"
about = "One tap."
length = "1 min"
boards = [{ board = "button", unit = "204" }]
people = [{ name = "sam", unit = "204", plan = [{ at = "1 s", do = "enter" }] }]
cues = [{ at = "10 s", do = "press", taps = 2 }, { after = "press", do = "leave", who = "sam" }]
expect = [{ that = "pressed", taps = 2, within = "5 s" }]
""")


def test_every_scenario_of_the_library_is_valid() -> None:
    for path in library():
        VALIDATOR.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"length": "-3 min"},
        {"length": 180},
        {"boards": []},
        {"cues": [{"at": "10 s", "do": "press", "fingers": 3}]},
        {"cues": [{"at": "10 s", "do": "dance"}]},
        {"expect": [{"that": "pressed", "taps": 0}]},
        {"people": [{"name": "sam", "unit": "204", "plan": [{"at": "1 s", "do": "fly"}]}]},
    ],
)
def test_what_the_reader_refuses_is_not_valid(wrong: dict) -> None:
    VALIDATOR.validate(GOOD)

    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**GOOD, **wrong})


def test_the_page_says_every_bound_and_unit_of_what_people_do() -> None:
    page = schema.page()

    for kind in people.DOINGS.values():
        for one in dataclasses.fields(kind):
            if (unit := one.metadata.get("unit")) and unit != "s":
                low, high = one.metadata["low"], one.metadata["high"]
                assert f"{low:g} … {high:g} {unit}" in page, (kind, one.name)
    assert "`over` 10 s … 1 h (3 min)" in page


def test_the_page_names_every_place() -> None:
    page = schema.page()

    for make in ROOMS.values():
        for name, place in make().places.items():
            assert f"`{name}` [{place.x:g}, {place.y:g}]" in page
