"""Runs test scripts under the real MicroPython interpreter, on the real firmware."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sim import hardware
from sim.interpreter import environment, micropython

ON_THE_DEVICE = Path(__file__).parent / "on_the_device"


@pytest.fixture
def on_the_device(tmp_path: Path) -> Callable[..., str]:
    """on_the_device("script.py", *arguments): what it printed; fails, with its output, if it does.

    The scripts import `case` and `run` from on_the_device/cases.py.
    """

    def run(script: str, *arguments: str, hardware_stand_ins: bool = False) -> str:
        stand_ins = [Path(hardware.__path__[0])] if hardware_stand_ins else []
        done = subprocess.run(
            [micropython(), "-X", "heapsize=8M", str(ON_THE_DEVICE / script), *arguments],
            env=environment(*stand_ins, ON_THE_DEVICE),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        output = done.stdout + done.stderr
        if done.returncode:
            pytest.fail(f"{script} under MicroPython:\n{output}", pytrace=False)
        return output

    return run
