"""Told to end, a run ends in order: boards are let go, temporary folders are taken away.

SIGTERM is how CI systems and `timeout` say it. Unheeded it would end us at once, and leave the
processes in which scenarios (and cases of an evaluation) are played to themselves.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

# How long a worker has for its end in order once its host is gone; and, where it is told while it
# plays nothing, to get a result to its host whole.
_PATIENCE_S = 5.0
# How long a host waits for its workers: they let go of boards, and take folders away.
_WORKERS_END_WITHIN_S = 20.0
_ENDED_BY_SIGNAL = 128
_TOLD = _ENDED_BY_SIGNAL + signal.SIGTERM

_told = threading.Event()
# In a worker: whether it plays. Else it waits for its next task, or a result is on its way.
_plays = False


def when_told() -> None:
    """From now on SIGTERM ends this process as Ctrl-C does: by an exception."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)


def with_the_host() -> None:
    """In a worker: it ends when it is told, and when its host is gone, however that was killed."""
    signal.signal(signal.SIGTERM, _end_worker)
    # Ctrl-C at a terminal reaches everybody; the host tells its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_host, daemon=True).start()


def in_a_worker(play: Callable[..., Any], *given: Any) -> Any:
    """What *play* returns. Where it was told to end meanwhile, the worker ends here: its pool
    would keep the exception for a result, and begin with the next."""
    global _plays
    try:
        _plays = True
        if not _told.is_set():
            return play(*given)
    except SystemExit:
        pass
    finally:
        _plays = False
    os._exit(_TOLD)


def end_workers() -> None:
    """Every process that this one has started is told to end, and is waited for.

    No future of their pool may be cancelled: the pool's own thread would fall over it (CPython
    3.11), and leave a worker waiting for ever.
    """
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    until = time.monotonic() + _WORKERS_END_WITHIN_S
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
        if worker.is_alive():
            worker.kill()


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # Once: a second one would cut off what the first has begun to put away.
    signal.signal(number, signal.SIG_IGN)
    _told.set()
    raise SystemExit(_ENDED_BY_SIGNAL + number)


def _end_worker(number: int, frame: FrameType | None) -> None:
    if _plays:
        _end(number, frame)
    # No exception: half a result on its way, and its host would wait for the rest for ever.
    signal.signal(number, signal.SIG_IGN)
    _told.set()
    late = threading.Timer(_PATIENCE_S, os._exit, (_TOLD,))
    late.daemon = True
    late.start()


def _wait_for_the_host() -> None:
    host = multiprocessing.parent_process()
    if host is None:
        return
    host.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_S)
    os._exit(1)
