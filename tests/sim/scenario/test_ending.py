"""A run that is told to end leaves nothing behind: no board, no worker, no folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.scenario.batch import LIBRARY

LONG = [str(LIBRARY / "ten_visits.toml"), str(LIBRARY / "empty_with_a_fan.toml")]
# For a machine that has much else to do.
DEADLINE_S = 90.0


@pytest.mark.parametrize("scenarios", [LONG[:1], LONG], ids=["alone", "in workers"])
def test_a_run_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path, scenarios) -> None:
    # Given scenarios being played, each in a folder of its own
    run = subprocess.Popen(
        [sys.executable, "-c", "from gateway.cli import main; main()", "sim", "run", *scenarios],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=Path(__file__).parents[3],
        stdout=subprocess.DEVNULL,
    )
    until(lambda: len(boards_in(tmp_path)) == len(scenarios))

    # When it is told to end, as `timeout` and CI systems do
    run.terminate()

    # Then it does
    assert run.wait(DEADLINE_S) == 128 + signal.SIGTERM
    until(lambda: not boards_in(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_told_to_end_begins_no_other_scenario(tmp_path: Path) -> None:
    # Given one worker, which has the next scenario at hand
    kept = tmp_path / "kept"
    run = subprocess.Popen(
        [
            *(sys.executable, "-c", "from gateway.cli import main; main()", "sim", "run", *LONG),
            *("--workers", "1", "--keep", str(kept)),
        ],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.DEVNULL,
    )
    until(lambda: boards_in(kept))

    run.terminate()

    # The next would have a folder of its own.
    assert run.wait(DEADLINE_S) == 128 + signal.SIGTERM
    assert len(list(kept.iterdir())) == 1
    until(lambda: not boards_in(kept))


def boards_in(folder: Path) -> list[str]:
    """The processes of boards whose flash lies in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "begin.py" in command and str(folder) in command:
            found.append(command)
    return found


def until(seen) -> None:
    end = time.monotonic() + DEADLINE_S
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.1)
