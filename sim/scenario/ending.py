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
from typing import Any

# How long a worker has for its end in order once its host is gone.
_PATIENCE_S = 5.0
_ENDED_BY_SIGNAL = 128


def when_told() -> None:
    """From now on SIGTERM ends this process as Ctrl-C does: by an exception."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)


def with_the_host() -> None:
    """In a worker: it ends when it is told, and when its host is gone, however that was killed."""
    when_told()
    # Ctrl-C at a terminal reaches everybody; the host tells its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_host, daemon=True).start()


def in_a_worker(play: Callable[..., Any], *given: Any) -> Any:
    """What *play* returns. Where it was told to end meanwhile, the worker ends here: its pool
    would keep the exception for a result, and begin with the next."""
    try:
        return play(*given)
    except SystemExit:
        os._exit(_ENDED_BY_SIGNAL + signal.SIGTERM)


def tell_workers() -> None:
    """Every process that this one has started is told to end."""
    for worker in multiprocessing.active_children():
        worker.terminate()


def _end(number: int, _frame: FrameType | None) -> None:
    # Once: a second one would cut off what the first has begun to put away.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(_ENDED_BY_SIGNAL + number)


def _wait_for_the_host() -> None:
    host = multiprocessing.parent_process()
    if host is None:
        return
    host.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_S)
    os._exit(1)
