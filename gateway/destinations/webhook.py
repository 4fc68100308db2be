"""The alert backend, by webhook: `POST {url}/v1/events`, signed as Standard Webhooks says.

The signature is stamped at the moment of sending. One stamped when the event happened would be
refused as too old after the first long outage, just when it matters.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from doorknock import wire
from standardwebhooks import Webhook

from gateway.destinations import Parcel, Rejected, Unreachable
from gateway.happened import StoredEvent

EVENTS_PATH = "/v1/events"
# What the backend is to know of: what asks for somebody, and what is wrong with a device.
KINDS = frozenset((*wire.ALARM_KINDS, "fault", "battery", "tamper", "boot"))
# Long enough for a backend that commits to a slow disk, short enough to try elsewhere within the
# 60 s after which the gateway acts by itself. For all of the answer: one that comes letter by
# letter would else hold its parcel for ever.
TIMEOUT_S = 10.0
# The contract's answers are under 1 KiB. What is longer is not ours, and not for our memory.
LONGEST_ANSWER_BYTES = 64 << 10
# The answers that are about the parcel. All others are about the way or the moment: a wrong
# address (404), a wrong secret (401) or a proxy's whim (403, 413 …) must not cost an event.
NEVER = frozenset({400, 409, 410, 422})


class WebhookDestination:
    """See gateway.destinations.Destination."""

    name = "backend"

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        secret: str,
        *,
        gateway: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._url = url + EVENTS_PATH
        self._webhook = Webhook(secret)
        self._gateway = gateway
        self._now = now

    def compose(self, event: StoredEvent) -> Parcel | None:
        """The body of `device.*`; None for what the backend is not to know of."""
        if event.kind not in KINDS:
            return None
        placement = event.placement
        received_at = rfc3339(event.received_at_ms)
        body = {
            "type": f"device.{event.kind}",
            "timestamp": received_at,
            "data": {
                "gateway": self._gateway,
                "unit": event.unit,
                "device": event.device,
                "boot": event.boot,
                "seq": event.seq,
                "kind": event.kind,
                "details": dict(event.details),
                "received_at": received_at,
                "occurred_at": rfc3339(placement.occurred_at_ms),
                "occurred": placement.occurred.value,
                "age_s": max(0, event.received_at_ms - placement.occurred_at_ms) // 1000,
            },
        }
        return Parcel(event.id, json.dumps(body, separators=(",", ":")))

    def heartbeat(self, now_ms: int, data: Mapping[str, Any]) -> Parcel:
        """The body of `gateway.heartbeat`."""
        body = {
            "type": "gateway.heartbeat",
            "timestamp": rfc3339(now_ms),
            "data": {"gateway": self._gateway, **data},
        }
        return Parcel(f"{self._gateway}.heartbeat.{now_ms}", json.dumps(body))

    async def deliver(self, parcel: Parcel) -> None:
        """Returns when the backend has committed it. Raises Unreachable or Rejected."""
        now = self._now()
        headers = {
            "content-type": "application/json",
            "webhook-id": parcel.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(parcel.id, now, parcel.body),
        }
        status, body = await self._post(parcel, headers)
        if 200 <= status < 300:
            return
        if status in NEVER:
            raise Rejected(f"HTTP {status}", _said(body))
        hint = "; see that webhook_secret is the same on both sides" * (status == 401)
        raise Unreachable(f"HTTP {status}{hint}")

    async def _post(self, parcel: Parcel, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """The answer's status, and as much of its body as is worth having: the status says all
        that matters. Raises Unreachable where there was none in time."""
        status: int | None = None
        body = b""
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._client.stream(
                    "POST",
                    self._url,
                    content=parcel.body.encode(),
                    headers=headers,
                    timeout=TIMEOUT_S,
                ) as answer,
            ):
                status = answer.status_code
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > LONGEST_ANSWER_BYTES:
                        break
        except (httpx.HTTPError, TimeoutError) as error:
            if status is None:
                raise Unreachable(type(error).__name__) from None
        return status, body


def _said(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])[:200]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def rfc3339(ms: int) -> str:
    """Unix ms as RFC 3339, UTC, with milliseconds."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
