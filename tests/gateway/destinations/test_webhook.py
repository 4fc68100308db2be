"""The webhook to the backend: its signature, its body, and what each answer means."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from standardwebhooks import Webhook

from gateway.destinations import Parcel, Rejected, Unreachable
from gateway.destinations.webhook import WebhookDestination
from gateway.happened import Occurred, Placement, StoredEvent
from tests.gateway.process import DEVICE, NOW_MS

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


def press(copy: str = "", kind: str = "press", waited_ms: int = 0) -> StoredEvent:
    return StoredEvent(
        device=DEVICE,
        boot=3,
        seq=7,
        copy=copy,
        kind=kind,
        details={"taps": 1, "held": 0},
        unit="204",
        received_at_ms=NOW_MS,
        placement=Placement(Occurred.AT, NOW_MS - waited_ms, 2_000),
    )


def deliver(
    parcel: Parcel, answer: httpx.Response | Exception, now: datetime | None = None
) -> httpx.Request:
    requests = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def story() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
            webhook = WebhookDestination(
                client,
                "http://backend",
                SECRET,
                gateway="house-1",
                now=lambda: now or datetime.now(UTC),
            )
            await webhook.deliver(parcel)

    try:
        asyncio.run(story())
    finally:
        assert len(requests) == 1
    return requests[0]


def composed(event: StoredEvent) -> Parcel | None:
    client = httpx.AsyncClient()
    return WebhookDestination(client, "http://backend", SECRET, gateway="house-1").compose(event)


def test_a_press_becomes_this_body() -> None:
    parcel = composed(press(waited_ms=10_800_000))

    assert parcel is not None
    assert parcel.id == f"{DEVICE}.3.7"
    assert json.loads(parcel.body) == {
        "type": "device.press",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "data": {
            "gateway": "house-1",
            "unit": "204",
            "device": DEVICE,
            "boot": 3,
            "seq": 7,
            "kind": "press",
            "details": {"taps": 1, "held": 0},
            "received_at": "2026-09-21T14:13:20.000Z",
            "occurred_at": "2026-09-21T11:13:20.000Z",
            "occurred": "at",
            "age_s": 10800,
        },
    }


@pytest.mark.parametrize("kind", ["watch", "left", "heartbeat"])
def test_the_backend_never_hears_when_somebody_was_in(kind: str) -> None:
    assert composed(press(kind=kind)) is None


def test_lesson_23_the_signature_is_stamped_when_it_is_sent() -> None:
    parcel = composed(press(waited_ms=86_400_000))
    assert parcel is not None

    request = deliver(parcel, httpx.Response(204))

    body = Webhook(SECRET).verify(request.content, dict(request.headers))
    assert body["data"]["seq"] == 7
    assert request.headers["webhook-id"] == parcel.id
    assert request.url == "http://backend/v1/events"


def test_each_try_has_the_same_id_and_a_stamp_of_its_own() -> None:
    parcel = composed(press(copy="0badcafe"))
    assert parcel is not None
    now = datetime.now(UTC)

    first = deliver(parcel, httpx.Response(200), now)
    later = deliver(parcel, httpx.Response(200), now + timedelta(minutes=1))

    assert first.headers["webhook-id"] == later.headers["webhook-id"] == f"{DEVICE}.3.7-0badcafe"
    assert first.headers["webhook-timestamp"] != later.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]


@pytest.mark.parametrize("status", [400, 409, 410, 422])
def test_what_is_wrong_with_the_event_is_never_tried_again(status: int) -> None:
    with pytest.raises(Rejected, match=str(status)):
        deliver(Parcel("a", "{}"), httpx.Response(status))


@pytest.mark.parametrize("status", [302, 401, 403, 404, 408, 413, 429, 500, 502, 503])
def test_what_is_wrong_with_the_way_is_tried_again(status: int) -> None:
    with pytest.raises(Unreachable, match=str(status)):
        deliver(Parcel("a", "{}"), httpx.Response(status))


def test_a_backend_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Unreachable, match="ConnectError"):
        deliver(Parcel("a", "{}"), httpx.ConnectError("no"))


def test_a_wrong_secret_is_told_without_the_secret() -> None:
    with pytest.raises(Unreachable) as caught:
        deliver(Parcel("a", "{}"), httpx.Response(401))

    assert "webhook_secret" in str(caught.value)
    assert SECRET not in str(caught.value)
