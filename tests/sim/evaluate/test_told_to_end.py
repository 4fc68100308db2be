"""An evaluation that is ended leaves no worker behind, which would hold its output open."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# For a machine that has much else to do.
DEADLINE_S = 90.0
# As at a terminal: what a shell starts in the background has Ctrl-C ignored, and so would this.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from gateway.cli import main; main()"
)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Hours of cases on two workers, of which the first has been told."""
    command = [
        *(sys.executable, "-c", COMMAND, "sim", "evaluate", "--json", "--alone"),
        *("--cases", "500", "--only", "recorded", "--workers", "2"),
    ]
    with subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=(tmp_path.with_name(tmp_path.name + "-stderr")).open("wb"),
    ) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline().startswith(b"{")
            yield started
        finally:
            started.kill()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_evaluation_that_is_told_to_end_leaves_nobody_behind(
    run: subprocess.Popen[bytes], tmp_path: Path, told: signal.Signals
) -> None:
    run.send_signal(told)

    # Whoever reads it is told that there is no more: nobody holds its output open.
    assert run.stdout is not None
    until(lambda: not those_of(tmp_path))
    run.stdout.read()
    killed = told is signal.SIGKILL
    assert run.wait(DEADLINE_S) == (-told if killed else 128 + told)
    assert killed or list(tmp_path.iterdir()) == []
    assert "Traceback" not in tmp_path.with_name(tmp_path.name + "-stderr").read_text()


def test_a_worker_that_is_killed_is_one_sentence(
    run: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    until(lambda: bool(workers_of(tmp_path)))
    os.kill(workers_of(tmp_path)[0], signal.SIGKILL)

    assert run.stdout is not None
    run.stdout.read()
    assert run.wait(DEADLINE_S) == 1
    until(lambda: not those_of(tmp_path))
    said = (tmp_path.with_name(tmp_path.name + "-stderr")).read_text()
    assert said.splitlines()[-1].startswith("A process that played a case was ended from outside")
    assert "Traceback" not in said


def until(seen: Callable[[], bool]) -> None:
    ends = time.monotonic() + DEADLINE_S
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.1)


def workers_of(folder: Path) -> list[int]:
    """Those who have a case played now: the parents of the firmware's processes."""
    found = []
    for process in those_of(folder):
        try:
            if b"replay_device.py" in (process.parent / "cmdline").read_bytes():
                # The name, in brackets, may hold anything; after it come state and parent.
                stat = (process.parent / "stat").read_text().rpartition(")")[2].split()
                found.append(int(stat[1]))
        except OSError:
            continue
    return found


def those_of(folder: Path) -> list[Path]:
    """The processes that were told to keep what is temporary in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={folder}".encode() in process.read_bytes().split(b"\0"):
                found.append(process)
        except OSError:
            continue
    return found
