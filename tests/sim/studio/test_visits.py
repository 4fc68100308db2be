"""Each page has a world of its own; there are not too many, and none outlives its page."""

import asyncio
import os

import pytest

from sim.studio import visits as module
from sim.studio.visits import LEFT_FOR_S, MOST_VISITS, UNTOUCHED_S, TooManyVisits, Visits, Wish
from tests.sim.studio.conftest import ROOT, fake_world

WISH = Wish("somewhere", "somewhere.toml", 7, "en", 4.0)
DEADLINE_S = 30


class Clock:
    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def run(monkeypatch):
    """Runs a test's coroutine with visits and their clock; ends all of them."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(test):
        async def whole():
            clock = Clock()
            visits = Visits(fake_world, clock)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await test(visits, clock)
            finally:
                await visits.close()

        asyncio.run(whole())

    return run


async def until(messages, wanted):
    """The first message of this kind that there is."""
    async for kind, data in messages:
        if kind == wanted:
            return data
    raise AssertionError(f"the stream ended without {wanted}")


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_two_visitors_do_not_disturb_each_other(run):
    async def test(visits, _):
        one, other = await visits.begin(WISH), await visits.begin(WISH)
        of_one, of_other = one.listen(), other.listen()
        await until(of_one, "frame")
        await until(of_other, "frame")
        one.order({"act": {"what": "enter", "person": "robin"}})
        while (await until(of_one, "frame"))["people"][0]["posture"] == "outside":
            pass
        assert (await until(of_other, "frame"))["people"][0]["posture"] == "outside"

    run(test)


def test_who_comes_later_learns_how_things_are_and_what_has_happened(run):
    async def test(visits, _):
        visit = await visits.begin(WISH)
        first = visit.listen()
        await until(first, "scene")
        visit.order({"act": {"what": "enter", "person": "robin"}})
        while not (await until(first, "frame"))["news"]:
            pass
        late = visit.listen()
        assert (await anext(late))[0] == "scene"
        kind, frame = await anext(late)
        assert (kind, frame["people"][0]["posture"]) == ("frame", "standing")
        kind, story = await anext(late)
        assert kind == "story"
        assert [one["key"] for one in story["news"]] == ["enter"]

    run(test)


def test_a_world_whose_page_has_gone_ends_after_a_while_and_not_before(run):
    async def test(visits, clock):
        visit = await visits.begin(WISH)
        messages = visit.listen()
        await until(messages, "scene")
        pid = visit._process.pid
        clock.now_s += 10 * LEFT_FOR_S
        await visits.sweep()
        assert visits.get(visit.name) is visit, "somebody is looking"
        await messages.aclose()
        clock.now_s += LEFT_FOR_S - 1
        await visits.sweep()
        assert visits.get(visit.name) is visit, "they may come back"
        clock.now_s += 1
        await visits.sweep()
        assert visits.get(visit.name) is None
        assert gone(pid)

    run(test)


def test_there_are_no_more_worlds_than_the_machine_is_given(run):
    async def test(visits, _):
        streams = []
        for _ in range(MOST_VISITS):
            streams.append((await visits.begin(WISH)).listen())
            await until(streams[-1], "scene")
        with pytest.raises(TooManyVisits):
            await visits.begin(WISH)
        await streams[1].aclose()
        assert await visits.begin(WISH), "the place of one whom everybody has left"

    run(test)


def test_time_stands_still_on_a_page_that_nobody_touches(run):
    async def test(visits, clock):
        visit = await visits.begin(WISH)
        messages = visit.listen()
        await until(messages, "frame")
        clock.now_s += UNTOUCHED_S
        await visits.sweep()
        while not (await until(messages, "frame"))["paused"]:
            pass
        visit.order({"pause": False})
        while (await until(messages, "frame"))["paused"]:
            pass

    run(test)


def test_a_world_that_dies_leaves_its_last_words_and_can_be_begun_again(run):
    async def test(visits, _):
        visit = await visits.begin(WISH)
        messages = visit.listen()
        await until(messages, "scene")
        visit.order({"act": {"what": "die"}})
        assert await until(messages, "ended") == {"text": "ValueError: out of the world"}
        await visit.begin_again(Wish("elsewhere", "elsewhere.toml", 8, "en", 4.0))
        assert await until(messages, "beginning") == {}
        assert (await until(messages, "scene"))["seed"] == 8

    run(test)


def test_the_next_world_goes_as_fast_as_the_visitor_has_set(run):
    async def test(visits, _):
        visit = await visits.begin(WISH)
        messages = visit.listen()
        await until(messages, "scene")
        visit.order({"speed": 77})
        visit.order({"ease": False})
        await visit.begin_again(Wish("elsewhere", "elsewhere.toml", 8, "en", 4.0))
        while (await until(messages, "scene"))["seed"] != 8:
            pass
        while (frame := await until(messages, "frame"))["speed"] != 77:
            pass
        assert frame["ease"] is False

    run(test)


def test_two_presses_of_begin_again_leave_one_world(run):
    async def test(visits, _):
        visit = await visits.begin(WISH)
        messages = visit.listen()
        await until(messages, "scene")
        again = [Wish("elsewhere", "elsewhere.toml", seed, "en", 4.0) for seed in (8, 9)]
        begun = []

        async def begin_again(wish):
            await visit.begin_again(wish)
            begun.append(visit._playing)

        await asyncio.gather(*map(begin_again, again))
        assert [one.done() for one in begun] == [True, False]
        while (await until(messages, "scene"))["seed"] != 9:
            pass

    run(test)


def test_a_reader_that_is_too_slow_is_let_go_and_holds_up_nobody(run, monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 3)

    async def test(visits, _):
        visit = await visits.begin(WISH)
        slow, quick = visit.listen(), visit.listen()
        await until(slow, "scene")
        for _ in range(12):
            await until(quick, "frame")
        assert len([kind async for kind, _ in slow]) < 12

    run(test)
