"""A full disk: what a command made and could not write whole does not stay."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import writable
from sim.evaluate import page
from sim.evaluate.kept import Kept
from sim.scenario import junit
from tests.sim.evaluate.test_kept import result


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Files can be made, and hold nothing: as on a full disk, but for the name of the error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_report_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    with full_disk():
        junit.write([], tmp_path / "report.xml")
    with full_disk():
        page.write([], tmp_path / "report.html", 1, "test")

    assert list(tmp_path.iterdir()) == []


def test_results_to_be_kept_that_find_no_room_leave_nothing(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    with full_disk():
        Kept(file, "abc").add([result(0)])
    assert list(tmp_path.iterdir()) == []

    # What was kept before stays
    Kept(file, "abc").add([result(0)])
    with full_disk():
        Kept(file, "abc").add([result(1)])
    assert len(Kept(file, "abc").all()) == 1


def test_a_file_that_was_there_is_left_to_whoever_made_it(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.touch()
    with full_disk(), writable.written(file):
        file.write_text("new")
    assert file.exists()


def test_looking_into_what_is_not_there_makes_no_file(tmp_path: Path) -> None:
    assert Kept(tmp_path / "mistyped", "abc").all() == []
    assert list(tmp_path.iterdir()) == []
