"""Work that is looked for again and again, whatever becomes of one look."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.store.engine import is_store_trouble


async def keep_looking(
    look: Callable[[], None],
    every_s: float,
    sleep: Callable[[float], Awaitable[None]],
    log: Any,
    stumbled: str,
) -> None:
    """Calls `look` in a thread every so many seconds until cancelled; says *stumbled* where it
    fails by a fault of ours."""
    while True:
        try:
            await asyncio.to_thread(look)
        except Exception as error:
            # The intake says what is the matter with the store.
            if not is_store_trouble(error):
                log.error(stumbled, exc_info=error)
        await sleep(every_s)
