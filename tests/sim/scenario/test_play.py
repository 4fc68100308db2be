"""A scenario from its file to its outcome: played, judged, reported, made smaller."""

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml
from typer.testing import CliRunner

from sim.cli import sim
from sim.scenario import junit, shrink
from sim.scenario.load import load, parse
from sim.scenario.play import play

PRESS = """\
title = "A press goes out"
about = "One tap, and Ana answers."
length = "1 min"

[[boards]]
board = "button"
unit = "204"

[[boards]]
board = "button"
unit = "205"

[[responders]]
name = "ana"
answers_after = "5 s"

[[cues]]
at = "10 s"
do = "press"
board = "204 button"

[[cues]]
at = "20 s"
do = "network"
to = "hang_up"

[[expect]]
that = "light"
state = "coming"
within = "15 s"
of = "press"
"""
RUNNER = CliRunner()


def written(folder: Path, text: str = PRESS, name: str = "press.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_is_played_and_met(tmp_path: Path) -> None:
    outcome = play(load(written(tmp_path)))

    assert outcome.met, outcome.trouble
    assert outcome.verdicts[0].seen.startswith("at 0:00:1")
    assert [record.t_ms for record in outcome.records] == sorted(
        record.t_ms for record in outcome.records
    )


def test_the_same_seed_gives_the_same_run_to_the_byte(tmp_path: Path) -> None:
    scenario = load(written(tmp_path))

    first, again, other = (play(scenario, seed) for seed in (7, 7, 8))

    def said(outcome):
        return [json.dumps(record.line()) for record in outcome.records]

    assert said(first) == said(again)
    assert said(first) != said(other)


def test_a_world_is_kept_where_it_is_wished(tmp_path: Path) -> None:
    play(load(written(tmp_path)), folder=tmp_path / "kept")

    assert (tmp_path / "kept" / "building" / "data" / "gateway.db").exists()
    assert (tmp_path / "kept" / "boards" / "1").is_dir()


def test_a_world_is_kept_in_a_folder_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    monkeypatch.chdir(tmp_path)

    result = RUNNER.invoke(sim, ["run", path.name, "--keep", "kept"])

    assert result.exit_code == 0, result.output
    assert (tmp_path / "kept" / "press" / "boards" / "1" / "flash.bin").exists()


def test_a_world_that_was_kept_is_not_played_in_again(tmp_path: Path) -> None:
    arguments = ["run", str(written(tmp_path)), "--keep", str(tmp_path / "kept")]
    first = RUNNER.invoke(sim, arguments)

    again = RUNNER.invoke(sim, arguments)

    assert (first.exit_code, again.exit_code) == (0, 2)
    assert "kept/press is not empty: name another folder" in again.output


def test_json_is_one_object_a_line_and_a_summary_last(tmp_path: Path) -> None:
    result = RUNNER.invoke(sim, ["run", str(written(tmp_path)), "--json"])

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.output
    assert all({"t_ms", "device", "event"} <= set(line) for line in lines[:-1])
    assert lines[-1]["summary"]["met"] is True


def test_what_was_not_as_expected_is_exit_1_and_in_the_report(tmp_path: Path) -> None:
    path = written(tmp_path, PRESS.replace('state = "coming"', 'state = "cannot_send"'))

    result = RUNNER.invoke(
        sim, ["run", str(path), "--junit", str(tmp_path / "report.xml"), "--no-shrink"]
    )

    assert result.exit_code == 1
    assert "✗ light, state cannot_send, within 15 s of press" in result.stdout
    assert "instead:" in result.stdout
    report = JUnitXml.fromfile(str(tmp_path / "report.xml"))
    assert (report.tests, report.failures) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run"], "Name a scenario"),
        (["run", "nowhere.toml"], "nowhere.toml cannot be read: no such file"),
        (["run", "{good}", "--junit", "no/where.xml"], "no is no folder"),
        (["run", "{good}", "--junit", "/"], "/ cannot be written: is a directory"),
        (["run", "{bad}"], "line 3: '-1 min' is negative"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(tmp_path: Path, arguments, says) -> None:
    good = written(tmp_path)
    bad = written(tmp_path, PRESS.replace('"1 min"', '"-1 min"'), "bad.toml")

    result = RUNNER.invoke(
        sim, [part.format(good=good, bad=bad) for part in arguments], catch_exceptions=False
    )

    assert result.exit_code == 2
    assert says in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_firmware_that_falls_is_told_with_its_traceback(tmp_path: Path) -> None:
    # Given a board that runs into something nobody thought of
    loaded = parse(
        PRESS.replace('do = "network"\nto = "hang_up"', 'do = "fall"\nboard = "204 button"'),
        Path("x.toml"),
    )

    outcome = play(loaded)

    assert not outcome.met
    assert "Traceback (most recent call last)" in outcome.trouble
    assert "nobody thought of this" in outcome.trouble


def test_a_run_that_takes_too_long_ends_with_a_sentence(tmp_path: Path) -> None:
    text = PRESS.replace('length = "1 min"', 'length = "24 h"\nlimit = "500 ms"')

    outcome = play(parse(text, Path("x.toml")))

    assert not outcome.met
    assert "has used up its 0.5 s of real time" in outcome.trouble


def test_the_smallest_that_still_fails_is_written_and_can_be_played(tmp_path: Path) -> None:
    text = PRESS.replace('state = "coming"', 'state = "cannot_send"')
    loaded = load(written(tmp_path, text))
    outcome = play(loaded)

    file = shrink.smallest(loaded, outcome, tmp_path / "small", patience_s=30)

    small = load(file)
    assert not play(small).met
    # What has nothing to do with it is gone: the hang-up, the responder, the other button
    assert [cue.action.do for cue in small.scenario.cues] == ["press"]
    assert small.scenario.responders == []
    assert len(small.scenario.boards) == 1


def test_a_known_limit_fails_nobody_and_is_told(tmp_path: Path) -> None:
    limit = 'state = "cannot_send"\nknown_limit = "nobody can see through walls"'
    outcome = play(load(written(tmp_path, PRESS.replace('state = "coming"', limit))))
    junit.write([outcome], tmp_path / "report.xml")

    assert outcome.met
    assert not outcome.verdicts[0].met
    assert JUnitXml.fromfile(str(tmp_path / "report.xml")).skipped == 1
