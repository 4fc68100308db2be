"""The lid switch: told when the case is opened and closed, once each, whatever comes between."""

import asyncio

from tests.sim.virtual.test_board import in_a_house

PIN = {"pin_tamper": 8}


def told(house):
    # A second copy of an event, after a reset, has the same identity and is no second event.
    events = {(event.boot, event.seq): event for event in house.of("tamper")}
    return [event.details["state"] for event in events.values()]


def test_a_case_that_is_opened_and_closed_is_told_as_such(tmp_path):
    async def story(board, house):
        board.set_pin("tamper", 0)
        board.power_on()
        await asyncio.sleep(10)
        assert told(house) == []

        board.set_pin("tamper", 1)
        await asyncio.sleep(3)
        board.set_pin("tamper", 0)
        await asyncio.sleep(3)

        assert told(house) == ["opened", "closed"]

    in_a_house(tmp_path, story, settings=PIN)


def test_a_switch_that_bounces_is_told_once(tmp_path):
    async def story(board, house):
        board.set_pin("tamper", 0)
        board.power_on()
        await asyncio.sleep(10)
        for level in (1, 0, 1, 0, 1):
            board.set_pin("tamper", level)
            await asyncio.sleep(0.004)
        await asyncio.sleep(5)
        assert told(house) == ["opened"]

    in_a_house(tmp_path, story, settings=PIN)


def test_a_case_that_was_opened_without_power_is_told_at_the_next_start_and_not_again(tmp_path):
    async def story(board, house):
        board.set_pin("tamper", 0)
        board.power_on()
        await asyncio.sleep(10)
        board.power_cut()

        board.set_pin("tamper", 1)
        board.power_on()
        await asyncio.sleep(10)
        board.power_cut()
        board.power_on()
        await asyncio.sleep(10)

        assert told(house) == ["opened"]

    in_a_house(tmp_path, story, settings=PIN)


def test_a_device_without_a_switch_says_nothing_of_it(tmp_path):
    async def story(board, house):
        board.power_on()
        await asyncio.sleep(10)
        assert told(house) == []
        assert not any("tamper" in str(line.data) for line in board.lines)

    in_a_house(tmp_path, story)
