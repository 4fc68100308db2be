"""The situations that the page offers: scenarios with a sensor and somebody before it."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.scenario.errors import WrongScenario
from sim.scenario.load import Loaded, load

HERE = Path(__file__).parent
# Ours, in the order in which one learns by them; their texts are in the catalogue.
OWN = ("washroom", "home", "two_people", "presence")
LIBRARY = HERE.parent / "scenarios"


@dataclass(frozen=True)
class Situation:
    """A scenario to choose. name: its file's. title, about: keys of the catalogue, or, of a
    scenario that the catalogue does not know, its own words. own: whether it is the studio's."""

    name: str
    path: Path
    title: str
    about: str = ""
    own: bool = True


def situations(first: Path | None = None, library: Path = LIBRARY) -> list[Situation]:
    """All of them, *first* before the others. Raises WrongScenario for a *first* that is wrong."""
    chosen = [] if first is None else [_as_written(load(first), own=True)]
    ours = [
        Situation(name, HERE / "scenarios" / f"{name}.toml", f"situation_{name}", _about(name))
        for name in OWN
    ]
    return [*chosen, *ours, *_with_somebody(sorted(library.glob("*.toml")))]


def _about(name: str) -> str:
    return f"situation_{name}_about"


def _as_written(loaded: Loaded, *, own: bool) -> Situation:
    scenario = loaded.scenario
    about = " ".join(scenario.about.split())
    # Its path says which it is, should it be called as one of ours is.
    name = str(loaded.path) if own else loaded.name
    return Situation(name, loaded.path.absolute(), scenario.title, about, own)


def _with_somebody(paths: Iterable[Path]) -> list[Situation]:
    found = []
    for path in paths:
        # One that is wrong is told where scenarios are run; here the others are still of use.
        with contextlib.suppress(WrongScenario):
            found.append(load(path))
    return [_as_written(one, own=False) for one in found if _is_for_a_page(one)]


def _is_for_a_page(loaded: Loaded) -> bool:
    watched = {board.unit for board in loaded.scenario.boards if board.board == "sensor"}
    return any(person.unit in watched for person in loaded.scenario.people)
