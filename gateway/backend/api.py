"""What machines call: the webhook in, the stream out, the health check."""

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.backend.dispatch import Dispatch
from gateway.backend.outward import OutwardStream
from gateway.backend.policy import Clock
from gateway.backend.webhook import WebhookDoor

# The timers' worker looks every second; a timer this late has nobody to act on it.
_TOO_LATE = timedelta(seconds=30)


class Health:
    """GET /healthz: whether the store answers and somebody watches the time."""

    def __init__(self, dispatch: Dispatch, clock: Clock) -> None:
        self._dispatch = dispatch
        self._clock = clock

    async def get(self, _: Request) -> JSONResponse:
        """200, or 503 and what is wrong."""
        try:
            due = await asyncio.to_thread(self._dispatch.next_due)
        except (SQLAlchemyError, OSError):
            return JSONResponse({"status": "failing", "error": "The store does not answer."}, 503)
        if due is not None and self._clock() - due > _TOO_LATE:
            return JSONResponse({"status": "failing", "error": "No timer is acted on."}, 503)
        return JSONResponse({"status": "ok"})


def routes(door: WebhookDoor, outward: OutwardStream, health: Health) -> list[Route]:
    """The machines' addresses; docs/openapi.json describes them."""
    return [
        Route("/v1/events", door.post, methods=["POST"]),
        Route("/v1/gateways/{gateway}/stream", outward.get, methods=["GET"]),
        Route("/healthz", health.get, methods=["GET"]),
    ]
