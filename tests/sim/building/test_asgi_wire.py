"""HTTP to an application in the same loop: it streams, keeps timeouts, and breaks on cue."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from sim.building.asgi_wire import AsgiWire, Backend
from sim.virtual.loop import run


class Shop:
    """An application that echoes, that counts for ever, and that falls."""

    def __init__(self):
        self.taken = []
        self.app = Starlette(
            routes=[
                Route("/echo", self.echo, methods=["POST"]),
                Route("/count", self.count),
                Route("/fall", self.fall),
            ]
        )

    async def echo(self, request):
        self.taken.append((await request.body()).decode())
        return PlainTextResponse(self.taken[-1])

    async def count(self, _request):
        async def numbers():
            number = 0
            while True:
                yield f"{number}\n"
                number += 1
                await asyncio.sleep(10)

        return StreamingResponse(numbers())

    async def fall(self, _request):
        raise ZeroDivisionError


async def counted(client, at_each):
    """Reads the numbers as they come, for ever."""
    async with client.stream("GET", "/count", timeout=30) as answer:
        async for _ in answer.aiter_lines():
            at_each()


@pytest.fixture
def asked():
    """Runs `talk(client, wire, shop, loop)` in virtual time; what it gives."""

    def ask(talk):
        async def main(loop):
            wire, shop = AsgiWire(), Shop()
            wire.app = shop.app
            async with httpx.AsyncClient(transport=wire, base_url="http://shop") as client:
                try:
                    return await talk(client, wire, shop, loop)
                finally:
                    wire.cut()

        return run(main, real_limit_s=20.0)

    return ask


def test_a_request_comes_whole_and_its_answer_too(asked):
    async def talk(client, _wire, shop, _loop):
        answer = await client.post("/echo", content=b"hello")
        return answer.status_code, answer.text, shop.taken

    assert asked(talk) == (200, "hello", ["hello"])


def test_an_answer_without_an_end_comes_as_it_is_said(asked):
    async def talk(client, _wire, _shop, loop):
        came = []
        async with client.stream("GET", "/count", timeout=30) as answer:
            async for line in answer.aiter_lines():
                came.append((loop.time(), line))
                if len(came) == 3:
                    break
        return came

    assert asked(talk) == [(0, "0"), (10, "1"), (20, "2")]


def test_silence_in_the_middle_is_a_timeout(asked):
    async def talk(client, wire, _shop, loop):
        with pytest.raises(httpx.ReadTimeout):
            await counted(client, lambda: wire.become(Backend.UNREACHABLE))
        return loop.time()

    # The second number is on its way when the way goes; then 30 s of nothing.
    assert 30 <= asked(talk) <= 40


def test_an_end_of_the_backend_breaks_open_answers_off(asked):
    async def talk(client, wire, _shop, _loop):
        with pytest.raises(httpx.ReadError):
            await counted(client, lambda: wire.become(Backend.DOWN))
        with pytest.raises(httpx.ConnectError):
            await client.post("/echo", content=b"hello")

    asked(talk)


def test_what_a_slow_backend_is_not_waited_for_it_does_all_the_same(asked):
    async def talk(client, wire, shop, loop):
        wire.slowness_s = 11.0
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/echo", content=b"hello", timeout=10)
        gave_up = loop.time(), list(shop.taken)
        await asyncio.sleep(5)
        return gave_up, shop.taken

    assert asked(talk) == ((10, []), ["hello"])


@pytest.mark.parametrize(("state", "status"), [(Backend.FAILING, 500), (Backend.LYING, 200)])
def test_what_fails_and_what_lies_never_asks_the_application(asked, state, status):
    async def talk(client, wire, shop, _loop):
        wire.become(state)
        answer = await client.post("/echo", content=b"hello")
        return answer.status_code, shop.taken

    assert asked(talk) == (status, [])


def test_an_application_that_falls_answers_500(asked):
    async def talk(client, _wire, _shop, _loop):
        return (await client.get("/fall")).status_code

    assert asked(talk) == 500
