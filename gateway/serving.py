"""Runs the alert backend and serves its pages: inside the gateway, or alone."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import structlog
import uvicorn

from gateway.address import listen
from gateway.backend.service import build_backend
from gateway.errors import GatewayError
from gateway.settings import Settings

_log = structlog.get_logger("backend")

# A fault that comes back at once must not fill the log; presses wait in the outbox meanwhile.
AGAIN_AFTER_S = 2.0
# A phone that holds a stream open must not hold up the end.
FAREWELL_S = 2


class _Server(uvicorn.Server):
    """uvicorn, but the signals are the caller's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_backend(settings: Settings) -> None:
    """Runs until cancelled. Raises AddressInUse, StoreError or SettingsError before it serves."""
    socket = listen(settings.web.host, settings.web.port, key="web.port")
    backend = await asyncio.to_thread(build_backend, settings)
    server = _Server(
        uvicorn.Config(
            backend.asgi,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=FAREWELL_S,
        )
    )
    workers = asyncio.create_task(backend.run())
    pages = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        done, _ = await asyncio.wait({workers, pages}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise RuntimeError("the backend ended by itself")
    finally:
        workers.cancel()
        server.should_exit = True
        await asyncio.gather(workers, pages, return_exceptions=True)
        socket.close()


async def keep_serving(settings: Settings) -> None:
    """Serves, embedded in a gateway, and again after a fault: the gateway goes on taking events.

    Raises what keeps it from serving at all, GatewayError, one sentence."""
    while True:
        try:
            await serve_backend(settings)
        except GatewayError:
            raise
        except Exception as error:
            _log.error("the backend failed and is started again; report this", exc_info=error)
        await asyncio.sleep(AGAIN_AFTER_S)


async def run_backend(settings: Settings) -> None:
    """The backend alone, until SIGINT or SIGTERM. Raises GatewayError, one sentence."""
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(serve_backend(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
