"""The way back: GET /v1/gateways/{gateway}/stream, server-sent events, asked for by the gateway.

Homes are behind NAT: the gateway calls, and we answer for as long as it listens.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import structlog
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.backend.bell import LOOK_EVERY_S, Bell
from gateway.backend.ledger import Ledger
from gateway.store import Store

_log = structlog.get_logger(__name__)

# Well within the 30 s after which home routers forget a silent connection.
KEEP_ALIVE_S = 15
_MOST_AT_ONCE = 500
# A gateway that takes nothing for so long is gone.
_SEND_TIMEOUT_S = 30


class OutwardStream:
    """Streams what the gateway has to show. token: the stream_token of secrets.toml."""

    def __init__(
        self, database: Store, bell: Bell, token: str, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        self._database = database
        self._bell = bell
        self._token = token.encode()
        self._look_every_s = look_every_s

    async def get(self, request: Request) -> Response:
        """From the item after Last-Event-ID on; without one, from the oldest that is kept.

        So as well where it names one that we have not numbered yet: our store has been put back
        from a backup, and what it says now must not wait until it has said as much again.
        """
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, b"Bearer " + self._token):
            return JSONResponse(
                {"status": "refused", "error": "The stream's token is missing or wrong."},
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        last = request.headers.get("last-event-id", "").strip() or "0"
        if not (last.isascii() and last.isdigit() and len(last) <= 18):
            return JSONResponse(
                {"status": "refused", "error": "Last-Event-ID is not a whole number."},
                status_code=400,
            )
        gateway = request.path_params["gateway"]
        after = await asyncio.to_thread(self._known, gateway, int(last))
        return EventSourceResponse(
            self._items(gateway, after),
            ping=KEEP_ALIVE_S,
            send_timeout=_SEND_TIMEOUT_S,
        )

    async def _items(self, gateway: str, after: int) -> AsyncIterator[ServerSentEvent]:
        while not self._bell.closed:
            heard = self._bell.listen()
            for row in await asyncio.to_thread(self._after, gateway, after):
                after = row.item
                yield ServerSentEvent(json.dumps(row.data), event=row.kind, id=str(row.item))
            await heard.wait(self._look_every_s)

    def _known(self, gateway: str, item: int) -> int:
        with self._database.read() as connection:
            newest = Ledger(connection).last_item(gateway)
        if item <= newest:
            return item
        _log.warning("a gateway is ahead of the stream; it begins anew", gateway=gateway)
        return 0

    def _after(self, gateway: str, item: int) -> list[Any]:
        with self._database.read() as connection:
            return Ledger(connection).stream_after(gateway, item, _MOST_AT_ONCE)
