"""Settings and care from afar, on boards in virtual time: what is obeyed, when, and what never."""

import asyncio
import random

import pytest
from doorknock import wire

from sim.virtual.house import SECRET, SETTINGS, House
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.test_board import causes, in_a_house, lights

HOME = {"mode": "home", "radar": "mr60bha2"}
WASHROOM = {"mode": "washroom", "radar": "mr60bha2"}
KEY = wire.signing_key(SECRET)


class Afar(House):
    """A house whose gateway gives orders. backend: whether a test comes back."""

    backend = True

    def opened(self, board, connection, host, port):
        # A board whose power went has closed nothing.
        self.open.clear()
        super().opened(board, connection, host, port)

    def order(self, board, kind, details, number):
        """Signs an order and sends it; the bytes, for whoever wants to replay them."""
        said = wire.encode(kind, SETTINGS["device"].hex(), 0, 0, number, details, KEY)
        self.replay(board, said)
        return said

    def replay(self, board, said):
        self.deliver(board, said)

    def command(self, board, kind, event, details):
        super().command(board, kind, event, details)
        if event.kind == "test" and kind == "answer" and self.backend:
            super().command(board, "tested", event, {})

    def outcomes(self, kind="settings"):
        return [(one.details["number"], one.details["outcome"]) for one in self.of(kind)]


def story_of(tmp_path, story, settings, **rest):
    is_button = settings.get("type") == "button"
    in_a_house(
        tmp_path,
        story,
        house=Afar(),
        settings=settings,
        board="button" if is_button else "sensor",
        **rest,
    )


async def up(board, house):
    board.radar = board.radar or Breath(present=False)
    seen = len(board.lines)
    board.power_on()
    await board.until_said("link up", since=seen)
    await asyncio.sleep(5)


async def next_light(board, state, within_s=10.0):
    """From now on, whatever was shown before."""
    return await board.until_light(state, within_s, since=len(board.lines))


def test_settings_are_in_force_after_a_restart_and_survive_the_next(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "set", {"answer_s": 30, "empty_s": 20}, 100)
        await asyncio.sleep(20)
        assert house.outcomes() == [(100, "accepted"), (100, "applied")]
        assert causes(board) == ["power_on", "software"]
        applied = house.of("settings")[-1].details
        assert (applied["answer_s"], applied["empty_s"], applied["mode"]) == (30, 20, "home")
        board.power_cut()
        await up(board, house)
        house.order(board, "set", {}, 101)
        await asyncio.sleep(2)
        told = house.of("settings")[-1].details
        assert (told["outcome"], told["answer_s"], told["empty_s"]) == ("in_force", 30, 20)
        assert told["watch_limit_s"] == 28800  # what nobody ordered is as it was

    story_of(tmp_path, story, HOME)


@pytest.mark.parametrize("seed", range(2))
def test_a_power_cut_between_any_two_writes_leaves_all_of_an_order_or_none(tmp_path, seed):
    async def story(board, house):
        chance = random.Random(seed)
        await up(board, house)
        values = {"answer_s": 15, "empty_s": 10}
        for number in range(100, 250, 30):
            # Given an order, and a cut in the midst of what it has written
            ordered = {"answer_s": 10 + number % 50, "empty_s": 5 + number % 50}
            board.power_cut_in_writing(chance.randrange(14))
            house.order(board, "set", ordered, number)
            await asyncio.sleep(8)
            # However that ended: the order comes again, as the gateway sees to it
            if not board.running:
                await up(board, house)
                house.order(board, "set", {}, number + 1)
                await asyncio.sleep(2)
                told = house.of("settings")[-1].details
                found = {name: told[name] for name in ordered}
                assert found in (values, ordered)
            board.power_cut()
            await up(board, house)
            house.order(board, "set", ordered, number + 2)
            await asyncio.sleep(10)
            told = house.of("settings")[-1].details
            values = {name: told[name] for name in ordered}
            assert values == ordered
            board.power_cut()
            await up(board, house)

    story_of(tmp_path, story, HOME)


