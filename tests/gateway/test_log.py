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
