"""A sensor and its radar in virtual time, and several boards beside each other."""

import asyncio
import random

from sim.radars import ld2410
from sim.virtual.board import VirtualBoard
from sim.virtual.house import SETTINGS, House
from sim.virtual.loop import VirtualLoop, run
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.test_board import in_a_house, lights

WASHROOM = {"mode": "washroom", "radar": "mr60bha2"}


class Presence:
    """An LD2410 that is asked for its engineering mode, over an empty room."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, bytes]] = []
        self._module = ld2410.Ld2410()

    def power(self, on: bool, at_ms: int) -> None:
        self._module = ld2410.Ld2410()

    def frames(self, from_ms: int, until_ms: int):
        first = from_ms // 100 + 1
        return [(n * 100, self._report(n)) for n in range(first, until_ms // 100 + 1)]

    def _report(self, number: int) -> bytes:
        # Never twice the same: a module that repeats itself is taken for a broken one.
        noise = [(number * gate) % 5 for gate in range(9)]
        return self._module.sample(ld2410.Report(0, 0, 0, 0, 0, noise, noise))

    def written(self, at_ms: int, data: bytes):
        self.heard.append((at_ms, data))
        return [(at_ms + 20, self._module.hear(data))]


def test_somebody_who_stops_breathing_is_asked_and_then_called_for(tmp_path):
    async def story(board, house):
        board.radar = breath = Breath()
        board.power_on()
        await asyncio.sleep(120)
        well = board.look()
        stopped = breath.stopped_ms = board.loop.now_ms
        asked = await board.until_light("prompt", 120)
        asks = board.look()
        [said] = [line for line in board.lines if "event prompt" in line.data.get("text", "")]
        await board.until_light("delivered", 120)
        # Breathing was seen to be breathing, and its end to be none
        assert (well["room"], well["state"], well["prompting"]) == ("breathing", "watching", False)
        assert asks["prompting"] is True
        # It is on the light as soon as it is asked: nothing waits for a tick.
        assert asked.t == said.t
        assert 10_000 < asked.t * 1000 - stopped < 60_000
        [call] = house.of("stillness")
        assert call.device == SETTINGS["device"].hex()

    in_a_house(tmp_path, story, settings=WASHROOM, board="sensor")


def test_the_radar_is_asked_for_spans_that_adjoin_from_when_it_has_power(tmp_path):
    async def story(board, house):
        board.radar = breath = Breath(present=False)
        board.power_on()
        await asyncio.sleep(60)
        [(on, since)] = breath.supplied
        assert on
        assert breath.asked[0][0] == since
        for (_, until), (begins, later) in zip(breath.asked, breath.asked[1:], strict=False):
            assert begins == until < later
        board.power_cut()
        assert breath.supplied[-1] == (False, board.loop.now_ms)

    in_a_house(tmp_path, story, settings=WASHROOM, board="sensor")


def test_a_module_that_is_written_to_answers_in_time(tmp_path):
    async def story(board, house):
        board.radar = module = Presence()
        board.power_on()
        await asyncio.sleep(60)
        # It was put into engineering mode by questions and answers, and nothing had to be repeated
        assert 1 <= len(module.heard) <= 12
        assert board.look()["faulty"] is False
        assert house.of("fault") == []
        beat = house.of("heartbeat")[-1]
        assert beat.details["tier"] == "presence"

    in_a_house(tmp_path, story, settings={"mode": "washroom", "radar": "ld2410"}, board="sensor")


def test_a_module_at_another_rate_is_noise_until_the_board_listens_at_its(tmp_path):
    async def story(board, house):
        board.radar = breath = Breath()
        breath.baudrate = 115200
        board.power_on()
        said = await board.until_said("listening at 115200 baud", 60)
        await asyncio.sleep(30)
        assert said.t > 1
        assert board.look()["room"] == "breathing"

    in_a_house(tmp_path, story, settings=WASHROOM | {"radar": "ld6002"}, board="sensor")


def several(tmp_path, count: int, seed: int):
    """So many sensors in rooms, one of whose people stops breathing; all lines in their order."""

    async def main(loop: VirtualLoop):
        told = []
        chance = random.Random(seed)
        boards = []
        for number in range(count):
            board = VirtualBoard(
                *(loop, tmp_path / f"{number}"),
                name=f"sensor {number}",
                board="sensor",
                network=House(),
                on_line=lambda line, number=number: told.append((number, repr(line))),
                seed=seed + number,
            )
            board.provision(SETTINGS | WASHROOM)
            board.radar = Breath(present=number % 2 == 0)
            boards.append(board)
            loop.call_later(chance.uniform(0, 5), board.power_on)
        await asyncio.sleep(60)
        boards[0].radar.stopped_ms = loop.now_ms
        await asyncio.sleep(120)
        skew = max(board.time_ms for board in boards) - loop.now_ms
        for board in boards:
            board.close()
        return told, skew, lights(boards[0])

    return run(main, real_limit_s=120)


def test_boards_beside_each_other_give_the_same_lines_in_the_same_order(tmp_path):
    told, skew, shown = several(tmp_path / "a", 3, 1)
    again, _, _ = several(tmp_path / "b", 3, 1)
    assert told == again
    assert "prompt" in shown
    assert skew <= 250
    times = [float(line.split("t=")[1].split(",")[0]) for _, line in told]
    assert times == sorted(times)
