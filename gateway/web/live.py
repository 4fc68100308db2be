"""Tells open pages that there is something new; they then fetch themselves again."""

import asyncio
from collections.abc import AsyncIterator, Callable

from sse_starlette import EventSourceResponse, ServerSentEvent

from gateway.backend.bell import Bell

# How late another replica's news may be; also the load of an open page, with Live's cache.
_LOOK_EVERY_S = 1.0
# live.js gives a connection up that has been silent for more than twice as long.
_KEEP_ALIVE_S = 15
_SEND_TIMEOUT_S = 30


class Live:
    """fingerprint: reads the state of things; differs when they do. Blocks."""

    def __init__(self, bell: Bell, fingerprint: Callable[[], str]) -> None:
        self._bell = bell
        self._fingerprint = fingerprint
        self._looking: asyncio.Task[str] | None = None

    def stream(self) -> EventSourceResponse:
        """`event: changed` with the fingerprint: at once, and whenever it differs; and `event:
        here` now and then, by which a page knows that its connection lives."""
        return EventSourceResponse(
            self._changes(),
            ping=_KEEP_ALIVE_S,
            ping_message_factory=_here,
            send_timeout=_SEND_TIMEOUT_S,
        )

    async def _changes(self) -> AsyncIterator[ServerSentEvent]:
        shown = ""
        while not self._bell.closed:
            heard = self._bell.listen()
            now = await self._look()
            if now != shown:
                shown = now
                yield ServerSentEvent(now, event="changed")
            await heard.wait(_LOOK_EVERY_S)

    async def _look(self) -> str:
        """One look at a time, shared by all pages that ask while it lasts."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(self._fingerprint))
        return await asyncio.shield(self._looking)


def _here() -> ServerSentEvent:
    # Without data a browser hands no event to its page.
    return ServerSentEvent("", event="here")
