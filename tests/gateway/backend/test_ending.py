"""A backend that stops, or starts anew, with pages open: it ends at once and leaves nothing behind,
and whoever looks on is told that the stream is over."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import httpx
import pytest

from gateway.address import listen
from gateway.backend import service

from .conftest import STREAM_TOKEN, House

PAGES = 20


class Onlooker:
    """An open page, or a gateway that follows its stream, and asks anew as soon as that ends.

    `over`: it has been ended in order. `let_in`: whoever ended it took the next request.
    """

    def __init__(self, address: str, path: str, way_in: str | None) -> None:
        self._address = address
        self._path = path
        self._way_in = way_in
        self.follows = asyncio.Event()
        self.over = False
        self.let_in = False

    async def look(self) -> None:
        headers = {"authorization": f"Bearer {STREAM_TOKEN}"}
        async with httpx.AsyncClient(
            base_url=self._address, follow_redirects=True, timeout=60, trust_env=False
        ) as client:
            if self._way_in is not None:
                await client.get(self._way_in)
            async with client.stream("GET", self._path, headers=headers) as stream:
                assert stream.status_code == 200
                async for _ in stream.aiter_raw():
                    self.follows.set()
            self.over = True
            with contextlib.suppress(httpx.TransportError):
                self.let_in = (await client.get("/healthz")).is_success


def stop_with(
    house: House, path: str, way_in: str | None
) -> tuple[list[Onlooker], float, set[str]]:
    """The backend serves PAGES onlookers and is stopped: they, how long it took to stop, and the
    names of tasks that are left pending then."""

    async def story() -> tuple[list[Onlooker], float]:
        listening = listen("127.0.0.1", 0, key="port")
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(house.backend.serve(listening))
        onlookers = [Onlooker(address, path, way_in) for _ in range(PAGES)]
        looks = [asyncio.create_task(one.look()) for one in onlookers]
        async with asyncio.timeout(60):
            await asyncio.gather(*(one.follows.wait() for one in onlookers))
        loop = asyncio.get_running_loop()
        began = loop.time()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        took = loop.time() - began
        await asyncio.gather(*looks)
        return onlookers, took

    # As a program does that has a loop of its own: asyncio.run() would clear up after us.
    loop = asyncio.new_event_loop()
    try:
        onlookers, took = loop.run_until_complete(story())
        left = {str(task.get_coro()) for task in asyncio.all_tasks(loop)}
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        return onlookers, took, left
    finally:
        loop.close()


@pytest.mark.parametrize("what", ["page", "gateway"])
def test_twenty_open_pages_hold_up_no_end_and_nothing_of_them_is_left(
    open_house: Callable[..., House], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # After it uvicorn puts an end to them; on a busy machine all else takes its time.
    monkeypatch.setattr(service, "GRACE_S", 60)
    house = open_house()
    house.happens("press", taps=2)
    if what == "page":
        way_in = house.backend.link_for("ana").removeprefix(house.backend.policy.base_url)
        onlookers, took, left = stop_with(house, "/live", way_in)
    else:
        house.backend.dispatch.claim_notices(set())
        house.backend.dispatch.notice_sent(1, delivered=False)
        onlookers, took, left = stop_with(house, "/v1/gateways/house-1/stream", None)

    assert all(one.over for one in onlookers)
    assert left == set()
    # A request that is taken in the last moment holds up the end, and is not answered well.
    assert not any(one.let_in for one in onlookers)
    assert took < service.GRACE_S


@pytest.mark.parametrize("turns", range(6))
def test_who_is_let_in_at_the_last_moment_holds_up_no_end(
    open_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    """A connection is no connection yet while asyncio hands it over: *turns* of its loop."""
    house = open_house()
    ends = service._Server.shutdown
    left: list[int] = []

    async def story() -> None:
        listening = listen("127.0.0.1", 0, key="port")
        address = listening.getsockname()
        with socket.socket() as late:

            async def shutdown(
                server: service._Server, sockets: list[socket.socket] | None
            ) -> None:
                # The kernel takes both without us.
                late.connect(address)
                late.sendall(b"GET /healthz HTTP/1.1\r\nHost: backend\r\n\r\n")
                for _ in range(turns):
                    await asyncio.sleep(0)
                await ends(server, sockets)
                left.append(len(server.server_state.connections))

            monkeypatch.setattr(service._Server, "shutdown", shutdown)
            serving = asyncio.create_task(house.backend.serve(listening))
            async with asyncio.timeout(60):
                while not await asyncio.to_thread(answers, address):
                    pass
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    asyncio.run(story())
    # Whoever is left was waited for until the end of all patience.
    assert left == [0]


def answers(address: tuple[str, int]) -> bool:
    """Whether somebody is served there."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://{address[0]}:{address[1]}/healthz", trust_env=False).is_success
    return False
