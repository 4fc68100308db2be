"""The door in: POST /v1/events, signed as Standard Webhooks say.

2xx is said after the commit and at no other time; 4xx means "never", 5xx means "again".
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from gateway.backend.dispatch import Dispatch
from gateway.backend.incoming import Heartbeat, NotAcceptable, UnitAnswers, read
from gateway.backend.policy import Clock

_log = structlog.get_logger(__name__)

# A heartbeat that lists a thousand devices is a fifth of a MiB; an event is under 1 KiB.
LONGEST_BODY_BYTES = 1 << 20
# A sender that stops half-way holds nothing for longer.
_BODY_TIMEOUT_S = 10.0
# Ids are "{device}.{boot}.{seq}" and an addition; the column holds 200.
_LONGEST_ID = 200
# Standard Webhooks: within it a copy that somebody has kept is a duplicate to us anyway.
_TOLERANCE = timedelta(minutes=5)


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Webhook(Webhook):
    """The library's, by our clock: it reads the computer's own, whatever ours says."""

    def __init__(self, secret: str, clock: Clock) -> None:
        super().__init__(secret)
        self._clock = clock

    def _Webhook__verify_timestamp(self, header: str) -> datetime:
        try:
            at = datetime.fromtimestamp(float(header), UTC)
        except (ValueError, OverflowError, OSError):
            raise WebhookVerificationError("Invalid Signature Headers") from None
        if abs(at - self._clock()) > _TOLERANCE:
            raise WebhookVerificationError("Message timestamp too old or too new")
        return at


class WebhookDoor:
    """Takes events and heartbeats from gateways. secret: "whsec_…"."""

    def __init__(self, dispatch: Dispatch, secret: str, clock: Clock) -> None:
        self._dispatch = dispatch
        self._webhook = _Webhook(secret, clock)
        self._clock = clock

    async def post(self, request: Request) -> JSONResponse:
        """One event or heartbeat."""
        try:
            body = await _body(request)
            webhook_id = self._verified(request, body)
            incoming = read(_parsed(body), self._clock())
        except _Refused as refused:
            return _answer(refused.status, "refused", str(refused))
        except NotAcceptable as never:
            return _answer(400, "refused", str(never))
        except ClientDisconnect:
            return _answer(400, "refused", "The sender went away before the end of the body.")
        try:
            if isinstance(incoming, Heartbeat):
                await asyncio.to_thread(self._dispatch.heartbeat, incoming)
                return JSONResponse({"status": "accepted"})
            if isinstance(incoming, UnitAnswers):
                await asyncio.to_thread(self._dispatch.unit_answers, incoming)
                return JSONResponse({"status": "accepted"})
            accepted = await asyncio.to_thread(self._dispatch.accept, incoming, webhook_id)
        except NotAcceptable as never:
            return _answer(422, "refused", str(never))
        except (SQLAlchemyError, OSError):
            _log.exception("an event could not be stored", id=webhook_id)
            return _answer(503, "try again", "It could not be stored; send it again.")
        status = "duplicate" if accepted.duplicate else "accepted"
        return JSONResponse({"status": status, "alert": accepted.alert})

    def _verified(self, request: Request, body: bytes) -> str:
        webhook_id = request.headers.get("webhook-id", "")
        if not 0 < len(webhook_id) <= _LONGEST_ID:
            raise _Refused(400, f"The header webhook-id is missing or over {_LONGEST_ID} letters.")
        try:
            self._webhook.verify(body, dict(request.headers), json_parse=False)
        except WebhookVerificationError as error:
            _log.warning("a webhook was refused", why=str(error))
            raise _Refused(401, f"The signature is not accepted: {error}.") from None
        except (ValueError, TypeError):
            # The library splits and decodes what the sender wrote, and lets that fail as it may.
            _log.warning("a webhook was refused", why="headers cannot be read")
            raise _Refused(401, "The signature's headers cannot be read.") from None
        return webhook_id


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY_BYTES:
                    raise _Refused(
                        413, f"The body is larger than {LONGEST_BODY_BYTES} bytes; send less."
                    )
    except TimeoutError:
        raise _Refused(408, f"The body did not come within {_BODY_TIMEOUT_S:g} s.") from None
    return body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(400, "The body is not JSON.") from None


def _answer(status: int, word: str, why: str) -> JSONResponse:
    return JSONResponse({"status": word, "error": why}, status_code=status)
