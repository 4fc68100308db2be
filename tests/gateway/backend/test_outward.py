"""The way back: a real server, a real stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from httpx_sse import aconnect_sse

from gateway.address import listen
from gateway.backend.happenings import OnMyWay, Resolved

from .conftest import STREAM_TOKEN, House, press_body, signed, until

PATH = "/v1/gateways/house-1/stream"
BEARER = {"Authorization": f"Bearer {STREAM_TOKEN}"}
DEADLINE_S = 60


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'backend.db'}"


@asynccontextmanager
async def served(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """The backend on a port, its workers running."""
    socket = listen("127.0.0.1", 0, key="port")
    serving = asyncio.create_task(house.backend.serve(socket))
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=address, timeout=DEADLINE_S) as client:
            yield client
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def items(
    client: httpx.AsyncClient, number: int, **headers: str
) -> list[tuple[int, str, str]]:
    """The first *number* items: (id, kind, state)."""
    found: list[tuple[int, str, str]] = []
    async with (
        asyncio.timeout(DEADLINE_S),
        aconnect_sse(client, "GET", PATH, headers=BEARER | headers) as stream,
    ):
        async for item in stream.aiter_sse():
            found.append((int(item.id), item.event, json.loads(item.data)["state"]))
            if len(found) == number:
                break
    return found


def test_the_stream_says_coming_as_soon_as_somebody_is(house: House) -> None:
    async def story() -> list[tuple[int, str, str]]:
        async with served(house) as client:
            listening = asyncio.create_task(items(client, 3))
            answer = await client.send(house_request(client, press_body()))
            alert = answer.json()["alert"]
            await until(lambda: "delivered" in house.lights())
            for word in (OnMyWay("ana"), Resolved("ana", "fine")):
                await asyncio.to_thread(house.backend.dispatch.reply, alert, word)
            return await listening

    found = asyncio.run(story())
    assert [state for _, _, state in found] == ["delivered", "coming", "none"]
    assert {kind for _, kind, _ in found} == {"light"}
    ids = [number for number, _, _ in found]
    assert ids == list(range(ids[0], ids[0] + 3))


def house_request(client: httpx.AsyncClient, body: object) -> httpx.Request:
    made = signed(body, "aa.1.1")
    return client.build_request(
        "POST", "/v1/events", content=made.content, headers=dict(made.headers) | {"host": "x"}
    )


def test_a_stream_that_was_cut_goes_on_after_the_last_item(house: House) -> None:
    # lesson 21: another lost what came while it was reconnecting
    alert = house.happens("press", taps=1)
    house.deliver()
    assert alert is not None
    first = house.stream()[0].item
    house.backend.dispatch.reply(alert, OnMyWay("ana"))
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))

    async def story() -> list[tuple[int, str, str]]:
        async with served(house) as client:
            return await items(client, 2, **{"Last-Event-ID": str(first)})

    assert [state for _, _, state in asyncio.run(story())] == ["coming", "none"]


def test_a_store_put_back_from_a_backup_says_what_it_has_from_the_oldest_on(house: House) -> None:
    alert = house.happens("press", taps=1)
    house.deliver()
    assert alert is not None
    ahead = house.stream()[-1].item + 40  # read before the backup was put back
    house.backend.dispatch.reply(alert, OnMyWay("ana"))

    async def story() -> list[tuple[int, str, str]]:
        async with served(house) as client:
            return await items(client, 2, **{"Last-Event-ID": str(ahead)})

    assert [state for _, _, state in asyncio.run(story())] == ["delivered", "coming"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {STREAM_TOKEN}"}],
)
def test_the_stream_wants_its_token(house: House, headers: dict[str, str]) -> None:
    async def story() -> httpx.Response:
        async with served(house) as client:
            return await client.get(PATH, headers=headers)

    answer = asyncio.run(story())
    assert answer.status_code == 401
    assert "token" in answer.json()["error"]


@pytest.mark.parametrize("last", ["abc", "-1", "1.5", "9" * 30, "²"])
def test_a_last_event_id_that_is_no_number_is_refused(house: House, last: str) -> None:
    async def story() -> httpx.Response:
        async with served(house) as client:
            headers = [(b"Authorization", BEARER["Authorization"].encode())]
            return await client.get(PATH, headers=[*headers, (b"Last-Event-ID", last.encode())])

    assert asyncio.run(story()).status_code == 400


def test_a_store_begun_anew_numbers_above_the_one_before_it(house: House, tmp_path: Path) -> None:
    house.happens("press", taps=1)
    house.deliver()
    first = house.stream()[-1].item
    assert first > int(house.clock().timestamp()) * 1000 - 1