def test_old_settings_replayed_are_known_for_old(tmp_path):
    async def story(board, house):
        await up(board, house)
        first = house.order(board, "set", {"answer_s": 40}, 100)
        await asyncio.sleep(15)
        house.order(board, "set", {"answer_s": 20}, 200)
        await asyncio.sleep(15)
        for _ in range(20):
            house.replay(board, first)
            await asyncio.sleep(1)
        old = house.of("settings")[-1].details
        assert (old["number"], old["outcome"], old["newest"]) == (100, "old", 200)
        # A flood of replays is no flood of answers
        assert house.outcomes().count((100, "old")) == 1
        house.order(board, "set", {}, 300)
        await asyncio.sleep(2)
        assert house.of("settings")[-1].details["answer_s"] == 20

    story_of(tmp_path, story, HOME)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (bytes([19, 1, 122, 20, 1, 40]), "answer_s"),  # 61 s: one above its bound
        (bytes([20, 1, 40, 99, 1, 2]), "tag 99"),  # of a contract this device does not have
        (bytes([20, 1, 40, 19, 9]), "cut short"),
    ],
)
def test_an_order_with_one_thing_wrong_changes_nothing(tmp_path, said, wrong):
    async def story(board, house):
        await up(board, house)
        header = wire.encode("set", SETTINGS["device"].hex(), 0, 0, 50, {}, KEY)
        body = header[: wire.HEADER_BYTES] + said
        house.replay(board, body + wire.hmac_sha256(KEY, body)[: wire.SIGNATURE_BYTES])
        await asyncio.sleep(5)
        [refused] = house.of("settings")
        assert (refused.details["outcome"], refused.details["wrong"]) == ("refused", wrong)
        assert refused.details["empty_s"] == 10
        assert causes(board) == ["power_on"]

    story_of(tmp_path, story, HOME)


@pytest.mark.parametrize("wider", [{"mode": "washroom"}, {"watch_limit_s": 36000}])
def test_what_widens_waits_for_a_press_and_is_refused_without_one(tmp_path, wider):
    async def story(board, house):
        await up(board, house)
        house.order(board, "set", wider | {"answer_s": 25}, 100)
        await next_light(board, "agree", 5)
        await asyncio.sleep(125)
        assert house.outcomes() == [(100, "waiting_for_press"), (100, "no_press")]
        told = house.of("settings")[-1].details
        assert (told["mode"], told["watch_limit_s"], told["answer_s"]) == ("home", 28800, 15)
        # Pressing later agrees to nothing
        board.press("button_b")
        await asyncio.sleep(10)
        assert len(house.of("settings")) == 2
        assert lights(board)[-1] == "none"

    story_of(tmp_path, story, HOME)


def test_a_press_in_the_room_agrees_and_a_reset_before_it_does_not(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "set", {"mode": "washroom"}, 100)
        await next_light(board, "agree", 5)
        board.power_cut()
        await up(board, house)
        assert house.outcomes()[-1] == (100, "no_press")
        house.order(board, "set", {"mode": "washroom"}, 101)
        await next_light(board, "agree", 5)
        board.press("button_b")
        await asyncio.sleep(20)
        assert house.outcomes()[-2:] == [(101, "accepted"), (101, "applied")]
        assert house.of("settings")[-1].details["mode"] == "washroom"
        assert house.of("ok") == []  # that press was an agreement, and nothing else

    story_of(tmp_path, story, HOME)


@pytest.mark.parametrize("what", ["identify", "test", "test_press"])
def test_while_the_light_asks_for_agreement_no_other_order_takes_its_place(tmp_path, what):
    async def story(board, house):
        await up(board, house)
        house.order(board, "set", {"mode": "washroom"}, 100)
        await next_light(board, "agree", 5)
        house.order(board, "act", {"what": what}, 101)
        await asyncio.sleep(5)
        assert house.outcomes("done") == [(101, "busy")]
        # What a press agrees to is what the light says
        assert lights(board)[-1] == "agree"
        board.press("button_b")
        await asyncio.sleep(5)
        assert house.outcomes()[:2] == [(100, "waiting_for_press"), (100, "accepted")]

    story_of(tmp_path, story, HOME)


