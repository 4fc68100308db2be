"""HTTP between the gateway, or a phone, and the backend's own application, in virtual time.

An httpx transport that streams: httpx's own for ASGI holds an answer back until it is whole, and
the way back has no end. Each request is served in a task of its own, so that the backend finishes
what it has begun when whoever asked has gone. Timeouts are kept as httpx means them.
"""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator
from typing import Any

import httpx
import structlog
from starlette.types import ASGIApp, Message

_log = structlog.get_logger("backend")


class Backend(enum.Enum):
    """What a request to the backend meets."""

    UP = "up"
    # Nobody listens: refused at once.
    DOWN = "down"
    # The way to it is gone: no answer at all, and open streams fall silent.
    UNREACHABLE = "unreachable"
    # It answers, and cannot: a full disk, a proxy without its server.
    FAILING = "failing"
    # It answers 200 to everything and keeps nothing (lesson 22).
    LYING = "lying"


class AsgiWire(httpx.AsyncBaseTransport):
    """The way to an application. state, slowness_s (before a request is served): at any time."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.state = Backend.UP
        self.slowness_s = 0.0
        self._serving: set[asyncio.Task[None]] = set()

    def become(self, state: Backend) -> None:
        """What requests meet from now on. Going down, it breaks every open answer off."""
        self.state = state
        if state is Backend.DOWN:
            self.cut()

    def cut(self) -> None:
        """Ends all that is being served, as the end of the backend's process does."""
        for task in list(self._serving):
            task.cancel()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx.AsyncBaseTransport."""
        patience: dict[str, float | None] = request.extensions.get("timeout", {})
        body = await request.aread()
        if self.state is Backend.DOWN or self.app is None:
            raise httpx.ConnectError("nobody listens there", request=request)
        if self.state is Backend.UNREACHABLE:
            await _never(patience.get("connect"))
            raise httpx.ConnectTimeout("no answer", request=request)
        if self.state is Backend.FAILING:
            return httpx.Response(500, request=request)
        if self.state is Backend.LYING:
            return httpx.Response(200, json={"status": "accepted"}, request=request)
        exchange = _Exchange(self, request, body, patience.get("read"))
        task = asyncio.create_task(exchange.serve(self.app))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return await exchange.answer()


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer."""

    def __init__(
        self, wire: AsgiWire, request: httpx.Request, body: bytes, patience_s: float | None
    ) -> None:
        self._wire = wire
        self._request = request
        self._body: bytes | None = body
        self._patience_s = patience_s
        self._gone = asyncio.Event()
        self._start: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        # Pieces of the answer; None: its end, False: broken off.
        self._pieces: asyncio.Queue[bytes | bool | None] = asyncio.Queue()

    async def serve(self, app: ASGIApp) -> None:
        """Has the application answer."""
        try:
            if self._wire.slowness_s:
                await asyncio.sleep(self._wire.slowness_s)
            await app(self._scope(), self._receive, self._send)
        except Exception as error:
            _log.error("the backend's application failed; report this", exc_info=error)
        finally:
            if not self._start.done():
                self._start.set_exception(
                    httpx.RemoteProtocolError("the backend hung up", request=self._request)
                )
                # Whoever asked may have gone meanwhile.
                self._start.exception()
            # Whoever has read the whole answer does not see this.
            self._pieces.put_nowait(False)

    async def answer(self) -> httpx.Response:
        """The beginning of the answer; the rest comes as it is read."""
        try:
            async with asyncio.timeout(self._patience_s):
                start = await asyncio.shield(self._start)
        except TimeoutError:
            await self.aclose()
            raise httpx.ReadTimeout("no answer in time", request=self._request) from None
        except asyncio.CancelledError:
            await self.aclose()
            raise
        return httpx.Response(
            start["status"], headers=start["headers"], stream=self, request=self._request
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self._patience_s):
                    piece = await self._next()
            except TimeoutError:
                raise httpx.ReadTimeout("silence", request=self._request) from None
            if piece is None:
                return
            if isinstance(piece, bool):
                raise httpx.ReadError("the backend hung up", request=self._request)
            yield piece

    async def aclose(self) -> None:
        """Whoever asked has gone."""
        self._gone.set()

    async def _next(self) -> bytes | bool | None:
        piece = await self._pieces.get()
        if self._wire.state is Backend.UNREACHABLE:
            await _never(None)
        return piece

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 1),
            "root_path": "",
        }

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if not self._start.done():
                self._start.set_result(message)
            return
        if body := message.get("body"):
            self._pieces.put_nowait(body)
        if not message.get("more_body", False):
            self._pieces.put_nowait(None)


async def _never(at_most_s: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):
            await asyncio.get_running_loop().create_future()
