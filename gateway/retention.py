"""Forgets once a day what need not be known any longer (gateway/store/retention.py)."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.store import Store
from gateway.store.engine import is_store_trouble
from gateway.store.retention import DAY_MS, sweep

_log = structlog.get_logger("retention")

EVERY_S = 86_400.0
# After the store would not take it.
RETRY_S = 600.0
# Between groups, so that an alarm need not wait behind a whole month.
PAUSE_S = 0.1


class Retention:
    """`run()` until cancelled. keep_days: how long an event is kept as such."""

    def __init__(
        self,
        store: Store,
        *,
        keep_days: int,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._keep_ms = keep_days * DAY_MS
        self._clock_ms = clock_ms
        self._sleep = sleep

    async def run(self) -> None:
        """Sweeps at once, and then daily."""
        while True:
            wait_s = EVERY_S
            try:
                if await asyncio.to_thread(self._sweep):
                    wait_s = PAUSE_S
            except Exception as error:
                # The intake says what is the matter with the store.
                if not is_store_trouble(error):
                    _log.error("old events could not be forgotten; report this", exc_info=error)
                wait_s = RETRY_S
            await self._sleep(wait_s)

    def _sweep(self) -> bool:
        with self._store.write() as connection:
            more = sweep(connection, self._clock_ms(), self._keep_ms)
        if not more:
            self._store.scrub()
        return more
