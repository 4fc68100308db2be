"""How far a run is, for somebody who waits: looked at from outside, so that it changes nothing."""

import threading
import time
from collections.abc import Callable

from sim.virtual.loop import VirtualLoop

# Real seconds between two looks.
EVERY_S = 0.2


def follow(loop: VirtualLoop, tell: Callable[[int], None]) -> None:
    """*tell* is given the loop's time, in ms, now and then, until the loop is closed."""

    def look() -> None:
        while not loop.is_closed():
            tell(loop.now_ms)
            time.sleep(EVERY_S)

    # A timer of the loop's own would be a moment of the world, and another run.
    threading.Thread(target=look, daemon=True).start()
