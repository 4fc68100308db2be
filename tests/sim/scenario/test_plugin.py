"""A scenario file is a test; nobody else's TOML file is touched."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PRESS = """\
title = "A press goes out"
about = "One tap."
length = "30 s"

[[boards]]
board = "button"
unit = "204"

[[cues]]
at = "10 s"
do = "press"

[[expect]]
that = "pressed"
times = {times}
"""


def run(pytester: pytest.Pytester, *more: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*more)


def test_a_scenario_is_collected_and_passes(pytester: pytest.Pytester) -> None:
    (pytester.path / "press.scenario.toml").write_text(PRESS.format(times=1))

    result = run(pytester, "-v")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*press.scenario.toml::press PASSED*"])


def test_one_that_fails_shows_what_was_seen_instead(pytester: pytest.Pytester) -> None:
    (pytester.path / "press.scenario.toml").write_text(PRESS.format(times=2))

    result = run(pytester, "--scenario-smallest", "small")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*✗ pressed, exactly 2 times*once*(line 13)*"])
    assert (pytester.path / "small" / "press.smallest.toml").exists()


def test_one_that_is_wrong_is_told_with_its_line(pytester: pytest.Pytester) -> None:
    text = PRESS.format(times=1).replace('do = "press"', 'do = "pres"')
    (pytester.path / "press.scenario.toml").write_text(text)

    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*press.scenario.toml, line 9: 'pres' is not known*"])


def test_other_toml_files_are_nobodys_test(pytester: pytest.Pytester) -> None:
    (pytester.path / "settings.toml").write_text("x = 1\n")
    (pytester.path / "scenarios").mkdir()
    (pytester.path / "scenarios" / "theirs.toml").write_text("x = 1\n")

    result = run(pytester)

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_folder_that_is_named_is_all_scenarios(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ndoorknock_scenarios = mine\n")
    folder: Path = pytester.path / "mine"
    folder.mkdir()
    (folder / "press.toml").write_text(PRESS.format(times=1))

    result = run(pytester, "mine")

    result.assert_outcomes(passed=1)
