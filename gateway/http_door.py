"""The HTTP door of the pages, closed to visitors who connect and say nothing.

uvicorn waits for ever for the first request of a connection, and for the rest of a request that
has begun (its keep-alive timeout is for the time between two). A thousand such connections would
use up the process's files, and with them a gateway's way to its own backend.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# A phone on a bad network sends a request within a second or two.
WHOLE_REQUEST_WITHIN_S = 10.0
# A browser opens 6, and keeps one for the live page; several people may share an address.
CONNECTIONS_AN_ADDRESS = 64
# A proxy on this machine speaks for all, and so does the gateway.
OURSELVES = frozenset({"127.0.0.1", "::1"})


class HttpDoor(H11Protocol):
    """uvicorn's protocol, with an end to its patience."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Takes a connection, unless its address has too many."""
        super().connection_made(transport)
        if self._too_many():
            transport.abort()
            return
        self._have_patience()

    def data_received(self, data: bytes) -> None:
        """As uvicorn; and the time for a request begins with its first byte."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._have_patience()
        else:
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn."""
        self._rest()
        super().connection_lost(exc)

    def _too_many(self) -> bool:
        if self.client is None or self.client[0] in OURSELVES:
            return False
        mine = sum(
            one.client is not None and one.client[0] == self.client[0]
            for one in self.connections
            if isinstance(one, HttpDoor)
        )
        return mine > CONNECTIONS_AN_ADDRESS

    def _have_patience(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(WHOLE_REQUEST_WITHIN_S, self.transport.abort)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
