"""Wakes whoever waits for something to have happened: workers, streams, pages."""

import asyncio
import contextlib

# How late another replica's commit may be noticed.
LOOK_EVERY_S = 1.0


class Bell:
    """Rung after a commit. Waiters look for themselves what there is to do.

    It only saves waiting: another replica's commit is noticed when the wait runs out.
    """

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop whose waiters ring_from_anywhere() wakes."""
        self._loop = loop

    def ring(self) -> None:
        """Wakes all who wait now. Within the loop."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    def close(self) -> None:
        """For the last time: whoever streams for ever is to come to an end now."""
        self.closed = True
        self.ring()

    def ring_from_anywhere(self) -> None:
        """The same, from any thread. Before attach(), and once the loop has ended, nobody waits."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.ring)

    def listen(self) -> "Listening":
        """From now on. Taken before one looks, so that nothing falls between look and wait."""
        return Listening(self._rung)


class Listening:
    """One listener's turn."""

    def __init__(self, rung: asyncio.Event) -> None:
        self._rung = rung

    async def wait(self, at_most_s: float) -> None:
        """Until the bell has been rung since listen(), or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, at_most_s)):
                await self._rung.wait()
