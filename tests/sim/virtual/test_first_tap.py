"""A tap is safe as soon as its light is on, whatever becomes of the power before it is decided
whether more taps follow."""

import asyncio

import pytest

from tests.sim.virtual.test_board import in_a_house, lights


def said(house):
    """Of each press that the gateway has, with its name: what it said."""
    return [
        ((one.boot, one.seq), one.details["taps"], one.details["held"]) for one in house.of("press")
    ]


async def awake(board):
    board.power_on()
    await board.until_said("link up")
    # What it says at its start is answered for; one on a battery sleeps after 3 s
    await asyncio.sleep(1)


@pytest.mark.parametrize("after_ms", [60, 150, 400, 640])
@pytest.mark.parametrize("battery", [0, 1])
def test_a_power_cut_right_after_the_first_light_loses_no_press(tmp_path, after_ms, battery):
    async def story(board, house):
        await awake(board)
        board.press()
        await asyncio.sleep(after_ms / 1000)
        # The light has said that it is being sent
        assert lights(board)[-1] == "sending"
        assert house.of("press") == []
        board.power_cut()

        await asyncio.sleep(10)
        board.power_on()
        await board.until_light("delivered", 30)
        await asyncio.sleep(60)

        [(name, *what)] = said(house)
        assert (name[0], what) == (1, [1, 0])

    in_a_house(tmp_path, story, settings={"battery": battery})


def test_a_second_tap_makes_one_urgent_press_of_the_first(tmp_path):
    async def story(board, house):
        await awake(board)
        board.press()
        await asyncio.sleep(0.3)
        board.press()
        await board.until_light("delivered", 10)
        board.power_cut()
        # Nothing of the first tap is left on the flash
        board.power_on()
        await asyncio.sleep(60)
        assert [what for _, *what in said(house)] == [[2, 0]]

    in_a_house(tmp_path, story)


def test_a_hold_and_a_power_cut_in_the_midst_of_it(tmp_path):
    async def story(board, house):
        await awake(board)
        board.press(hold_ms=3000)
        await board.until_light("delivered", 10)
        assert [what for _, *what in said(house)] == [[1, 1]]
        await asyncio.sleep(10)

        board.press(hold_ms=5000)
        await asyncio.sleep(1.5)
        board.power_cut()
        await asyncio.sleep(10)
        board.power_on()
        await asyncio.sleep(60)
        assert [what for _, *what in said(house)] == [[1, 1], [1, 0]]

    in_a_house(tmp_path, story)


@pytest.mark.parametrize("writes", range(4))
def test_the_power_goes_while_the_second_tap_is_written(tmp_path, writes):
    async def story(board, house):
        await awake(board)
        board.press()
        await asyncio.sleep(0.3)
        board.power_cut_in_writing(writes)
        board.press()
        await asyncio.sleep(0.2)
        if board.state.value != "off":
            board.power_cut()
        house.events.clear()

        board.power_on()
        await asyncio.sleep(60)

        # Once, as it was or as it was going to be
        [(_, *what)] = said(house)
        assert what in ([1, 0], [2, 0])

    in_a_house(tmp_path, story)


def test_a_tap_that_gets_its_number_while_it_is_not_decided_is_one_press(tmp_path):
    async def story(board, house):
        board.lose_setting("boot")
        await awake(board)
        [asks] = house.of("boot")
        assert asks.boot == 0
        for hold_ms, power_cut in ((80, False), (2500, False), (80, True)):
            house.events.clear()
            board.press(hold_ms=hold_ms)
            await asyncio.sleep(0.3)
            if asks is not None:
                house.command(board, "number", asks, {"next_boot": 8})
                asks = None
            await asyncio.sleep(0.2)
            if power_cut:
                board.power_cut()
                board.power_on()
            await asyncio.sleep(60)
            [(name, taps, held)] = said(house)
            assert (name[0], taps) == (9, 1)
            assert held == (hold_ms > 2000)

    in_a_house(tmp_path, story)


def test_a_tap_that_a_light_asked_for_is_no_press_and_a_second_one_is(tmp_path):
    async def story(board, house):
        await awake(board)
        house.command(board, "act", house.of("boot")[0], {"what": "test_press"})
        await board.until_light("test_press", 10)
        board.press()
        await asyncio.sleep(5)
        assert house.of("press") == []
        assert len(house.of("test")) == 1

        house.command(board, "act", house.of("boot")[0], {"what": "test_press"})
        await asyncio.sleep(5)
        board.press()
        await asyncio.sleep(0.3)
        board.press()
        await asyncio.sleep(5)
        assert [what for _, *what in said(house)] == [[2, 0]]

    in_a_house(tmp_path, story)


def test_where_memory_has_no_room_each_tap_is_on_flash_all_the_same_and_comes_once(tmp_path):
    presses = 205

    async def story(board, house):
        house.broker = False
        board.power_on()
        await board.until_said("boot")
        for _ in range(presses):
            board.press()
            await asyncio.sleep(1)
        # The last of them twice, and the power goes with the second
        board.press()
        await asyncio.sleep(0.25)
        board.press()
        await asyncio.sleep(0.15)
        board.power_cut()
        house.broker = True
        board.power_on()
        await asyncio.sleep(120)
        names = [name for name, *_ in said(house)]
        assert len(set(names)) == len(names)
        # Of the last two, the first was told as one tap, and is raised by the second
        assert [what for _, *what in said(house)[-2:]] == [[1, 0], [2, 0]]
        assert len(names) == presses + 2

    in_a_house(tmp_path, story)
