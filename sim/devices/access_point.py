"""The simulated radio: carries one board's connections to wherever it was told to go.

Off, it does what an access point without power does: nothing. Connections stay open and are
silent, which is the hardest case for a device, and what is sent meanwhile arrives when it is back.
"""

import asyncio
import contextlib
from collections.abc import Callable

_CHUNK_BYTES = 4096


class AccessPoint:
    """A port on loopback that forwards to `target()`, (host, port), asked anew each time."""

    def __init__(self, target: Callable[[], tuple[str, int]]) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._on = asyncio.Event()
        self._on.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    @property
    def carries(self) -> int:
        """How many connections there are."""
        return len(self._carrying)

    async def start(self) -> int:
        """Opens the port and returns its number."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Closes everything."""
        if self._server is not None:
            self._server.close()
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def turn(self, on: bool) -> None:
        """On: carries. Off: silence in both directions."""
        if on:
            self._on.set()
        else:
            self._on.clear()

    def hang_up(self) -> None:
        """Breaks every connection at once, as a restarting access point does."""
        for writer in list(self._open):
            writer.transport.abort()

    def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        # A task of our own: one that asyncio makes for a connection may not be cancelled without
        # a complaint on stderr (before Python 3.12).
        task = asyncio.create_task(self._carry(near, back))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._open.add(back)
        out: asyncio.StreamWriter | None = None
        pumps: set[asyncio.Task[None]] = set()
        try:
            await self._on.wait()
            far, out = await asyncio.open_connection(*self._target())
            self._open.add(out)
            pumps = {
                asyncio.create_task(self._pump(near, out)),
                asyncio.create_task(self._pump(far, back)),
            }
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # nobody listens there: the board sees its connection end, as with a real one
        finally:
            for pump in pumps:
                pump.cancel()
            for writer in (back, out):
                if writer is not None:
                    self._open.discard(writer)
                    writer.transport.abort()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await source.read(_CHUNK_BYTES):
                await self._on.wait()
                sink.write(some)
                await sink.drain()
