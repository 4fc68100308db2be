"""docs/lessons.md names only what there is, and leaves no lesson out."""

import re
import tomllib
from pathlib import Path

import pytest

from sim.scenario.batch import LIBRARY, library

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
ROWS = {int(row[1]): row[0] for row in re.finditer(r"^\| (\d+) \|.*$", PAGE, flags=re.MULTILINE)}
LESSONS = range(1, 39)


def test_every_lesson_stands_in_the_page() -> None:
    assert list(ROWS) == list(LESSONS)


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_proves_a_lesson_exists(lesson: int) -> None:
    scenarios = re.findall(r"\(\.\./(sim/scenarios/\w+\.toml)\)", ROWS[lesson])
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", ROWS[lesson])

    assert scenarios or tests
    for scenario in scenarios:
        claimed = tomllib.loads((ROOT / scenario).read_text(encoding="utf-8")).get("lessons", [])
        assert lesson in claimed, scenario
    for file, name in tests:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (file, name)


def test_a_scenario_that_claims_a_lesson_stands_in_its_row() -> None:
    for path in library():
        for lesson in tomllib.loads(path.read_text(encoding="utf-8")).get("lessons", []):
            assert f"(../sim/scenarios/{path.name})" in ROWS[lesson], (path.name, lesson)


def test_the_library_is_large_and_has_an_ordinary_day() -> None:
    names = [path.stem for path in library()]

    assert len(names) >= 40
    assert "ordinary_day" in names
    assert LIBRARY.is_dir()
