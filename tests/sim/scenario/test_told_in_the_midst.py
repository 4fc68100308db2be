"""A worker that is told to end, and the way to its host, on which nothing may be cut in two."""

import multiprocessing
import signal
from multiprocessing.connection import Connection

import pytest

from sim.scenario import ending

CONTEXT = multiprocessing.get_context("fork")
# More than a pipe holds: whoever sends it waits for whoever reads it.
LARGE = bytes(1 << 20)


def _plays_and_sends(to_host: Connection) -> None:
    ending.with_the_host()
    ending.in_a_worker(int)
    to_host.send_bytes(LARGE)
    # The pool's next task, which is not begun any more.
    ending.in_a_worker(to_host.send_bytes, b"next")


def test_a_worker_that_is_told_while_its_result_is_on_its_way_sends_it_whole() -> None:
    ours, theirs = CONTEXT.Pipe(duplex=False)
    worker = CONTEXT.Process(target=_plays_and_sends, args=(theirs,))
    worker.start()
    theirs.close()
    try:
        assert ours.poll(60)
        worker.terminate()
        # It has heard that, in the midst of sending, before anybody reads.
        worker.join(0.5)
        assert ours.recv_bytes() == LARGE
        with pytest.raises(EOFError):
            ours.recv_bytes()
        worker.join(60)
        assert worker.exitcode == 128 + signal.SIGTERM
    finally:
        worker.kill()


def _waits(to_host: Connection) -> None:
    ending._PATIENCE_S = 0.1
    ending.with_the_host()
    to_host.send_bytes(b"idle")
    to_host.close()
    multiprocessing.Event().wait()


def test_a_worker_that_is_told_while_it_has_nothing_to_do_ends() -> None:
    ours, theirs = CONTEXT.Pipe(duplex=False)
    worker = CONTEXT.Process(target=_waits, args=(theirs,))
    worker.start()
    try:
        assert ours.recv_bytes() == b"idle"
        worker.terminate()
        worker.join(60)
        assert worker.exitcode == 128 + signal.SIGTERM
    finally:
        worker.kill()
