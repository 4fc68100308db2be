"""`doorknock sim evaluate`, from end to end: real firmware, real interpreter, real report."""

import json

import pytest
from typer.testing import CliRunner

from sim import trace
from sim.cli import sim
from sim.evaluate import cli, page, plots
from sim.evaluate.kinds import KINDS
from sim.evaluate.play import DOORKNOCK, Result, Task
from sim.evaluate.truth import Score
from sim.evaluate.wrong import again, write_traces


def evaluate(*arguments):
    return CliRunner().invoke(sim, ["evaluate", *map(str, arguments)])


def test_a_quick_run_plays_every_short_kind_and_says_so_in_json():
    outcome = evaluate("--quick", "--json", "--seed", 3)
    *cases, last = [json.loads(line) for line in outcome.stdout.splitlines()]
    summary = last["summary"]
    assert {line["kind"] for line in cases} == {kind.name for kind in KINDS if kind.share >= 0.5}
    assert {line["system"] for line in cases} >= {"doorknock", "fixed threshold, 180 s"}
    assert not any(line["broken"] for line in cases)
    assert (summary["seed"], summary["split"]) == (3, "test")
    # The exit says what the summary says.
    assert outcome.exit_code == (0 if summary["targets_met"] else 1)
    assert ("missed:" in outcome.stderr) == (not summary["targets_met"])
    # What the product is for, at the least: who stops breathing before it is called for.
    (target,) = [t for t in summary["targets"] if t["what"].startswith("apnoea that lasts")]
    assert target["met"], target["measured"]


def test_the_same_seed_makes_the_same_run_and_another_another():
    one, same, other = (
        evaluate("--only", "empty, cat", "--cases", 2, "--seed", seed, "--json", "--alone").stdout
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_a_missed_target_is_said_and_fails(monkeypatch):
    # given a target that nobody can meet
    impossible = (("peace", "more than all", 1.01),)
    monkeypatch.setattr("sim.evaluate.summary._SHARES", impossible)
    outcome = evaluate("--only", "empty, wall", "--cases", 1, "--alone")
    assert outcome.exit_code == 1
    assert "missed: more than all" in outcome.stderr
    assert "empty, wall" in outcome.stdout


def test_what_went_wrong_is_drawn_and_written_for_a_replay(tmp_path):
    task = Task("apnoea, gate stays open", 0, 1, "test")
    onset_ms = again(task).truth.onset_ms
    missed = Score(False, 40.0, 55.0, 1, 1, 0, 0, ("no_breathing",), ())
    wrong = Result(task, DOORKNOCK, missed, onset_ms, "help", 300.0, 0.0, 0, "")
    rooms = Task("presence: visits", 0, 1, "test")
    called = Score(False, None, None, 1, 1, 1, 1, ("no_movement",), ())
    more = Result(rooms, DOORKNOCK, called, None, "rest", 300.0, 0.0, 3, "")
    page.write([wrong, more], tmp_path / "report.html", 1, "test")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "asked 40.0 s after onset, called after 55.0 s" in text
    assert text.count("data:image/png;base64,") == 2
    assert "http" not in text
    write_traces([wrong], tmp_path / "traces")
    (written,) = (tmp_path / "traces").glob("*.csv")
    read = trace.read(written)
    assert read.rows == again(task).trace.rows
    assert read.notes["truth"] == f"help, onset at {onset_ms} ms after the first sample"


def test_a_case_whose_rooms_are_not_known_is_drawn_all_the_same():
    case = again(Task("apnoea, gate stays open", 0, 1, "test"))
    assert plots.as_png(case, [], case.truth.onset_ms).startswith("data:image/png;base64,")


@pytest.mark.parametrize("none", ["telepathy", ""])
def test_a_kind_that_is_none_is_wrong_use(none):
    outcome = evaluate("--only", none)
    assert outcome.exit_code == cli.WRONG_USE
    assert f"No kind has {none!r} in its name; the kinds are: " in outcome.stderr


@pytest.mark.parametrize(
    "bad",
    [("--cases", 0), ("--cases", -3), ("--split", "both"), ("--workers", 0), ("--workers", 10**6)],
)
def test_wrong_options_are_wrong_use(bad):
    assert evaluate(*bad).exit_code == cli.WRONG_USE


def test_a_report_that_cannot_be_written_is_said_in_a_sentence(tmp_path):
    nowhere = tmp_path / "no such folder" / "report.html"
    outcome = evaluate("--only", "empty, wall", "--cases", 1, "--alone", "--html", nowhere)
    assert outcome.exit_code == cli.WRONG_USE
    assert f"{nowhere} cannot be written: {nowhere.parent} is no folder." in outcome.stderr
    assert "cases of" not in outcome.stderr  # before anything is played
    outcome = evaluate("--only", "empty, wall", "--cases", 1, "--alone", "--html", tmp_path)
    assert outcome.exit_code == cli.WRONG_USE
    assert f"{tmp_path} cannot be written: is a directory." in outcome.stderr
    assert "cases of" not in outcome.stderr


def test_traces_and_a_page_that_cannot_be_written_are_said_before_anything_is_played(tmp_path):
    file = tmp_path / "file"
    file.write_text("a page")
    for option, words in (("--traces", "is no folder"), ("--markdown", "has no place for the")):
        outcome = evaluate("--only", "empty, wall", "--cases", 1, "--alone", option, file)
        assert outcome.exit_code == cli.WRONG_USE
        assert len(outcome.stderr.splitlines()) == 1
        assert words in outcome.stderr
    assert file.read_text() == "a page"


def test_a_page_of_nothing_wrong_says_so(tmp_path):
    report = tmp_path / "report.html"
    outcome = evaluate("--only", "empty, wall", "--cases", 1, "--alone", "--html", report)
    assert outcome.exit_code == 0
    assert "Nothing did." in report.read_text(encoding="utf-8")
    assert "<details" not in report.read_text(encoding="utf-8")
