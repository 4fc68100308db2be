"""The pages on what each light means say what the firmware shows."""

import re
from pathlib import Path

import pytest
from doorknock import signals

DOCS = Path(__file__).parents[1] / "docs"
STAFF = DOCS / "staff" / "lights.md"
RESIDENTS = sorted((DOCS / "residents").glob("??.md"))
# What residents are told of; the rest is for whoever looks after devices.
OF_RESIDENTS = ("sending", "delivered", "asked_again", "coming", "cannot_send", "prompt", "agree")
SHOWN = {name: pattern for name, pattern in signals.PATTERNS.items() if name != "none"}
ALL = SHOWN | signals.SHORT

# A sign is a tenth of a second, a bar three seconds.
SIGN_MS = 100
BAR_MS = 3000


def bar(name: str) -> str:
    """The rhythm as it is drawn: lit or dark in the middle of each tenth of a second."""
    light = ALL[name][0]
    length = sum(light) if name in signals.SHORT else BAR_MS
    signs = ""
    for at in range(SIGN_MS // 2, length, SIGN_MS):
        left = at % sum(light)
        step = 0
        while left >= light[step]:
            left -= light[step]
            step += 1
        signs += "█" if step % 2 == 0 else "·"
    return signs


def row_of(name: str) -> str:
    rows = [line for line in STAFF.read_text("utf-8").splitlines() if f"| `{name}` |" in line]
    assert len(rows) == 1, f"{name} has {len(rows)} rows"
    return rows[0]


@pytest.mark.parametrize("name", list(ALL))
def test_the_page_for_staff_draws_each_rhythm_as_the_light_shows_it(name: str) -> None:
    drawn = re.findall(r"`([█·]+)`", row_of(name))

    assert drawn == [bar(name)]


@pytest.mark.parametrize("name", list(ALL))
def test_the_page_for_staff_names_each_tone_and_when_it_comes_back(name: str) -> None:
    _, sound, every = ALL[name]
    row = row_of(name)

    written = re.search(r"\(([\d, ]+) Hz\)", row)
    assert written is not None
    assert [int(hz) for hz in written[1].split(",")] == [hz for hz, _ in sound if hz]
    again = re.search(r"every (\d+) s", row)
    assert (int(again[1]) * 1000 if again else 0) == every


@pytest.mark.parametrize("page", RESIDENTS, ids=lambda page: page.stem)
@pytest.mark.parametrize("name", OF_RESIDENTS)
def test_a_resident_s_page_draws_each_rhythm_as_the_light_shows_it(page: Path, name: str) -> None:
    assert f"`{bar(name)}`" in page.read_text("utf-8")


def test_there_is_a_page_for_residents_in_each_language() -> None:
    assert [page.stem for page in RESIDENTS] == ["en", "es", "fr"]
