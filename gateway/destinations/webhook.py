"""The alert backend, by webhook: `POST {url}/v1/events`, signed as Standard Webhooks says.

The signature is stamped at the moment of sending. One stamped when the event happened would be
refused as too old after the first long outage, just when it matters.
"""

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
# 60 s after which the gateway acts by itself.
TIMEOUT_S = 10.0
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
        try:
            answer = await self._client.post(
                self._url, content=parcel.body.encode(), headers=headers, timeout=TIMEOUT_S
            )
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None
        if answer.is_success:
            return
        if answer.status_code in NEVER:
            raise Rejected(f"HTTP {answer.status_code}", _said(answer))
        hint = "; see that webhook_secret is the same on both sides" * (answer.status_code == 401)
        raise Unreachable(f"HTTP {answer.status_code}{hint}")


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])[:200]
    except (ValueError, KeyError, TypeError):
        return ""


def rfc3339(ms: int) -> str:
    """Unix ms as RFC 3339, UTC, with milliseconds."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
