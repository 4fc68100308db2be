"""The resident answers a question on their page: the firmware itself, under MicroPython."""

import asyncio

import pytest

from sim.virtual.house import House
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.test_afar import HOME, WASHROOM, story_of, up


async def asked(board, house, within_s=90):
    """The question that the sensor asks, once its gateway has it."""
    before = len(house.of("prompt"))
    for _ in range(within_s * 4):
        found = [one for one in house.of("prompt")[before:] if one.details["state"] == "asked"]
        if found:
            return found[-1]
        await asyncio.sleep(0.25)
    raise AssertionError("it did not ask")


async def breath_stops(board, house):
    """Somebody is looked after at home and stops breathing; the question that follows."""
    board.radar = Breath()
    await up(board, house)
    board.press("button_b", hold_ms=2500)
    await asyncio.sleep(90)
    board.radar.stopped_ms = board.loop.time() * 1000
    return await asked(board, house)


def kinds(house, *wanted):
    return [one.kind for one in house.events if one.kind in wanted]


def test_the_page_answers_the_question_as_a_press_of_b_does(tmp_path):
    async def story(board, house):
        question = await breath_stops(board, house)
        House.command(house, board, "said_ok", question, {})
        await asyncio.sleep(10)
        assert house.of("prompt")[-1].details["state"] == "answered"
        assert house.of("ok")[-1].details["during"] == "prompt"
        assert kinds(house, "stillness", "press") == []
        assert board.look()["watching"] is True

    story_of(tmp_path, story, HOME)


def test_without_it_the_same_question_calls(tmp_path):
    async def story(board, house):
        await breath_stops(board, house)
        await asyncio.sleep(20)
        assert kinds(house, "stillness", "ok") == ["stillness"]

    story_of(tmp_path, story, HOME)


@pytest.mark.parametrize(("boot_more", "seq_more"), [(0, 1), (0, -1), (1, 0)])
def test_an_answer_to_another_question_is_none(tmp_path, boot_more, seq_more):
    async def story(board, house):
        question = await breath_stops(board, house)
        named = _Named(question.device, question.boot + boot_more, question.seq + seq_more)
        House.command(house, board, "said_ok", named, {})
        await asyncio.sleep(20)
        assert kinds(house, "stillness", "ok") == ["stillness"]

    story_of(tmp_path, story, HOME)


class _Named:
    """An event by its name alone."""

    def __init__(self, device, boot, seq):
        self.device, self.boot, self.seq = device, boot, seq


def test_an_answer_that_comes_too_late_or_twice_changes_nothing(tmp_path):
    async def story(board, house):
        question = await breath_stops(board, house)
        await asyncio.sleep(20)
        assert kinds(house, "stillness", "ok") == ["stillness"]
        # It has called: the call stands, whatever comes late.
        for _ in range(2):
            House.command(house, board, "said_ok", question, {})
        await asyncio.sleep(10)
        assert kinds(house, "stillness", "ok") == ["stillness"]

    story_of(tmp_path, story, HOME)


def test_an_answer_of_before_a_reset_does_not_answer_the_question_after_it(tmp_path):
    async def story(board, house):
        question = await breath_stops(board, house)
        board.power_cut()
        board.power_on()
        again = await asked(board, house)
        assert (again.boot, again.seq) != (question.boot, question.seq)
        House.command(house, board, "said_ok", question, {})
        await asyncio.sleep(3)
        assert house.of("ok") == []

    story_of(tmp_path, story, HOME)


def test_whether_a_watch_shall_end_is_answered_in_the_room_alone(tmp_path):
    async def story(board, house):
        board.radar = Breath()
        await up(board, house)
        board.press("button_b", hold_ms=2500)
        await asyncio.sleep(300)
        question = await asked(board, house, 400)
        assert question.details["cause"] == "long_stay"
        House.command(house, board, "said_ok", question, {})
        await asyncio.sleep(3)
        assert board.look()["watching"] is True
        assert house.of("ok") == []
        # The press does answer it
        board.press("button_b")
        await asyncio.sleep(5)
        assert house.of("ok")[-1].details["during"] == "prompt"
        assert board.look()["watching"] is False

    story_of(tmp_path, story, {**HOME, "watch_limit_s": 600})


def test_it_agrees_to_nothing_that_takes_a_press_in_the_room(tmp_path):
    async def story(board, house):
        await up(board, house)
        house.order(board, "set", {"mode": "washroom"}, 100)
        await asyncio.sleep(5)
        assert house.outcomes() == [(100, "waiting_for_press")]
        for seq in range(1, 12):
            House.command(house, board, "said_ok", _Named(house.events[0].device, 1, seq), {})
        await asyncio.sleep(130)
        assert house.outcomes()[-1] == (100, "no_press")

    story_of(tmp_path, story, HOME)


def test_in_a_washroom_it_answers_the_question_too(tmp_path):
    # Nobody has a page for a washroom; the device need not know.
    async def story(board, house):
        board.radar = Breath()
        await up(board, house)
        await asyncio.sleep(90)
        board.radar.stopped_ms = board.loop.time() * 1000
        question = await asked(board, house)
        House.command(house, board, "said_ok", question, {})
        await asyncio.sleep(5)
        assert house.of("prompt")[-1].details["state"] == "answered"

    story_of(tmp_path, story, WASHROOM)
