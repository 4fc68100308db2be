"""A board's process and its host: who waits for whom, and that nobody is left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from sim.virtual.house import SETTINGS
from tests.sim.virtual.test_board import causes, in_a_house

# Long enough for a machine that has much else to do.
DEADLINE_S = 60.0
HOST = f"""
import asyncio, sys
from pathlib import Path
from sim.virtual.board import VirtualBoard
from sim.virtual.loop import run
from sim.virtual.house import House

async def main(loop):
    board = VirtualBoard(loop, Path(sys.argv[1]), name="204 button", network=House())
    board.provision({SETTINGS!r})
    board.power_on()
    await asyncio.sleep(5)
    print(board._process._process.pid, flush=True)
    board.console("while True: pass")
    await asyncio.sleep(5)

run(main)
"""


def test_a_board_that_gets_no_processor_is_not_taken_for_one_that_hangs(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        # Given a machine that does not let it run for far longer than it may turn in place
        pid = board._process._process.pid
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(1.5, os.kill, (pid, signal.SIGCONT)).start()
        # When its time goes on
        await asyncio.sleep(20)
        # Then nothing has happened
        assert causes(board) == ["power_on"]

    in_a_house(tmp_path, story, hang_limit_s=0.5)


def test_a_board_that_turns_in_place_ends_with_its_host_however_that_was_killed(tmp_path):
    # Given a host whose board hangs
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path / "board")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert host.stdout is not None
    pid = int(host.stdout.readline())

    # When the host is killed, and can tell nobody
    host.kill()
    host.wait()
    host.stdout.close()

    # Then the board is gone as well
    end = time.monotonic() + DEADLINE_S
    try:
        while _runs(pid):
            assert time.monotonic() < end, "the board goes on without its host"
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
