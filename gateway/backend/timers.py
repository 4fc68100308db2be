"""Acts on timers that have come due. They are rows: this worker may die and begin again.

A Raspberry Pi starts without the time and is set hours forward once it finds a time server. What
was called in between has not been unanswered for hours.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from gateway.backend.bell import LOOK_EVERY_S, Bell
from gateway.backend.dispatch import Dispatch
from gateway.backend.policy import Clock
from gateway.clock_step import ClockStep

_log = structlog.get_logger(__name__)

# Often enough for days; each time a short transaction.
_FORGET_EVERY = timedelta(hours=1)
# Between a look that came a moment too soon and the next.
_SHORTEST_WAIT_S = 0.05


class Timers:
    """The worker that watches the time. Lives as long as run().

    monotonic_ms: a clock that nobody sets; None: nor is *clock* the only one that is written by.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        clock: Clock,
        bell: Bell,
        *,
        look_every_s: float = LOOK_EVERY_S,
        monotonic_ms: Callable[[], int] | None = None,
    ) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._bell = bell
        self._look_every_s = look_every_s
        self._step: ClockStep | None = None
        if monotonic_ms is not None:
            self._step = ClockStep(lambda: int(clock().timestamp() * 1000), monotonic_ms)

    async def run(self) -> None:
        """For ever. What fails is logged and tried again."""
        forget_at = self._clock()
        while True:
            heard = self._bell.listen()
            wait_s = self._look_every_s
            try:
                await self._look_at_the_clock()
                fired = await asyncio.to_thread(self._dispatch.fire_due_timers)
                due = await asyncio.to_thread(self._dispatch.next_due)
                now = self._clock()
                if now >= forget_at or forget_at - now > _FORGET_EVERY:
                    forget_at = now + _FORGET_EVERY
                    await asyncio.to_thread(self._dispatch.forget)
                if due is not None:
                    until_s = (due - self._clock()).total_seconds()
                    # What is overdue and could not be acted on now is come back to, not hammered.
                    shortest_s = _SHORTEST_WAIT_S if fired or until_s > 0 else LOOK_EVERY_S
                    wait_s = min(wait_s, max(shortest_s, until_s))
            except Exception:
                _log.exception("timers could not be read")
            await heard.wait(wait_s)

    async def _look_at_the_clock(self) -> None:
        step_ms = self._step.look_ms() if self._step is not None else 0
        if self._step is None or not step_ms:
            return
        await asyncio.to_thread(self._dispatch.clock_was_set, timedelta(milliseconds=step_ms))
        self._step.taken(step_ms)
        _log.warning("this computer's clock was set; open alerts wait on", by_ms=step_ms)
