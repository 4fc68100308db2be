"""What goes wrong with boards, and what the firmware makes of it: no press is ever lost."""

import asyncio
import contextlib
import random

import pytest

from sim.virtual.battery import BURST_MA, Battery
from sim.virtual.board import VirtualBoard
from sim.virtual.house import House
from sim.virtual.own_clock import OwnClock
from tests.sim.virtual.test_board import causes, in_a_house, lights


def told(board: VirtualBoard, part: str) -> int:
    """How many log lines have this in them."""
    return sum(part in line.data.get("text", "") for line in board.lines)


def test_a_button_that_bounces_is_one_press_each_time(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        chance = random.Random(5)
        for _ in range(40):
            board.press(hold_ms=chance.randint(60, 900), bounce=chance)
            await asyncio.sleep(3)
        presses = house.of("press")
        assert len(presses) == 40
        assert {(press.details["taps"], press.details["held"]) for press in presses} == {(1, 0)}

    in_a_house(tmp_path, story)


def test_rtc_memory_lost_in_deep_sleep_costs_a_boot_number_and_no_event_has_a_name_twice(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until(lambda line: line.what == "asleep", 60)
        await asyncio.sleep(60)
        board.lose_rtc()
        board.press()
        await board.until_light("delivered", 20)
        assert told(board, "boot 2, deep_sleep") == 1
        names = [(event.boot, event.seq) for event in house.events]
        assert len(set(names)) == len(names)
        assert [press.boot for press in house.of("press")] == [2]

    in_a_house(tmp_path, story, settings={"battery": 1})


@pytest.mark.parametrize("drift_ppm", [-50_000, 50_000])
def test_a_clock_that_drifts_shifts_the_heartbeats_and_loses_no_press(tmp_path, drift_ppm):
    async def story(board, house):
        board.power_on()
        await asyncio.sleep(3 * 900 + 200)
        beats = [line.t for line in board.lines if "event heartbeat" in line.data.get("text", "")]
        real_s = (beats[-1] - beats[0]) / (len(beats) - 1)
        assert abs(real_s - 900 / (1 + drift_ppm / 1e6)) < 0.5
        board.press()
        await board.until_light("delivered")

    in_a_house(tmp_path, story, drift_ppm=drift_ppm)


@pytest.mark.parametrize("drift_ppm", [-50_000, -1, 0, 20, 50_000])
def test_a_clock_is_read_back_to_the_first_moment_at_which_it_shows_that(drift_ppm):
    clock = OwnClock(drift_ppm)
    for own_ms in [*range(300), *range(10**9, 10**9 + 300)]:
        ms = clock.loop(own_ms)
        assert clock.own(ms) >= own_ms
        assert clock.own(ms - 1) < own_ms


def test_flash_that_wears_out_is_written_around_and_then_done_without(tmp_path):
    async def story(board, house):
        # Given a flash that bears next to nothing
        board.power_on()
        await board.until_said("link up")
        pressed = 0
        while not told(board, "it is kept in memory") and pressed < 3000:
            board.press()
            pressed += 1
            await asyncio.sleep(2)
        worn_after = pressed
        # When it takes nothing any more, presses are kept in memory and delivered all the same
        for _ in range(10):
            board.press()
            pressed += 1
            await asyncio.sleep(2)
        assert worn_after < 3000
        names = {(press.boot, press.seq) for press in house.of("press")}
        assert len(names) == pressed
        assert lights(board)[-1] == "delivered"
        # And whoever looks after it is told
        faults = [event.details["what"] for event in house.of("fault")]
        assert "storage" in faults

    in_a_house(tmp_path, story, flash_endurance=1)


def test_power_that_flickers_all_the_time_leaves_nobody_without_an_answer(tmp_path):
    async def story(board, house):
        chance = random.Random(11)
        for _ in range(25):
            board.power_on()
            await asyncio.sleep(chance.uniform(0.2, 3))
            board.press(bounce=chance)
            await asyncio.sleep(chance.uniform(0.05, 2))
            board.power_cut()
            await asyncio.sleep(chance.uniform(0, 2))
        kept = told(board, "event press")
        board.power_on()
        await asyncio.sleep(1)
        board.press()
        await asyncio.sleep(60)
        names = {(press.boot, press.seq) for press in house.of("press")}
        assert kept >= 5
        assert len(names) >= kept + 1
        assert lights(board)[-1] == "delivered"

    in_a_house(tmp_path, story)


CHIP_ENDS = {
    "a reset": "machine.reset()",
    "deep sleep": "machine.deepsleep(1000)",
    "a power cut": "kept.write(b'1' * 5000)",
}


@pytest.mark.parametrize("what", CHIP_ENDS)
def test_where_the_chip_ends_nothing_more_runs(tmp_path, what):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        if what == "a power cut":
            board.power_cut_in_writing(0)
        # Given a program that would clean up after itself
        board.console(
            "import machine\n"
            "kept = open('kept', 'wb')\n"
            "try:\n"
            "    kept.write(b'some')\n"
            f"    {CHIP_ENDS[what]}\n"
            "finally:\n"
            "    print('and ran on')\n"
        )
        await asyncio.sleep(10)
        # Then it is over in the midst of it
        assert told(board, "and ran on") == 0
        assert len(causes(board)) == (1 if what == "a power cut" else 2)
        # And what was not closed is not on flash
        if not board.running:
            board.power_on()
        await asyncio.sleep(10)
        board.console(
            "import os; print('there are', os.stat('kept')[6] if 'kept' in os.listdir() else 0)"
        )
        await board.until_said("there are 0")

    in_a_house(tmp_path, story)


def test_a_battery_that_runs_down_is_told_of_before_it_fails(tmp_path):
    async def story(board, house):
        # Given a battery with little left, of a button pressed now and then
        board.battery = Battery(left=0.4, capacity_mah=400)
        board.power_on()
        failed = None
        while failed is None:
            with contextlib.suppress(TimeoutError):
                failed = await board.until(lambda line: line.what == "reset", 1800)
            board.press()
        # Then it was said to be low, and only later it failed under the load of the radio
        low = house.of("battery")[0]
        assert low.details["state"] == "low"
        assert low.details["millivolts"] < 2300
        assert len(house.of("press")) >= 3
        assert failed.data == {"cause": "brown_out"}

    in_a_house(tmp_path, story, settings={"battery": 1})


def test_a_brown_out_is_survived_when_the_battery_is_changed(tmp_path):
    async def story(board, house):
        board.battery = Battery(left=0.06)
        board.power_on()
        await board.until(lambda line: line.data.get("cause") == "brown_out")
        assert house.events == []
        await asyncio.sleep(5)
        board.power_cut()
        board.battery = Battery()
        board.power_on()
        await asyncio.sleep(1)
        board.press()
        await asyncio.sleep(5)
        assert "power_on" in causes(board)[1:]
        assert [press.details["taps"] for press in house.of("press")] != []

    in_a_house(tmp_path, story, settings={"battery": 1})


def test_a_battery_is_flat_first_and_falls_at_the_end():
    volts = [Battery(left=left / 100).millivolts(0) for left in range(100, -1, -1)]
    assert volts == sorted(volts, reverse=True)
    assert Battery(left=0.15).millivolts(0) == 2300
    assert Battery(left=0.15).carries(BURST_MA)
    assert not Battery(left=0.02).carries(BURST_MA)
    hour = Battery(capacity_mah=80)
    hour.draw(80, 0)
    hour.draw(0, 3_600_000 // 2)
    assert hour.left == pytest.approx(0.5)


def test_a_broker_that_refuses_and_a_wlan_that_is_away_keep_the_press_until_there_is_a_way(
    tmp_path,
):
    async def story(board, house):
        house.access_point = False
        board.power_on()
        board.loop.call_later(100, board.press)
        await board.until_light("cannot_send", 130)
        house.access_point = True
        house.broker = False
        board.wifi(True)
        await board.until_said("link down: no connection", 60)
        house.broker = True
        await board.until_light("delivered", 60)
        assert len({press.seq for press in house.of("press")}) == 1

    in_a_house(tmp_path, story, house=House())


def test_a_board_without_power_hears_nothing_and_shows_nothing(tmp_path):
    async def story(board, house):
        # Given power that goes again before the firmware has begun
        board.power_on()
        await asyncio.sleep(0.1)
        board.power_cut()
        shown = len(board.lines)
        board.press()
        board.console("print('alive')")
        board.wifi(True)
        await asyncio.sleep(3600)
        assert board.look() == {}
        assert board.lines[shown:] == []
        # When it is back, nothing of that time is made up for
        board.power_on()
        await asyncio.sleep(30)
        assert told(board, "boot 1, power_on") == 1
        assert told(board, "alive") == 0
        assert house.of("press") == []

    in_a_house(tmp_path, story)