def test_a_press_while_the_light_says_what_became_of_a_test_agrees_to_nothing(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "act", {"what": "test_press"}, 100)
        await next_light(board, "test_press", 5)
        house.backend = False
        board.press("button_b")
        await next_light(board, "sending", 5)
        house.order(board, "set", {"mode": "washroom"}, 101)
        await next_light(board, "agree", 5)
        await next_light(board, "cannot_send", 25)
        board.press("button_b")
        # Then it asks on
        await next_light(board, "agree", 15)
        assert house.outcomes() == [(101, "waiting_for_press")]
        await asyncio.sleep(120)
        assert house.outcomes()[-1] == (101, "no_press")

    story_of(tmp_path, story, HOME)


def test_two_presses_are_a_call_whatever_the_light_asks(tmp_path):
    async def story(board, house):
        await up(board, house)
        for number, what in enumerate(("set", "act"), 100):
            details = {"mode": "washroom"} if what == "set" else {"what": "test_press"}
            house.order(board, what, details, number)
            await asyncio.sleep(3)
            board.press("button_b")
            board.loop.call_later(0.3, board.press, "button_b")
            await asyncio.sleep(5)
            assert len(house.of("press")) == number - 99
            for event in house.of("press"):
                house.command(board, "light", event, {"state": "none"})
            await asyncio.sleep(2)
        assert house.of("test") == []
        assert "accepted" not in [outcome for _, outcome in house.outcomes()]

    story_of(tmp_path, story, HOME)


def test_settings_wait_for_the_end_of_a_watch_and_a_power_cut_in_it_drops_no_watch(tmp_path):
    async def story(board, house):
        board.radar = Breath()
        await up(board, house)
        await asyncio.sleep(60)
        # Given somebody in a washroom, and an order to make it a home
        house.order(board, "set", {"mode": "home"}, 100)
        await asyncio.sleep(60)
        assert house.outcomes() == [(100, "accepted")]
        assert board.look()["watching"] is True
        # When the power goes in the midst of it, the watch goes on as it was
        board.power_cut()
        await up(board, house)
        await asyncio.sleep(30)
        assert board.look()["watching"] is True
        assert house.outcomes() == [(100, "accepted")]

    story_of(tmp_path, story, WASHROOM)


def test_what_was_ordered_in_a_watch_is_in_force_once_its_resident_has_ended_it(tmp_path):
    async def story(board, house):
        board.radar = Breath()
        await up(board, house)
        board.press("button_b", hold_ms=2500)
        await asyncio.sleep(30)
        house.order(board, "set", {"watch_limit_s": 3600}, 100)
        house.order(board, "act", {"what": "restart"}, 101)
        await asyncio.sleep(60)
        assert house.outcomes() == [(100, "accepted")]
        assert house.outcomes("done") == [(101, "busy")]
        assert causes(board) == ["power_on"]
        assert board.look()["watching"] is True

        board.press("button_b", hold_ms=2500)
        await asyncio.sleep(20)

        assert house.outcomes()[-1] == (100, "applied")
        assert causes(board) == ["power_on", "software"]
        again = house.order(board, "act", {"what": "restart"}, 102)
        await asyncio.sleep(15)
        assert causes(board) == ["power_on", "software", "software"]
        assert house.outcomes("done")[-1] == (102, "done")
        # Replayed, it is answered again and not done again
        house.replay(board, again)
        await asyncio.sleep(10)
        assert len(causes(board)) == 3

    story_of(tmp_path, story, HOME)


def test_a_restart_is_refused_while_somebody_waits_for_an_answer(tmp_path):
    async def story(board, house):
        await up(board, house)
        board.press()
        await next_light(board, "delivered")
        house.order(board, "act", {"what": "restart"}, 100)
        house.order(board, "act", {"what": "identify"}, 101)
        await asyncio.sleep(5)
        assert house.outcomes("done") == [(100, "busy"), (101, "busy")]
        assert lights(board)[-1] == "delivered"

    story_of(tmp_path, story, {"type": "button"})


