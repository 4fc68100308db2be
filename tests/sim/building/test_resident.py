"""The resident says "I'm OK" on their page: from the phone to the sensor's light, and back.

The real firmware of a sensor at one end, the real page, opened by card and PIN, at the other; the
real gateway and backend between them; and every way in which what is between can be broken.
"""

import asyncio
import html
import re

import httpx
import pytest

from sim.building.asgi_wire import Backend
from sim.building.way import Air
from tests.sim.virtual.breath import Breath

# Long enough for the sensor to know this person's breath.
BREATHES_S = 40
ASKED = "Your sensor asks: are you OK?"
NOT_HEARD = "Your sensor has not said that it got your “I'm OK”. Press B in your room."
CALLED = "Somebody was called at"
CALM = "Nothing is asked, and no call is open."


class Phone:
    """The resident's, with their page open. `text`: what it shows now."""

    def __init__(self, house, card):
        self._card = card
        self._client = httpx.AsyncClient(
            transport=house.building.mobile,
            base_url="http://pages.example",
            follow_redirects=True,
            trust_env=False,
            timeout=60,
        )
        self._page = None

    async def __aenter__(self):
        """The card is scanned and its PIN is typed."""
        at = f"/r/{self._card.resident.card}"
        self._page = await self._client.get(at)
        self._page = await self._client.post(at, data={**self._hidden(at), "pin": self._card.pin})
        return self

    async def __aexit__(self, *_):
        await self._client.aclose()

    @property
    def text(self):
        main = re.search(r"<main.*</main>", self._page.text, re.DOTALL)[0]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())

    @property
    def offers_ok(self):
        return 'action="/mine/ok"' in self._page.text

    async def im_ok(self):
        """A thumb on the button that the page has."""
        self._page = await self._client.post("/mine/ok", data=self._hidden("/mine/ok"))

    async def shows(self, words, within_s):
        """Waits for these words; how many s it took. Meanwhile the page fetches itself again
        whenever it is told that there is something new, as its script has it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with (
                asyncio.timeout(within_s),
                self._client.stream("GET", "/mine/live") as live,
            ):
                async for line in live.aiter_lines():
                    if line == "event: changed":
                        self._page = await self._client.get(self._page.url)
                    if words in self.text:
                        return loop.time() - began
        except TimeoutError:
            pass
        raise AssertionError(f"not shown: {words!r}, but: {self.text}")

    def _hidden(self, action):
        form = re.search(rf'action="{action}"?.*?</form>', self._page.text, re.DOTALL)
        where = form[0] if form else self._page.text
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', where))


@pytest.fixture
def asked(play, tmp_path):
    """Somebody is looked after at home and stops breathing; `then(house, sensor, phone)` runs at
    the moment at which their page shows the question. Gives the house and the sensor."""

    def run(then, **changes):
        async def scene(house):
            breath = Breath()
            sensor = house.sensor(tmp_path / "board", breath)
            try:
                await asyncio.sleep(5)
                sensor.board.press("button_b", hold_ms=2500)
                await asyncio.sleep(BREATHES_S)
                assert sensor.board.look()["watching"]
                breath.stopped_ms = house.loop.time() * 1000
                async with Phone(house, house.building.backend.make_card("207")) as phone:
                    assert CALM in phone.text
                    await phone.shows(ASKED, within_s=90)
                    assert sensor.board.look()["prompting"]
                    await then(house, sensor, phone)
            finally:
                sensor.board.close()
            return house, sensor

        return play(scene, **changes)

    return run


def kinds(house):
    """What asks for somebody and what answers, as the gateway wrote it down."""
    kinds = ("prompt", "ok", "press", "stillness")
    committed = house.records("committed", device="d00200000207")
    return [(one["kind"], one.get("state")) for one in committed if one["kind"] in kinds]


def test_im_ok_on_the_page_ends_the_question_in_the_room_and_calls_nobody(asked):
    async def then(house, sensor, phone):
        await phone.im_ok()
        assert "On its way to your sensor. It has not said yet that it got it." in phone.text
        await phone.shows("Your sensor no longer asks.", within_s=2)
        assert CALM in phone.text
        assert not phone.offers_ok
        await asyncio.sleep(1)
        assert sensor.since(BREATHES_S)[-2:] == ["prompt", "none"]
        # It still looks after them, and their silence is no reason to call: they have answered.
        await asyncio.sleep(20)
        assert sensor.board.look()["watching"]

    house, _ = asked(then)
    assert kinds(house)[:3] == [("prompt", "asked"), ("prompt", "answered"), ("ok", None)]
    assert "stillness" not in [kind for kind, _ in kinds(house)]
    assert house.alerts() == []
    assert house.records("message") == []


def test_without_im_ok_the_same_question_calls(asked):
    async def then(house, sensor, phone):
        await phone.shows(CALLED, within_s=30)
        assert phone.offers_ok

    house, _ = asked(then)
    assert house.alerts() == [("207", "urgent")]


def refuse_the_stream(building):
    """A proxy before the backend that lets no stream through; all else passes."""
    app = building.wan.app

    async def proxy(scope, receive, send):
        if scope["path"].endswith("/stream"):
            await send({"type": "http.response.start", "status": 502, "headers": []})
            await send({"type": "http.response.body"})
        else:
            await app(scope, receive, send)

    building.wan.app = proxy
    building.wan.cut()
    return lambda: setattr(building.wan, "app", app)


def access_point_off(building):
    building.way.turn(Air.OFF)
    return lambda: building.way.turn(Air.ON)


def backend_unreachable(building):
    building.set_backend(Backend.UNREACHABLE)
    return lambda: building.set_backend(Backend.UP)


@pytest.mark.parametrize("break_", [access_point_off, backend_unreachable])
def test_where_it_cannot_reach_the_sensor_the_page_says_so_and_the_question_becomes_a_call(
    asked, break_
):
    async def then(house, sensor, phone):
        mend = break_(house.building)
        await phone.im_ok()
        assert await phone.shows(NOT_HEARD, within_s=10) >= 4
        assert phone.offers_ok
        # The room does not wait for the way: it calls, and says what has become of the call.
        await asyncio.sleep(80)
        assert sensor.light == "cannot_send"
        assert house.alerts() == []
        # Nor does the page take the silence for an answer.
        await phone.shows("It has not said since how that ended.", within_s=30)
        assert CALM not in phone.text
        mend()
        await phone.shows(CALLED, within_s=90)
        assert "It has not said since" not in phone.text
        assert "“I'm OK” was said at" not in phone.text
        assert phone.offers_ok
        # What was on its way comes too late, and takes nothing back.
        await asyncio.sleep(10)
        assert sensor.light in ("delivered", "asked_again")

    house, _ = asked(then)
    assert house.alerts() == [("207", "urgent")]
    assert [kind for kind, _ in kinds(house)] == ["prompt", "stillness"]


async def broker_restarts(house, said):
    house.building.broker.kill()
    await said()
    await asyncio.sleep(2)
    house.building.broker.start()


async def session_lost(house, said):
    house.building.gateway.lose_broker()
    await said()


async def gateway_dies(house, said):
    house.building.gateway.lose_broker()
    await said()
    # It has it from the backend by now, and is not at the broker again yet.
    await asyncio.sleep(0.3)
    await house.building.gateway.kill()
    await asyncio.sleep(1)
    house.building.gateway.start()


@pytest.mark.parametrize("break_", [broker_restarts, session_lost, gateway_dies])
def test_im_ok_said_while_the_gateway_has_no_broker_is_an_answer_once_it_has(asked, break_):
    async def then(house, sensor, phone):
        await break_(house, phone.im_ok)
        assert "On its way to your sensor. It has not said yet that it got it." in phone.text
        await phone.shows("Your sensor no longer asks.", within_s=14)
        assert CALM in phone.text
        await asyncio.sleep(1)
        assert sensor.light == "none"

    house, _ = asked(then)
    assert kinds(house)[:3] == [("prompt", "asked"), ("prompt", "answered"), ("ok", None)]
    assert "stillness" not in [kind for kind, _ in kinds(house)]
    assert house.alerts() == []


def test_an_answer_that_the_call_has_overtaken_is_said_again_in_the_alert(asked):
    async def then(house, sensor, phone):
        mend = refuse_the_stream(house.building)
        await phone.im_ok()
        await phone.shows(NOT_HEARD, within_s=10)
        await phone.shows(CALLED, within_s=30)
        assert "Your sensor had called before your “I'm OK” got there." in phone.text
        mend()
        await asyncio.sleep(30)
        assert "“I'm OK” was said at" not in phone.text
        assert house.alerts() == [("207", "urgent")]
        await phone.im_ok()
        assert "Those who come can see it now." in phone.text
        assert "Somebody still looks in." in phone.text

    house, _ = asked(then)
    assert house.alerts() == [("207", "check_in")]
