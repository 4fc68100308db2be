"""The key stories of a board, in virtual time: a press, deep sleep, the watchdog, a power cut."""

import asyncio
import itertools
import random

import pytest

from sim.virtual.board import BoardFailed, VirtualBoard
from sim.virtual.house import SETTINGS, House
from sim.virtual.loop import VirtualLoop, run


def in_a_house(tmp_path, story, *, house=None, settings=None, **rest):
    """Lives a story with one board: story(board, house) in virtual time."""
    house = house or House()

    async def main(loop: VirtualLoop):
        board = VirtualBoard(loop, tmp_path / "board", name="button", network=house, **rest)
        board.provision({**SETTINGS, **(settings or {})})
        try:
            return await story(board, house)
        finally:
            board.close()

    return run(main, real_limit_s=120)


def lights(board):
    return [line.data["state"] for line in board.lines if line.what == "light"]


def causes(board):
    return [line.data["cause"] for line in board.lines if line.what == "power"]


def test_a_press_is_sent_and_its_light_says_delivered(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        down = board.loop.now_ms

        board.press(bounce=random.Random(1))

        sending = await board.until_light("sending")
        delivered = await board.until_light("delivered")
        assert 20 <= sending.t * 1000 - down <= 40  # the debounce, and no more than a look
        assert 600 <= delivered.t * 1000 - down <= 800  # a second tap may follow for 600 ms
        [press] = house.of("press")
        assert press.details["taps"] == 1

    in_a_house(tmp_path, story)


def test_a_board_that_sleeps_is_woken_by_a_press_and_sends_it(tmp_path):
    async def story(board, house):
        board.power_on()
        asleep = await board.until(lambda line: line.what == "asleep", 60)
        await asyncio.sleep(120)
        assert not board.running
        assert house.farewells == 1

        board.press()

        await board.until_light("delivered", 10)
        assert asleep.data["for_ms"] == 900_000
        assert causes(board) == ["power_on", "deep_sleep"]
        # Waking is no start: the same boot number, and the count goes on
        [press] = house.of("press")
        assert press.boot == 1

    in_a_house(tmp_path, story, settings={"battery": 1})


def test_a_board_that_sleeps_wakes_by_its_timer_for_a_heartbeat(tmp_path):
    async def story(board, house):
        board.power_on()
        await asyncio.sleep(3 * 900 + 60)
        assert causes(board) == ["power_on"] + ["deep_sleep"] * 3
        beats = house.of("heartbeat")
        assert len(beats) == 4
        # The uptime of its events goes on through sleep
        passed = [b.stamp - a.stamp for a, b in itertools.pairwise(beats)]
        assert all(900_000 <= ms <= 910_000 for ms in passed)

    in_a_house(tmp_path, story, settings={"battery": 1})


# A tap that begins and ends while the radio is switched off: that takes the chip 0.1 s.
TAP_AS_IT_FALLS_ASLEEP = """
import machine, time
from doorknock import chip
def off(self, was=chip.Radio.off):
    chip.Radio.off = was
    pin = machine._pins[4]
    pin._changed(0)
    time.sleep_ms(90)
    pin._changed(1)
    was(self)
chip.Radio.off = off
"""


def test_a_tap_in_the_moment_in_which_it_falls_asleep_is_sent(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("link up")
        board.console(TAP_AS_IT_FALLS_ASLEEP)
        await board.until_light("delivered", 20)
        [press] = house.of("press")
        assert press.details["taps"] == 1
        assert causes(board) == ["power_on"]

    in_a_house(tmp_path, story, settings={"battery": 1})


def awake_s(board, from_s):
    """For how long the board was awake from then on, up to now."""
    turns = [line for line in board.lines if line.what in ("power", "asleep") and line.t > from_s]
    spans = itertools.pairwise([line.t for line in turns] + [board.loop.now_ms / 1000])
    return sum(
        end - begin for line, (begin, end) in zip(turns, spans, strict=True) if line.what == "power"
    )


def test_a_button_to_which_nobody_comes_looks_in_once_a_minute_when_its_ten_minutes_are_over(
    tmp_path,
):
    async def story(board, house):
        board.power_on()
        await board.until(lambda line: line.what == "asleep", 60)
        board.press()
        await board.until(lambda line: line.what == "asleep", 620, since=len(board.lines))
        over = board.loop.now_ms / 1000
        await asyncio.sleep(600)

        # Each minute a few seconds: awake for ten of eleven, it would empty its battery in a day
        assert 20 < awake_s(board, over) < 60
        assert lights(board)[-1] == "delivered"

    in_a_house(tmp_path, story, settings={"battery": 1})


def test_a_press_that_gets_through_at_last_is_waited_with_for_ten_minutes(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until(lambda line: line.what == "asleep", 60)
        house.access_point = False
        board.press()
        await asyncio.sleep(620)
        house.access_point = True
        delivered = await board.until_light("delivered", 100)
        asleep = await board.until(lambda line: line.what == "asleep", 700, since=len(board.lines))
        assert asleep.t - delivered.t > 599

    in_a_house(tmp_path, story, settings={"battery": 1})


def test_a_loop_that_hangs_is_bitten_when_the_watchdog_is_due(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("boot 1")
        at = board.loop.now_ms
        board.console("while True: pass")
        bitten = await board.until(lambda line: line.what == "reset", 30)
        assert bitten.data == {"cause": "watchdog"}
        assert 0 < bitten.t * 1000 - at <= 2000
        await board.until_said("boot 2, watchdog")

    in_a_house(tmp_path, story, settings={"watchdog_s": 2}, hang_limit_s=1.0)


def test_a_loop_that_waits_for_the_clock_without_sleeping_gets_its_time(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("boot 1")
        board.console(
            "import time\nbegun = time.ticks_ms()\n"
            "while time.ticks_diff(time.ticks_ms(), begun) < 700: pass\nprint('waited')"
        )
        at = board.loop.now_ms
        waited = await board.until_said("waited")
        assert 700 <= waited.t * 1000 - at <= 750

    in_a_house(tmp_path, story)


def test_one_dead_task_resets_the_board_though_all_others_live(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("boot 1")
        board.console(
            "from doorknock import signals\n"
            "def fail(self, now): raise RuntimeError('nobody thought of this')\n"
            "signals.Signals.advance = fail\n"
        )
        await board.until_said("boot 2, watchdog", 30)
        assert any(
            line.what == "crash" and "nobody thought of this" in line.data["text"]
            for line in board.lines
        )

    in_a_house(tmp_path, story, settings={"watchdog_s": 2}, forgiving=True)


def test_a_crash_of_the_firmware_ends_the_run_with_its_traceback(tmp_path):
    async def story(board, house):
        board.power_on()
        await board.until_said("boot 1")
        board.console("raise ValueError('a fault in the firmware')")
        await asyncio.sleep(60)

    with pytest.raises(BoardFailed, match=r"(?s)Traceback .*ValueError: a fault in the firmware"):
        in_a_house(tmp_path, story)


def test_a_power_cut_between_any_two_flash_writes_loses_no_press_that_was_kept(tmp_path):
    async def story(board, house):
        # Given presses that nobody takes, and power that goes in the middle of a write
        house.broker = False
        kept = 0
        for writes in range(12):
            board.power_on()
            await board.until_said("event heartbeat", 20)
            board.power_cut_in_writing(writes)
            for _ in range(4):
                board.press()
                await asyncio.sleep(3)
                if board.state.value == "off":
                    break
            kept += sum("event press" in line.data.get("text", "") for line in board.lines)
            board.lines.clear()
            if board.state.value != "off":
                board.power_cut()
        # When the way is open, then each that was told as kept arrives, once each
        house.broker = True
        board.power_on()
        await asyncio.sleep(120)
        names = {(press.boot, press.seq) for press in house.of("press")}
        assert kept >= 12
        assert len(names) >= kept
        assert lights(board)[-1] == "delivered"

    in_a_house(tmp_path, story)


def test_the_same_seed_gives_the_same_lines_to_the_byte(tmp_path):
    async def story(board, house):
        board.power_on()
        chance = random.Random(7)
        for _ in range(5):
            await asyncio.sleep(chance.uniform(5, 40))
            board.press(bounce=chance)
            house.answering = not house.answering
        await asyncio.sleep(100)
        return [repr(line) for line in board.lines]

    first = in_a_house(tmp_path / "a", story, seed=3)
    again = in_a_house(tmp_path / "b", story, seed=3)
    other = in_a_house(tmp_path / "c", story, seed=4)
    assert len(first) > 100
    assert first == again
    assert first != other


def test_every_run_crosses_the_wrap_of_the_ticks_after_20_s(tmp_path):
    async def story(board, house):
        board.power_on()
        await asyncio.sleep(15)
        told = "import time\nprint('ticks', time.ticks_ms())"
        board.console(told)
        before = await board.until_said("ticks")
        await asyncio.sleep(10)
        board.console(told)
        after = await board.until_said("ticks", since=board.lines.index(before) + 1)
        ticks = [int(line.data["text"].split()[1]) for line in (before, after)]
        assert ticks[0] > 0x3FFFFFFF - 20_000
        assert ticks[1] < 20_000
        # And nothing stands still
        board.press()
        await board.until_light("delivered")

    in_a_house(tmp_path, story)
