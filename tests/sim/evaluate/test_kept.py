"""A long run that was cut off goes on where it was, and what no longer counts is not counted."""

import json

import pytest
from typer.testing import CliRunner

from sim.cli import sim
from sim.evaluate.kept import Kept, NotKept, digest_of
from sim.evaluate.play import DOORKNOCK, Result, Task, mark_of
from sim.evaluate.truth import Score
from sim.evaluate.wrong import again

KIND = "empty, cat"


def result(index=0, system=DOORKNOCK, beside=(), mark=None):
    task = Task(KIND, index, 1, "tune", beside, "/somewhere")
    scored = Score(True, None, 1.5, 2, 1, 0, 0, ("vanished",), ("cannot_see",), "", 1, 0)
    event = {"t_ms": 5, "event": "watch", "state": "started"}
    mark = mark_of(again(task).trace) if mark is None else mark
    return Result(task, system, scored, None, "rest", 600.0, 7.5, 3, "note", [event], mark)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "results.jsonl"


def test_what_was_kept_is_found_again_as_it_was(file):
    Kept(file, "abc").add([result(0), result(1)])
    found = Kept(file, "abc")
    (again_found,) = found.of(result(1).task)
    assert again_found == result(1).__class__(
        **{**vars(result(1)), "task": Task(KIND, 1, 1, "tune")}
    )
    assert [each.task.index for each in found.all()] == [0, 1]
    assert found.of(result(2).task) is None


def test_a_case_that_asks_for_more_systems_than_are_kept_is_played(file):
    kept = Kept(file, "abc")
    kept.add([result(0)])
    more = Task(KIND, 0, 1, "tune", ("fixed threshold, 180 s", "with a door contact"))
    assert kept.of(more) is None
    kept.add([result(0, "fixed threshold, 180 s")])
    # Not every case has a door.
    assert [each.system for each in kept.of(more)] == [DOORKNOCK, "fixed threshold, 180 s"]


def test_what_another_firmware_said_does_not_count(file):
    Kept(file, "abc").add([result(0)])
    other = Kept(file, "def")
    assert (other.all(), other.passed_over) == ([], 1)
    other.add([result(0)])
    assert len(Kept(file, "abc").all()) == len(Kept(file, "def").all()) == 1


def test_cases_that_are_made_otherwise_now_do_not_count(file):
    Kept(file, "abc").add([result(0, mark=1), result(1, mark=2)])
    found = Kept(file, "abc")
    assert (found.all(), found.passed_over) == ([], 2)


@pytest.mark.parametrize("left", [1, 40])
def test_a_run_that_was_cut_off_in_writing_goes_on(file, left):
    Kept(file, "abc").add([result(0), result(1)])
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - left])
    found = Kept(file, "abc")
    assert [each.task.index for each in found.all()] == [0]
    found.add([result(1)])
    assert file.read_bytes() == whole


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"firmware": "abc", "kind": "seated"}'])
def test_a_file_of_something_else_is_left_alone(file, line):
    file.write_text(f"{line}\n")
    with pytest.raises(NotKept, match="its line 1 is no result"):
        Kept(file, "abc")
    assert file.read_text() == f"{line}\n"


@pytest.fixture
def package(tmp_path):
    """A sensor that imports in every way in which the firmware's rooms do, and a room beside it."""
    for name, text in {
        "__init__.py": "",
        "sensor.py": "from . import watch\n",
        "watch.py": "from .clock import since\n",
        "clock.py": "def make():\n    from .radar.mr60 import Mr60\n",
        "radar/__init__.py": "",
        "radar/mr60.py": "from ..settings import TABLE\n",
        "settings.py": "TABLE = ()\n",
        "link.py": "",
    }.items():
        file = tmp_path / "doorknock" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path / "doorknock"


@pytest.mark.parametrize(
    "changed", ["sensor.py", "watch.py", "clock.py", "radar/mr60.py", "settings.py"]
)
def test_a_sensor_is_known_by_the_files_it_is_made_of(package, changed):
    one = digest_of(package)
    assert digest_of(package) == one
    (package / changed).write_text((package / changed).read_text() + "x = 1\n")
    assert digest_of(package) != one


def test_what_the_sensor_does_not_import_changes_no_result(package):
    one = digest_of(package)
    (package / "link.py").write_text("x = 1\n")
    assert digest_of(package) == one


def evaluate(*arguments):
    return CliRunner().invoke(sim, ["evaluate", *map(str, arguments)])


def test_a_run_goes_on_and_what_is_kept_is_told_without_playing(file, tmp_path):
    # given a run of two cases
    first = evaluate("--only", KIND, "--cases", 4, "--alone", "--keep", file)
    assert first.exit_code == 0
    # when it goes on to three, then only one is played
    more = evaluate("--only", KIND, "--cases", 6, "--alone", "--keep", file, "--json")
    assert "2 of them are kept already." in more.stderr
    assert len(more.stdout.splitlines()) == 4
    assert len(file.read_text().splitlines()) == 3
    # and the whole is told without playing, into a page as well
    page = tmp_path / "page.md"
    told = evaluate("--no-play", "--keep", file, "--markdown", page, "--json")
    assert told.exit_code == 0
    (last,) = told.stdout.splitlines()
    assert json.loads(last)["summary"]["kinds"][0]["n"] == 3
    assert f"| {KIND} | simulated | 3 of 3 |" in page.read_text("utf-8")


def test_kept_files_that_cannot_be_are_told_in_a_sentence(tmp_path):
    def said(*arguments):
        outcome = evaluate("--only", KIND, "--cases", 1, "--alone", *arguments)
        assert outcome.exit_code == 2
        (sentence,) = outcome.stderr.splitlines()[-1:]
        return sentence

    assert "name the file with --keep" in said("--no-play")
    assert "is no folder" in said("--keep", tmp_path / "no" / "file")
    assert "cannot be written: is a directory" in said("--keep", tmp_path)
    assert "holds no result of this firmware" in said("--no-play", "--keep", tmp_path / "new")
