"""Runs the alert backend and serves its pages: inside the gateway, or alone."""

import asyncio
import contextlib
import signal

import structlog

from gateway.address import listen
from gateway.backend.service import build_backend
from gateway.errors import GatewayError
from gateway.file_limit import raise_file_limit
from gateway.settings import Settings

_log = structlog.get_logger("backend")

# A fault that comes back at once must not fill the log; presses wait in the outbox meanwhile.
AGAIN_AFTER_S = 2.0


async def serve_backend(settings: Settings) -> None:
    """Runs until cancelled. Raises AddressInUse, StoreError or SettingsError before it serves."""
    with listen(settings.web.host, settings.web.port, key="web.port") as socket:
        backend = await asyncio.to_thread(build_backend, settings)
        try:
            await backend.serve(socket)
        finally:
            backend.close()


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
    raise_file_limit()
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(serve_backend(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