def test_identify_blinks_for_half_a_minute_and_gives_way_to_a_press_at_once(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "act", {"what": "identify"}, 100)
        begun = await next_light(board, "identify", 5)
        ended = await next_light(board, "none", 60)
        assert 29 <= ended.t - begun.t <= 31
        house.order(board, "act", {"what": "identify"}, 101)
        await next_light(board, "identify", 5)
        await asyncio.sleep(2)
        pressed = board.loop.now_ms
        board.press()
        sending = await next_light(board, "sending", 5)
        assert sending.t * 1000 - pressed <= 50
        await next_light(board, "delivered", 5)

    story_of(tmp_path, story, {"type": "button"})


def test_a_test_goes_the_way_of_a_press_and_comes_back_to_the_light(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "act", {"what": "test"}, 100)
        await next_light(board, "delivered", 5)
        await next_light(board, "none", 15)
        [test] = house.of("test")
        assert (test.details["number"], test.details["pressed"]) == (100, 0)
        assert house.outcomes("done") == [(100, "done")]
        assert house.of("press") == []

    story_of(tmp_path, story, {"type": "button"})


def test_a_test_press_is_a_test_once_and_what_comes_back_is_shown(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "act", {"what": "test_press"}, 100)
        await next_light(board, "test_press", 5)
        board.press()
        await next_light(board, "sending", 5)
        await next_light(board, "delivered", 5)
        await next_light(board, "none", 15)
        board.press()
        await next_light(board, "delivered", 5)
        await asyncio.sleep(1)
        assert [one.details["pressed"] for one in house.of("test")] == [1]
        assert len(house.of("press")) == 1

    story_of(tmp_path, story, {"type": "button"})


def test_a_test_press_that_nobody_beyond_the_gateway_hears_says_that_it_cannot_send(tmp_path):
    async def story(board, house):
        house.backend = False
        await up(board, house)
        house.order(board, "act", {"what": "test_press"}, 100)
        await next_light(board, "test_press", 5)
        board.press()
        await next_light(board, "cannot_send", 30)
        await next_light(board, "none", 15)

    story_of(tmp_path, story, {"type": "button"})


def test_the_log_says_nothing_of_who_pressed_or_is_looked_after(tmp_path):
    async def story(board, house):
        board.radar = Breath()
        await up(board, house)
        await asyncio.sleep(60)
        board.press("button_b")
        await asyncio.sleep(5)
        house.order(board, "act", {"what": "log"}, 100)
        await asyncio.sleep(5)
        said = "\n".join(one.details["text"] for one in house.of("log"))
        parts = [(one.details["part"], one.details["parts"]) for one in house.of("log")]
        assert parts == [(at + 1, len(parts)) for at in range(len(parts))]
        assert "link up" in said
        assert "boot 1" in said
        for word in ("press", "watch", "prompt", "light", "event", "ok "):
            assert word not in said

    story_of(tmp_path, story, WASHROOM)


def test_a_button_that_sleeps_takes_its_orders_when_it_wakes(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until(lambda line: line.what == "asleep", 60)
        # The broker keeps it for the device; here it comes with its next waking
        await board.until_said("link up", 1000, since=len(board.lines))
        house.order(board, "act", {"what": "identify"}, 100)
        await next_light(board, "identify")
        begun = board.loop.time()
        asleep = await board.until(lambda line: line.what == "asleep", 60, since=len(board.lines))
        assert asleep.t - begun >= 29
        assert house.outcomes("done") == [(100, "done")]

    story_of(tmp_path, story, {"type": "button", "battery": 1})


def test_a_device_that_is_set_up_anew_forgets_what_was_ordered(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "set", {"answer_s": 40}, 100)
        await asyncio.sleep(15)
        assert house.of("settings")[-1].details["answer_s"] == 40
        board.power_cut()
        board.provision({"answer_s": 12})
        await up(board, house)
        house.order(board, "set", {}, 101)
        await asyncio.sleep(3)
        assert house.of("settings")[-1].details["answer_s"] == 12

    story_of(tmp_path, story, HOME)
