"""Visitors who connect to the pages and say nothing, or never end what they began to say."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from gateway import http_door
from gateway.http_door import CONNECTIONS_AN_ADDRESS, HttpDoor

PATIENCE_S = 0.2
DEADLINE_S = 60.0
Visit = Callable[[int], Awaitable[None]]


async def page(scope: Any, receive: Any, send: Any) -> None:
    """Answers to /slow after longer than the door's patience, else at once."""
    while (await receive())["more_body"]:
        pass
    if scope["path"] == "/slow":
        await asyncio.sleep(2 * PATIENCE_S)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


def visit(act: Visit) -> None:
    """Runs *act* with the port of a server behind the door."""

    async def story() -> None:
        server = uvicorn.Server(
            uvicorn.Config(page, port=0, http=HttpDoor, log_config=None, lifespan="off")
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn offers no event
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(DEADLINE_S):
                await act(port)
        finally:
            server.should_exit = True
            await serving

    asyncio.run(story())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_door, "WHOLE_REQUEST_WITHIN_S", PATIENCE_S)


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTT",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nten bytes.",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_visitor_who_does_not_finish_a_request_is_shown_out(said: bytes) -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert b"here" not in await until_closed(reader)
        writer.close()

    visit(act)


def test_so_is_one_who_began_a_second_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"here")
        writer.write(b"GET / HTT")
        assert b"here" not in await until_closed(reader)
        writer.close()

    visit(act)


def test_an_answer_that_takes_long_is_waited_for() -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert b"here" in await reader.read()
        writer.close()

    visit(act)


@pytest.mark.parametrize("ourselves", [False, True])
def test_one_address_cannot_take_all_the_places(
    monkeypatch: pytest.MonkeyPatch, ourselves: bool
) -> None:
    monkeypatch.setattr(http_door, "WHOLE_REQUEST_WITHIN_S", DEADLINE_S)
    if not ourselves:
        monkeypatch.setattr(http_door, "OURSELVES", frozenset())

    async def act(port: int) -> None:
        idle = [
            await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS_AN_ADDRESS)
        ]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (b"here" in await until_closed(reader)) is ourselves
        for _, one in [*idle, (reader, writer)]:
            one.close()

    visit(act)
