"""The word back: stored with its place in the stream, then sent to the light, once and in order."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from doorknock import wire
from httpx_sse import ServerSentEvent

from gateway import devices
from gateway.commands import Commands
from gateway.store import Store
from gateway.store import lights as light_table
from gateway.wayback import CURSOR, WayBack
from tests.gateway.intake_bench import Bench
from tests.gateway.process import DEVICE, NOW_MS, SECRET

URL = "http://backend/v1/gateways/house-1/stream"


class Enough(BaseException):
    """The story is over."""


class Story:
    """A way back, the backend it follows, and the device at its end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.requests: list[httpx.Request] = []
        self.answers: list[httpx.Response | Exception] = []
        self.sent: list[wire.Message] = []
        self.slept: list[float] = []
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.way_back = WayBack(
            store,
            Commands(lambda: NOW_MS),
            self,
            self.client,
            "http://backend",
            "token",
            gateway="house-1",
            clock_ms=lambda: NOW_MS,
            sleep=self._sleep,
            jitter=lambda: 0.0,
        )

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        assert alarm
        self.sent.append(wire.decode_command(message, wire.signing_key(SECRET)))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.answers:
            raise Enough

    def follow(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        with pytest.raises(Enough):
            asyncio.run(self.way_back.run())

    def shown(self) -> list[tuple[int, str]]:
        return [(command.seq, str(command.details["state"])) for command in self.sent]

    def cursor(self) -> str:
        with self.store.read() as connection:
            return light_table.cursor(connection, CURSOR)


def item(number: int, state: str = "coming", *, seq: int = 1, **other: Any) -> str:
    data = {"unit": "204", "device": DEVICE, "boot": 1, "seq": seq, "state": state, "alert": "a"}
    return f"id: {number}\nevent: light\ndata: {json.dumps({**data, **other})}\n\n"


def stream(*items: str) -> httpx.Response:
    headers = {"content-type": "text/event-stream"}
    return httpx.Response(200, headers=headers, text="".join(items))


@pytest.fixture
def story(store: Store) -> Story:
    return Story(store)


def test_a_light_is_stored_and_then_sent(story: Story) -> None:
    story.follow(stream(item(5, "delivered"), item(6, "coming")))

    assert story.shown() == [(1, "delivered"), (1, "coming")]
    assert story.cursor() == "6"
    assert story.sent[1].stamp > story.sent[0].stamp


def test_the_gateway_asks_for_what_came_after_and_shows_who_it_is(story: Story) -> None:
    story.follow(stream(item(5)), stream())

    first, second = story.requests
    assert first.url == URL
    assert first.headers["authorization"] == "Bearer token"
    assert "last-event-id" not in first.headers
    assert second.headers["last-event-id"] == "5"


def test_the_cursor_moves_only_with_the_light(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails between the two: both come again."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(light_table, "save_cursor", full)
        story.follow(stream(item(5)))
    assert story.cursor() == ""
    assert story.sent == []

    story.follow(stream(item(5)))

    assert story.shown() == [(1, "coming")]
    assert story.cursor() == "5"


@pytest.mark.parametrize(
    "nonsense",
    [
        "id: 5\nevent: light\ndata: {\n\n",
        "id: 5\nevent: light\ndata: []\n\n",
        item(5, "on fire"),
        item(5, seq=-1),
        item(5, seq=1 << 40),
        item(5, device="nobody"),
        item(5, device="ffffffffffff"),
        "id: 5\nevent: settings\ndata: {}\n\n",
    ],
)
def test_an_item_that_makes_no_sense_does_not_hold_up_the_next(story: Story, nonsense: str) -> None:
    story.follow(stream(nonsense, item(6)))

    assert story.shown() == [(1, "coming")]
    assert story.cursor() == "6"


def test_a_stream_that_is_not_there_is_tried_ever_less_often_and_for_ever(story: Story) -> None:
    story.follow(*[httpx.ConnectError("no")] * 7, httpx.Response(401), stream(item(5)))

    assert story.slept[:6] == [0.1, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert max(story.slept) == 10.0
    assert story.slept[-1] == 0.1
    assert story.shown() == [(1, "coming")]


def test_a_retired_device_is_told_nothing(story: Story) -> None:
    devices.retire(story.store, DEVICE, now_ms=NOW_MS)

    story.follow(stream(item(5)))

    assert story.sent == []
    assert story.cursor() == "5"


def test_the_end_of_an_alert_is_told_by_its_own_event_though_there_is_a_newer_call(
    story: Story,
) -> None:
    """The end of the first alert is on its way while somebody presses again: told nothing, the
    device would say for ever that somebody is coming."""
    bench = Bench(story.store)
    bench.arrive(bench.event(seq=1), bench.event(seq=2))

    story.follow(stream(item(5, "none", seq=1)))

    assert story.shown() == [(1, "none")]
    assert story.cursor() == "5"


def test_the_same_item_twice_is_only_a_newer_number(story: Story) -> None:
    same = ServerSentEvent("light", item(5).split("data: ")[1].strip(), "5")

    story.way_back.take(same)
    story.way_back.take(same)

    assert story.shown() == [(1, "coming"), (1, "coming")]
    assert story.sent[1].stamp > story.sent[0].stamp


def test_an_ok_of_the_residents_page_is_told_once_to_the_sensor_that_asks(story: Story) -> None:
    named = {"device": DEVICE, "boot": 1, "seq": 9, "unit": "204"}
    story.follow(stream(f"event: said_ok\nid: 7\ndata: {json.dumps(named)}\n\n"))
    [told] = story.sent
    assert (told.kind, told.boot, told.seq) == ("said_ok", 1, 9)
    assert story.cursor() == "7"
    # Nothing of it stays: it is no light that has to be shown again.
    with story.store.read() as connection:
        assert light_table.find(connection, DEVICE) is None


def test_an_ok_for_a_retired_or_unknown_device_is_told_to_nobody(story: Story) -> None:
    devices.retire(story.store, DEVICE, now_ms=NOW_MS)
    for device in (DEVICE, "ffffffffffff", "nonsense"):
        named = {"device": device, "boot": 1, "seq": 9}
        story.follow(stream(f"event: said_ok\nid: 8\ndata: {json.dumps(named)}\n\n"))
    assert story.sent == []
    assert story.cursor() == "8"
