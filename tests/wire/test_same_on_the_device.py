"""CPython and MicroPython make the same bytes of the same message, and read them alike."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from doorknock import wire
from hypothesis import given, settings

from sim.interpreter import micropython
from tests.wire.messages import messages, secrets
from tests.wire.vectors import worked_out

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def on_the_device():
    """A function that works a case out under MicroPython, in one process for all of them."""
    with subprocess.Popen(
        [micropython(), str(HERE / "vectors.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "MICROPYPATH": f"{Path(wire.__file__).parents[1]}:.frozen"},
    ) as process:

        def ask(case):
            # MicroPython joins no surrogate pairs: the text itself, not its escapes.
            process.stdin.write(json.dumps(case, ensure_ascii=False) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()
        assert process.wait(10) == 0


@settings(max_examples=500, deadline=None)
@given(message=messages, secret=secrets)
def test_the_same_message_gives_the_same_bytes_on_both(on_the_device, message, secret):
    case = [*message, secret.hex()]
    assert on_the_device(case) == json.loads(json.dumps(worked_out(case)))
