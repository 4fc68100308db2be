"""The word back: stored with its place in the stream, then sent to the light, once and in order."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
import structlog.testing
from doorknock import wire
from httpx_sse import ServerSentEvent

from gateway import devices, orders
from gateway.commands import Commands
from gateway.store import Store
from gateway.store import lights as light_table
from gateway.store import said_oks as said_ok_table
from gateway.store.retention import sweep
from gateway.wayback import ANSWER_LASTS_MS, CURSOR, WayBack
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


def said(rest: str) -> str:
    """Item 5, a light; *rest*: what it says beside its device and boot, as JSON without braces."""
    return f'id: 5\nevent: light\ndata: {{"device": "{DEVICE}", "boot": 1, {rest}}}\n\n'


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
        said('"seq": 1, "state": ["coming"]'),
        said('"seq": 1e400, "state": "coming"'),
        "id: 5\nevent: light\ndata: " + 100_000 * "[" + "\n\n",
        "id: 5\nevent: settings\ndata: {}\n\n",
    ],
)
def test_an_item_that_makes_no_sense_does_not_hold_up_the_next(story: Story, nonsense: str) -> None:
    story.follow(stream(nonsense, item(6)))

    assert story.shown() == [(1, "coming")]
    assert story.cursor() == "6"


def test_half_a_letter_in_an_alerts_name_costs_no_light(story: Story) -> None:
    story.follow(stream(said('"seq": 1, "state": "coming", "alert": "\\ud800"')))

    assert story.shown() == [(1, "coming")]


def test_a_stream_that_is_not_there_is_tried_ever_less_often_and_for_ever(story: Story) -> None:
    story.follow(*[httpx.ConnectError("no")] * 7, httpx.Response(401), stream(item(5)))

    assert story.slept[:6] == [0.1, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert max(story.slept) == 10.0
    assert story.slept[-1] == 0.1
    assert story.shown() == [(1, "coming")]


def test_a_backend_that_takes_its_time_to_start_is_no_trouble_and_one_that_is_away_is_told_once(
    story: Story,
) -> None:
    away = httpx.ConnectError("refused")
    # On a Raspberry Pi it takes seconds until the pages of the same process are there
    with structlog.testing.capture_logs() as lines:
        story.follow(*[away] * 5, stream(item(5)))
    assert sum(story.slept[:5]) > 8
    assert warnings(lines) == []

    with structlog.testing.capture_logs() as lines:
        story.follow(*[away] * 8, stream(item(6)))
    assert warnings(lines) == [
        "the backend's stream is not there; trying on",
        "the backend's stream is there again",
    ]


def warnings(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line["event"] for line in lines if line["log_level"] == "warning"]


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


ANSWERED = ServerSentEvent("said_ok", json.dumps({"device": DEVICE, "boot": 1, "seq": 9}), "7")


@pytest.fixture
def answered(story: Story) -> Bench:
    """A resident has answered question 1.9, and the way down was closed at that moment: what is
    told to the device from now on is in the bench's `sent`."""
    story.way_back.take(ANSWERED)
    return Bench(story.store)


def comes_back(bench: Bench) -> list[tuple[str, int, int]]:
    """The gateway is at its broker again, which says of the device that it is there."""
    bench.sent.clear()
    bench.arrive(wire.ONLINE, leaf="status")
    return [(one.kind, one.boot, one.seq) for one in bench.sent]


def test_an_ok_that_was_lost_on_the_way_is_told_again_once_the_way_is_open(answered: Bench) -> None:
    answered.now_ms += 15_000
    assert comes_back(answered) == [("said_ok", 1, 9)]
    # That one may be lost as well.
    assert comes_back(answered) == [("said_ok", 1, 9)]


def test_an_ok_is_told_again_with_a_heartbeat(answered: Bench) -> None:
    answered.arrive(answered.event("heartbeat", seq=8, light="none"), leaf="up")
    assert ("said_ok", 1, 9) in [(one.kind, one.boot, one.seq) for one in answered.sent]


def test_an_ok_is_kept_for_as_long_as_a_question_can_be_on() -> None:
    assert max(orders.BOUNDS["answer_s"]) * 1000 == ANSWER_LASTS_MS


def test_an_ok_outlives_no_question(answered: Bench) -> None:
    answered.now_ms += ANSWER_LASTS_MS + 1
    assert comes_back(answered) == []
    with answered.store.read() as connection:
        assert said_ok_table.find(connection, DEVICE) is None


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("prompt", {"state": "answered", "cause": "no_breathing"}),
        ("prompt", {"state": "withdrawn", "cause": "no_breathing"}),
        ("ok", {"during": "prompt"}),
        ("stillness", {"cause": "no_breathing", "urgency": "urgent"}),
        ("press", {"taps": 2}),
    ],
)
def test_an_ok_is_not_told_once_its_question_is_over(
    answered: Bench, kind: str, details: dict[str, Any]
) -> None:
    answered.arrive(answered.event(kind, seq=10, **details))
    assert comes_back(answered) == []


def test_an_ok_is_not_told_to_a_device_that_has_started_anew(answered: Bench) -> None:
    answered.arrive(answered.event("boot", seq=0, boot=2), leaf="up")
    assert comes_back(answered) == []


@pytest.mark.parametrize(
    ("kind", "seq", "details"),
    [
        ("prompt", 9, {"state": "asked", "cause": "no_breathing"}),
        ("prompt", 7, {"state": "answered", "cause": "no_breathing"}),
        ("stirring", 10, {}),
    ],
)
def test_what_does_not_end_the_question_leaves_its_ok(
    answered: Bench, kind: str, seq: int, details: dict[str, Any]
) -> None:
    answered.arrive(answered.event(kind, seq=seq, **details))
    assert comes_back(answered) == [("said_ok", 1, 9)]


def test_nothing_of_an_ok_is_kept_of_a_retired_device(answered: Bench) -> None:
    devices.retire(answered.store, DEVICE, now_ms=NOW_MS)
    with answered.store.read() as connection:
        assert said_ok_table.find(connection, DEVICE) is None
    assert comes_back(answered) == []


def test_an_ok_that_no_device_has_claimed_is_swept_away(answered: Bench) -> None:
    with answered.store.write() as connection:
        sweep(connection, NOW_MS + ANSWER_LASTS_MS + 1, keep_ms=1_000_000)
        assert said_ok_table.find(connection, DEVICE) is None
