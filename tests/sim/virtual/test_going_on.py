"""A board of which nothing is seen goes on by itself: that is quicker, and nothing else."""

import asyncio
import itertools

import pytest

from sim.virtual import loop as virtual_loop
from sim.virtual import radar_line
from sim.virtual.process import Process
from sim.virtual.radar_line import RadarLine
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.test_board import in_a_house

WASHROOM = {"mode": "washroom", "radar": "mr60bha2"}


def lived(folder, monkeypatch, story, goes_on, **options):
    """(lines, spans that the radar was asked for, grants) of a board that may go on, or may not."""
    grants = []
    granted = Process.grant

    def counted(self, until_ms, *rest):
        grants.append(until_ms)
        granted(self, until_ms, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Process, "grant", counted)
        if not goes_on:
            patched.setattr(virtual_loop, "QUIET_MS", 0)
        told = []

        async def all_of_it(board, house):
            board.radar = Breath()
            board.power_on()
            await story(board)
            told.extend([board.lines, board.radar.asked])

        in_a_house(
            folder / str(goes_on),
            all_of_it,
            settings={**WASHROOM, "watchdog_s": 5},
            board="sensor",
            **options,
        )
    return told[0], told[1], len(grants)


def both(tmp_path, monkeypatch, story, **options):
    ways = [lived(tmp_path, monkeypatch, story, goes_on, **options) for goes_on in (True, False)]
    assert ways[0][0] == ways[1][0]
    assert ways[0][2] < ways[1][2]
    return ways[0][0], ways[0][1]


def test_what_is_seen_of_a_board_is_the_same_whether_it_goes_on_or_asks_each_time(
    tmp_path, monkeypatch
):
    async def story(board):
        await asyncio.sleep(130)
        board.radar.stopped_ms = board.loop.now_ms
        await board.until_light("prompt", 120)
        # A person hears it, and answers.
        await asyncio.sleep(3.217)
        board.press("button_b")
        await asyncio.sleep(100)
        board.wifi(False)
        await asyncio.sleep(41)

    lines, asked = both(tmp_path, monkeypatch, story)
    assert any("event prompt" in line.data.get("text", "") for line in lines)
    # Spans adjoin as before.
    assert all(before[1] == after[0] for before, after in itertools.pairwise(asked))


def test_a_light_that_it_shows_by_itself_is_seen_no_later(tmp_path, monkeypatch):
    async def story(board):
        await board.until_said("link up")
        # Later, with nothing due in the world that could stop it.
        board.console(
            "import asyncio, machine\n"
            "async def later():\n"
            "    await asyncio.sleep_ms(35310)\n"
            "    machine.Pin(33, machine.Pin.OUT).value(1)\n"
            "asyncio.create_task(later())"
        )
        seen = await board.until(lambda line: line.what == "pin" and line.data["name"] == "33", 60)
        # Whoever sees it acts at once; the board may be at the end of its step by then.
        board.radar.present = False
        told.append((seen.t * 1000, board.loop.now_ms, board.time_ms))
        await asyncio.sleep(60)

    told = []
    both(tmp_path, monkeypatch, story)
    assert told[0] == told[1]
    shown_ms, seen_ms, board_ms = told[0]
    assert shown_ms == seen_ms > 35_000
    assert board_ms - shown_ms <= virtual_loop.ALONE_MS


def test_a_program_that_turns_in_place_while_nothing_is_seen_is_bitten_no_sooner(
    tmp_path, monkeypatch
):
    async def story(board):
        await board.until_said("link up")
        board.console(
            "import asyncio\n"
            "async def later():\n"
            "    await asyncio.sleep_ms(37000)\n"
            "    while True: pass\n"
            "asyncio.create_task(later())"
        )
        begun = board.loop.now_ms
        bitten = await board.until(lambda line: line.what == "reset", 60)
        after.append(bitten.t * 1000 - begun)
        assert bitten.data == {"cause": "watchdog"}

    after = []
    both(tmp_path, monkeypatch, story, hang_limit_s=0.5)
    assert all(37_000 < ms <= 42_000 for ms in after)


class Foresees:
    """A module that sends a byte a second, and says what it will send."""

    def __init__(self, lies=False):
        self.lies = lies

    def power(self, on, at_ms):
        pass

    def frames(self, from_ms, until_ms):
        first = from_ms // 1000 + 1
        return [(n * 1000, b"." * n) for n in range(first, until_ms // 1000 + 1)]

    def ahead(self, from_ms, until_ms):
        return until_ms, self.frames(from_ms, until_ms) + ([(until_ms, b"!")] if self.lies else [])

    def written(self, at_ms, data):
        return [(at_ms + 1500, data)]


def on_a_line(model):
    line = RadarLine()
    line.model = model
    line.supply(True, 0)
    return line


def test_what_is_foreseen_is_what_comes():
    line = on_a_line(Foresees())
    assert [ms for ms, _ in line.until(2000)] == [1000, 2000]
    known_ms, lots = line.ahead(2000, 5500)
    assert (known_ms, [ms for ms, _ in lots]) == (5500, [3000, 4000, 5000])
    line.went_on(4000)
    line.arrived(3500)
    assert line.until(5000) == [(4000, b"...."), (5000, b".....")]


def test_an_answer_under_way_is_waited_for():
    line = on_a_line(Foresees())
    line.until(2000)
    line.written(1900, b"hello")
    line.arrived(2000)
    assert line.ahead(2000, 9000) == (2000, [])


def test_what_was_asked_for_already_and_has_not_come_is_part_of_what_is_foreseen():
    line = on_a_line(Foresees())
    line.until(4000)
    line.arrived(2500)
    assert line.until(3000) == [(3000, b"...")]
    known_ms, lots = line.ahead(3000, 5000)
    assert (known_ms, [ms for ms, _ in lots]) == (5000, [4000, 5000])


def test_a_module_that_foresees_nothing_is_asked_each_time():
    line = on_a_line(Breathless())
    line.until(2000)
    assert line.ahead(2000, 9000) == (2000, [])


class Breathless:
    def power(self, on, at_ms):
        pass

    def frames(self, from_ms, until_ms):
        return []

    def written(self, at_ms, data):
        return []


def test_no_more_is_foreseen_than_the_board_has_memory_for(monkeypatch):
    monkeypatch.setattr(radar_line, "_AHEAD_BYTES", 20)
    line = on_a_line(Foresees())
    line.until(2000)
    known_ms, lots = line.ahead(2000, 20_000)
    held = [data for ms, data in lots if ms <= known_ms]
    assert known_ms == 6999
    assert sum(map(len, held)) <= 20


def test_without_supply_nothing_comes_and_that_is_known():
    line = on_a_line(Foresees())
    line.supply(False, 500)
    assert line.ahead(2000, 9000) == (9000, [])
    line.went_on(9000)
    line.supply(True, 9000)
    assert line.until(10_000) == [(10_000, b"." * 10)]


def test_a_module_that_sends_something_else_than_it_foresaw_is_found_out():
    line = on_a_line(Foresees(lies=True))
    line.until(2000)
    line.ahead(2000, 9000)
    with pytest.raises(RuntimeError, match="something else than it foresaw after 2000 ms"):
        line.went_on(9000)
