"""A scenario file is a test: pytest collects `*.scenario.toml`, and runs it.

Other people's TOML files are never touched: only that ending counts, and folders that the
project's own configuration names:

    [tool.pytest.ini_options]
    doorknock_scenarios = ["sim/scenarios"]

pytest loads this in every project of the environment in which the simulator is installed: so
nothing of the simulator is imported until there is such a file.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sim.scenario.outcome import Outcome

ENDING = ".scenario.toml"
FOLDERS = "doorknock_scenarios"
SMALLEST = "--scenario-smallest"
# Real seconds for what comes after a run: its end in order, and looking for the smallest.
AT_THE_END_S = 120.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """The folders whose TOML files are scenarios; where to write the smallest that fails."""
    parser.addini(FOLDERS, "folders in which every .toml file is a scenario", type="paths")
    parser.getgroup("doorknock").addoption(
        SMALLEST,
        metavar="FOLDER",
        type=Path,
        help="for each scenario that fails, write the smallest part that still does into FOLDER",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """A scenario, or None for what is none of ours."""
    if file_path.suffix != ".toml":
        return None
    folders: list[Path] = parent.config.getini(FOLDERS)
    if file_path.name.endswith(ENDING) or file_path.parent in folders:
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """One file: one run, one test."""

    def collect(self) -> Iterator["ScenarioItem"]:
        """Raises CollectError with the file and the line where it is no scenario."""
        from sim.scenario.errors import WrongScenario
        from sim.scenario.load import load

        try:
            loaded = load(self.path)
        except WrongScenario as error:
            raise self.CollectError(str(error)) from None
        item: ScenarioItem = ScenarioItem.from_parent(self, name=loaded.name)
        item.loaded = loaded
        if self.config.pluginmanager.hasplugin("timeout"):
            # A scenario has a limit of its own: pytest-timeout's is for what has none.
            item.add_marker(pytest.mark.timeout(loaded.scenario.limit / 1000 + AT_THE_END_S))
        yield item


class NotAsExpected(Exception):
    """The run, with what was not as it should be."""

    def __init__(self, outcome: "Outcome") -> None:
        super().__init__(outcome.name)
        self.outcome = outcome


class ScenarioItem(pytest.Item):
    """The test: plays the scenario, and fails with what was seen instead."""

    loaded: Any

    def runtest(self) -> None:
        """Raises NotAsExpected."""
        from sim.scenario.play import play

        outcome = play(self.loaded)
        folder: Path | None = self.config.getoption(SMALLEST)
        if outcome.met:
            return
        if folder is not None:
            from sim.scenario import shrink

            outcome.smallest = shrink.smallest(self.loaded, outcome, folder)
        raise NotAsExpected(outcome)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The timeline and the expectations, as `doorknock sim run` shows them."""
        if not isinstance(excinfo.value, NotAsExpected):
            return super().repr_failure(excinfo, style)
        from io import StringIO

        from rich.console import Console

        from sim.scenario import timeline

        text = StringIO()
        console = Console(file=text, width=100, highlight=False, color_system=None)
        timeline.show(console, excinfo.value.outcome, timeline=True)
        return text.getvalue()

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is, and what it shows."""
        return self.path, 0, self.loaded.scenario.title
