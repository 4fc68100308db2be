"""CPython and MicroPython make the same bytes of the same message, and read them alike."""

import json
import os
import subprocess
from pathlib import Path

from doorknock import wire
from hypothesis import given, settings
from hypothesis import strategies as st
from sim.interpreter import micropython

from tests.wire.messages import messages, secrets
from tests.wire.vectors import worked_out

HERE = Path(__file__).parent


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(messages, secrets), min_size=20, max_size=60))
def test_the_same_vectors_give_the_same_bytes_on_both(drawn):
    cases = [[*message, secret.hex()] for message, secret in drawn]
    done = subprocess.run(
        [micropython(), str(HERE / "vectors.py")],
        input="".join(json.dumps(case) + "\n" for case in cases),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MICROPYPATH": f"{Path(wire.__file__).parents[1]}:.frozen"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    on_the_device = [json.loads(line) for line in done.stdout.splitlines()]
    here = [json.loads(json.dumps(worked_out(case))) for case in cases]
    assert on_the_device == here
