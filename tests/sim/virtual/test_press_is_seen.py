"""How soon a press is seen and heard, in the board's own time: milliseconds count, and the machine
that runs the test has none of its own in it."""

import asyncio

import pytest
from doorknock import signals

from tests.sim.virtual.test_board import in_a_house, lights

# The debounce, and then no more than a look of the button's task.
FIRST_LIGHT_MS = (20, 40)
SENDING_HZ = signals.PATTERNS["sending"][1][0][0]
NOTED_HZ = signals.SHORT["noted"][1][0][0]


def is_lit(line):
    return line.what == "pin" and line.data == {"name": "light", "level": 1}


def sounds(hz):
    return lambda line: line.what == "sound" and line.data["hz"] == hz


async def soon_after(board, down, meant, since):
    line = await board.until(meant, since=since)
    assert FIRST_LIGHT_MS[0] <= line.t * 1000 - down <= FIRST_LIGHT_MS[1]


def test_the_lamp_itself_is_lit_as_soon_as_the_press_is_sure(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        seen, down = len(board.lines), board.loop.now_ms

        board.press()

        await soon_after(board, down, is_lit, seen)

    in_a_house(tmp_path, story)


@pytest.mark.parametrize("shown", ["delivered", "asked_again", "coming"])
def test_a_press_in_an_open_call_is_shown_as_soon_as_the_first(tmp_path, shown):
    async def story(board, house):
        # Given a call whose light shows this
        board.power_on()
        await board.until_said("link up")
        board.press()
        await board.until_light("delivered")
        house.command(board, "light", house.of("press")[0], {"state": shown})
        await board.until_light(shown)

        # When somebody presses again, then it says at once that this goes out
        seen, down = len(board.lines), board.loop.now_ms
        board.press()
        await soon_after(
            board,
            down,
            lambda line: line.what == "light" and line.data["state"] == "sending",
            seen,
        )

        # And goes on saying so until it has, and then says again what is true of the call
        await board.until_light(shown, since=seen)
        assert len(house.of("press")) == 2
        assert lights(board)[-2:] == ["sending", shown]

    in_a_house(tmp_path, story)


def test_each_tap_of_a_quick_series_is_heard_and_together_they_are_one_call(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")

        # Two that are sent, and two that are seen and add nothing: the series is urgent and told
        for hz in (SENDING_HZ, SENDING_HZ, NOTED_HZ, NOTED_HZ):
            seen, down = len(board.lines), board.loop.now_ms
            board.press(hold_ms=60)
            await soon_after(board, down, sounds(hz), seen)
            await asyncio.sleep(0.14 - (board.loop.now_ms - down) / 1000)

        await board.until_light("delivered")
        await asyncio.sleep(2)
        assert [press.details for press in house.of("press")] == [{"taps": 2, "held": 0}]
        assert lights(board) == ["sending", "delivered"]

    in_a_house(tmp_path, story)
