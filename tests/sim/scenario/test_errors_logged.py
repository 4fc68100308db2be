"""An error in a log fails the run, unless the scenario asks for it."""

import re
from pathlib import Path

import pytest
from junitparser import JUnitXml

from sim import interpreter
from sim.building.gateway_process import LoopIntake
from sim.scenario import errors_logged, junit, shrink
from sim.scenario.load import load, parse
from sim.scenario.play import play
from sim.scenario.record import Record

PRESS = """\
title = "A press comes in"
about = "One tap, with something broken on the way."
length = "1 min"

[[boards]]
board = "button"
unit = "204"

[[responders]]
name = "ana"

[[cues]]
at = "10 s"
do = "press"

[[expect]]
that = "pressed"
"""
STUMBLES = "the intake stumbled"


@pytest.fixture
def stumbling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway whose intake falls once, says so, and goes on: all that is expected comes true."""
    work = LoopIntake.work
    fallen: list[bool] = []

    def once(self: LoopIntake) -> None:
        if self._alarms and not fallen:
            fallen.append(True)
            raise RuntimeError("nobody thought of this")
        work(self)

    monkeypatch.setattr(LoopIntake, "work", once)


def scenario(more: str = ""):
    return parse(PRESS + more, Path("press.toml"))


@pytest.mark.usefixtures("stumbling")
def test_an_error_in_the_gateways_log_fails_a_run_in_which_all_else_is_as_expected(
    tmp_path,
) -> None:
    outcome = play(scenario())

    assert not outcome.met
    assert not outcome.trouble
    assert [verdict.wanted for verdict in outcome.missed] == [errors_logged.WANTED]
    assert outcome.missed[0].seen.startswith(STUMBLES)
    assert "(gateway, at 0:00:10." in outcome.missed[0].seen
    junit.write([outcome], tmp_path / "report.xml")
    assert JUnitXml.fromfile(str(tmp_path / "report.xml")).failures == 1


@pytest.mark.usefixtures("stumbling")
@pytest.mark.parametrize("often", ["", "at_most = 1\n"])
def test_an_error_that_is_asked_for_fails_nothing(often: str) -> None:
    asked = f'\n[[expect]]\nthat = "warning"\ntext = "{STUMBLES}"\n{often}'

    assert play(scenario(asked)).met


@pytest.mark.usefixtures("stumbling")
def test_another_error_than_the_one_that_is_asked_for_fails_the_run() -> None:
    asked = '\n[[expect]]\nthat = "warning"\ntext = "something else"\nat_most = 1\n'

    assert not play(scenario(asked)).met


def test_the_smallest_that_fails_by_a_log_still_does(tmp_path: Path, monkeypatch) -> None:
    # Given a gateway that falls with every press, and a second press that nobody needs
    work = LoopIntake.work

    def falls(self: LoopIntake) -> None:
        if self._alarms:
            self._alarms.clear()
            raise RuntimeError("nobody thought of this")
        work(self)

    monkeypatch.setattr(LoopIntake, "work", falls)
    loaded = parse(
        PRESS.replace('"pressed"', '"made"\nkind = "press"')
        + '\n[[cues]]\nat = "30 s"\ndo = "press"\nname = "again"\n',
        Path("press.toml"),
    )
    outcome = play(loaded)

    small = load(shrink.smallest(loaded, outcome, tmp_path, patience_s=30))

    assert len(small.scenario.cues) == 1
    assert small.scenario.responders == []
    again = play(small)
    assert [verdict.wanted for verdict in again.missed] == [errors_logged.WANTED]


@pytest.mark.parametrize("text", ["task light has failed", "flash does not take the event; it is"])
def test_an_error_on_a_boards_console_is_one(text: str) -> None:
    records = [
        Record(1_000, "204 button", "log", {"text": "link up"}),
        Record(2_000, "204 button", "log", {"text": text}),
    ]

    verdict = errors_logged.judge([], records)

    assert verdict is not None
    assert (verdict.at_ms, verdict.met) == (2_000, False)
    assert verdict.seen == f"{text} (204 button, at 0:00:02.0)"


def test_a_warning_is_no_error() -> None:
    records = [Record(1_000, "gateway", "warning", {"text": "the store works again"})]

    assert errors_logged.judge([], records) is None


def test_what_is_looked_for_on_a_console_is_what_the_firmware_says() -> None:
    said = [
        line
        for file in (interpreter.firmware_folder() / "doorknock").glob("*.py")
        for line in re.findall(r'log\(\s*"([^"]*)', file.read_text(encoding="utf-8"))
    ]

    for beginning in errors_logged.BOARD_ERRORS:
        assert any(line.startswith(beginning) for line in said), beginning
