"""The webhook to the backend: its signature, its body, and what each answer means."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
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


def deliver_to(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
    """To a receiver on loopback that takes the request and answers so."""

    async def story() -> None:
        answering: list[asyncio.Task[None]] = []

        async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            answering.append(asyncio.ensure_future(_quietly(answer(writer))))

        receiver = await asyncio.start_server(take, "127.0.0.1", 0)
        port = receiver.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                url = f"http://127.0.0.1:{port}"
                webhook = WebhookDestination(client, url, SECRET, gateway="house-1")
                await webhook.deliver(Parcel("a", "{}"))
            finally:
                for task in answering:
                    task.cancel()
                receiver.close()

    asyncio.run(story())


async def _quietly(answering: Awaitable[None]) -> None:
    with contextlib.suppress(OSError):
        await answering


def test_an_answer_that_comes_letter_by_letter_holds_no_parcel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each letter is in time; all of it never is."""
    monkeypatch.setattr("gateway.destinations.webhook.TIMEOUT_S", 0.3)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-wait: a\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    with pytest.raises(Unreachable, match="Timeout"):
        deliver_to(drip)


def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while sent < 1_000:
            writer.write(bytes(1_000_000))
            await writer.drain()
            sent += 1

    deliver_to(flood)

    assert sent < 100


def test_what_was_said_to_be_committed_is_so_though_the_rest_of_the_answer_never_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.destinations.webhook.TIMEOUT_S", 0.05)

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    deliver(Parcel("a", "{}"), httpx.Response(200, content=body()))
