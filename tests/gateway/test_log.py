"""The log: for people and for programs, and no secret in either."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import sys
import structlog
from gateway import log
log.configure(as_json={as_json})
def fail(password):
    raise KeyError("no such row")
try:
    fail("hush" + "-hush")
except KeyError as error:
    structlog.get_logger("x").error("it stumbled", device="0011", exc_info=error)
"""


def logged(*, as_json: bool) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(as_json=as_json)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_shows_the_fault_and_not_what_the_variables_held(as_json: bool) -> None:
    said = logged(as_json=as_json)

    assert "it stumbled" in said
    assert "no such row" in said
    assert "hush-hush" not in said


def test_programs_read_one_object_a_line() -> None:
    (line,) = logged(as_json=True).splitlines()

    assert json.loads(line)["event"] == "it stumbled"
    assert json.loads(line)["device"] == "0011"


def test_lines_that_cannot_be_written_are_lost_and_nothing_else() -> None:
    """The reader of the log has gone: what logs must not end for it."""
    script = (
        "import os, sys, structlog\n"
        "from gateway import log\n"
        "log.configure(as_json=True)\n"
        "say = structlog.get_logger('x').info\n"
        "reader, writer = os.pipe()\n"
        "os.close(reader)\n"
        "os.dup2(writer, 2)\n"
        "for _ in range(1000): say('nobody reads this')\n"
        "sys.stderr.close()\n"
        "say('nor this')\n"
        "print('still here', flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.stdout == "still here\n"


@pytest.mark.parametrize(("verbose", "shown"), [(False, ["told"]), (True, ["asked", "told"])])
def test_what_makes_a_diary_is_only_shown_to_whoever_asks_for_it(
    verbose: bool, shown: list[str]
) -> None:
    script = f"""
import structlog
from gateway import log
log.configure(as_json=True, verbose={verbose})
structlog.get_logger("x").debug("asked")
structlog.get_logger("x").info("told")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == shown
