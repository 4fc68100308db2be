"""Takes the update that is under way from stage to stage, for as long as the gateway runs."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.looking import keep_looking
from gateway.release.library import Library
from gateway.store import Store
from gateway.store import updates as table
from gateway.updates import book

_log = structlog.get_logger("updates")

LOOK_EVERY_S = 2.0


class Updates:
    """Looks after the newest update: `run()` until cancelled."""

    def __init__(
        self,
        store: Store,
        library: Library,
        *,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._library = library
        self._clock_ms = clock_ms
        self._sleep = sleep
        # Devices are not blamed for the time in which nobody listened.
        self._hearing_since_ms = 0
        self._told = ""

    async def run(self) -> None:
        """Looks every LOOK_EVERY_S, for ever."""
        self._hearing_since_ms = self._clock_ms()
        await keep_looking(
            self.look,
            LOOK_EVERY_S,
            self._sleep,
            _log,
            "a look at the update failed; report this",
        )

    def look(self) -> None:
        """Once."""
        with self._store.read() as connection:
            row = table.newest(connection)
            if row is None or not book.is_live(book.load(connection, row)):
                return
        with self._store.write() as connection:
            row = table.newest(connection)
            book.look(connection, row, self._library, self._clock_ms(), self._hearing_since_ms)
            now = table.get(connection, row.id)
        told = f"{now.id} {now.state} {now.stage}"
        if told != self._told:
            self._told = told
            _log.info(
                "update", version=now.version, state=now.state, stage=now.stage + 1, why=now.why
            )
