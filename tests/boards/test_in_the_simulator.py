"""Every board's firmware starts on its own chip with exactly its pins, and does what it is for."""

import asyncio

import pytest

from gateway.provision import boards
from sim.devices.outside import chip_facts
from sim.virtual.board import BoardFailed
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.test_board import causes, in_a_house
from tests.sim.virtual.test_sensor import Presence

BUTTONS = [board.id for board in boards.every() if "button" in board.file.may_be]
SENSORS = [board.id for board in boards.every() if "sensor" in board.file.may_be]
KIT = "xiao-esp32c6-mr60bha2"


def on_the_board(tmp_path, board, kind, story, **changes):
    """Lives a story with this board as this kind of device; `changes` to its settings."""
    board = boards.load(board)
    settings = {**board.settings(kind), **changes}
    rest = {"board": kind, "chip": chip_facts(board.chip), "settings": settings}
    in_a_house(tmp_path, story, **rest)


def levels(board, name):
    """The levels that the firmware gave a pin, in order; by its name, or its number as a text."""
    return [line.data["level"] for line in board.lines if line.data.get("name") == name]


@pytest.mark.parametrize("board", BUTTONS)
def test_a_press_on_its_pin_lights_its_light_and_is_sent(tmp_path, board):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        assert levels(board, "light")[-1] == 0
        seen = len(board.lines)

        board.press("pin_button")

        await board.until(lambda line: line.data == {"name": "light", "level": 1}, 1, seen)
        await board.until_light("delivered", 5)
        [press] = house.of("press")
        assert press.details["taps"] == 1

    on_the_board(tmp_path, board, "button", story, battery=0)


@pytest.mark.parametrize("board", BUTTONS)
def test_a_press_ends_its_deep_sleep_by_the_way_that_its_chip_has(tmp_path, board):
    async def story(board, house):
        board.power_on()
        await board.until(lambda line: line.what == "asleep", 60)
        await asyncio.sleep(60)

        board.press("pin_button")

        await board.until_light("delivered", 10)
        assert causes(board) == ["power_on", "deep_sleep"]
        assert len(house.of("press")) == 1

    on_the_board(tmp_path, board, "button", story, battery=1)


def test_a_c6_is_woken_by_ext1(tmp_path):
    # The kit is no button, but what wakes its chip is known and must not wait for a board.
    async def story(board, house):
        board.power_on()
        await board.until(lambda line: line.what == "asleep", 60)
        board.press("pin_button")
        await board.until_light("delivered", 10)
        assert causes(board) == ["power_on", "deep_sleep"]

    on_the_board(tmp_path, KIT, "sensor", story, type="button", battery=1)


@pytest.mark.parametrize("board", SENSORS)
def test_its_radar_is_heard_at_its_uart_and_holding_b_begins_a_watch(tmp_path, board):
    data = boards.load(board)

    async def story(board, house):
        board.radar = Breath() if "mr60bha2" in data.radars else Presence()
        board.power_on()
        await board.until_said("link up")
        assert board.look()["watching"] is False

        board.press("pin_button", hold_ms=2500)
        await asyncio.sleep(20)

        assert board.look()["watching"] is True
        assert board.look()["faulty"] is False
        [watch] = house.of("watch")
        assert watch.details["state"] == "started"
        switched = "radar_power" in data.pins("sensor")
        assert levels(board, "radar_power")[-1:] == ([1] if switched else [])

    on_the_board(tmp_path, board, "sensor", story)


def test_the_kit_holds_its_aerial_s_switch_low_before_it_goes_on_the_air(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        assert levels(board, "3") == [0]
        assert levels(board, "14") == [0]
        first = [line for line in board.lines if line.what == "pin"][:2]
        assert [line.data["name"] for line in first] == ["3", "14"]

    on_the_board(tmp_path, KIT, "sensor", story)


def test_a_lamp_to_the_supply_is_lit_by_a_low_level(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        assert levels(board, "light")[0] == 1
        assert levels(board, "light")[-1] == 1
        seen = len(board.lines)
        board.press("pin_button")
        await board.until(lambda line: line.data == {"name": "light", "level": 0}, 1, seen)

    on_the_board(tmp_path, "esp32c3-supermini", "button", story, light_kind="low")


def test_the_battery_is_told_as_it_is_behind_the_divider(tmp_path):
    async def story(board, house):
        board.battery_now(4100)
        board.power_on()
        await board.until_said("event heartbeat", 30)
        await asyncio.sleep(2)
        assert house.of("heartbeat")[0].details["battery_millivolts"] == 4100

    on_the_board(tmp_path, "xiao-esp32c3", "button", story)


def test_a_lithium_cell_that_runs_down_is_told_while_the_button_still_works(tmp_path):
    async def story(board, house):
        board.battery_now(3400)
        board.power_on()
        await board.until_said("event battery", 30)
        await asyncio.sleep(2)
        [told] = house.of("battery")
        assert told.details == {"millivolts": 3400, "state": "low"}

    on_the_board(tmp_path, "xiao-esp32c3", "button", story)


@pytest.mark.parametrize(
    ("board", "changes", "refused"),
    [
        (KIT, {"pin_light": 24, "light_kind": "high"}, "invalid pin"),
        ("xiao-esp32c3", {"pin_light": 12}, "invalid pin"),
        ("esp32-devkitc", {"pin_light": 34}, "pin can only be input"),
        ("esp32-devkitc", {"pin_battery": 25, "pin_sounder": -1}, "invalid pin"),
    ],
)
def test_a_pin_that_the_chip_does_not_have_is_refused_by_the_stand_in(
    tmp_path, board, changes, refused
):
    async def story(board, house):
        board.power_on()
        await asyncio.sleep(5)

    kind = boards.load(board).file.may_be[0]
    with pytest.raises(BoardFailed, match=refused):
        on_the_board(tmp_path, board, kind, story, **changes)
