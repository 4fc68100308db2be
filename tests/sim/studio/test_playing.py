"""A world is played at a speed, and does what it is told."""

import io
import json

import pytest

from sim.studio.playing import EASED_SPEED, FRAME_S, Playing
from sim.studio.world_process import serve
from tests.sim.studio.fake_world import FakeWorld


class Clock:
    """Real time as the test has it."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


class Played:
    """A world that is played, and what it showed."""

    def __init__(self, speed=1.0):
        self.clock = Clock()
        self.shown = []
        self.world = FakeWorld("test", 1)
        self.playing = Playing(self.world, self.shown.append, self.clock, speed)

    def real_time(self, seconds):
        for _ in range(round(seconds / FRAME_S)):
            self.playing.turn()
            self.clock.now_s += FRAME_S
        self.playing.turn()

    @property
    def frame(self):
        return [one["frame"] for one in self.shown if "frame" in one][-1]

    @property
    def news(self):
        return [one["key"] for shown in self.shown for one in shown.get("frame", {})["news"]]


@pytest.fixture
def played():
    return Played


def test_a_second_of_the_world_is_a_second_at_speed_one(played):
    one = played(1)
    one.real_time(2.0)
    assert one.world.now_ms == pytest.approx(2000, abs=1)


def test_a_pause_holds_the_world_and_a_step_moves_it_by_a_second(played):
    one = played(4)
    one.real_time(1.0)
    one.playing.take({"pause": True})
    one.real_time(5.0)
    assert one.world.now_ms == pytest.approx(4000, abs=1)
    one.playing.take({"step": True})
    one.real_time(5.0)
    assert one.world.now_ms == pytest.approx(5000, abs=1)
    assert one.frame["paused"]


def test_the_world_slows_down_when_the_sensor_asks(played):
    one = played(1000)
    for what in ("enter", "sit", "stop_breathing"):
        one.playing.take({"act": {"what": what, "person": "robin"}})
    one.real_time(0.2)
    assert one.frame["sensor"]["does"] == "asking"
    assert one.frame["speed"] == EASED_SPEED
    # Time to do something: the question has only just been asked.
    assert one.world.now_ms < 22_000


def test_it_goes_on_at_its_speed_where_nobody_wants_it_to_slow_down(played):
    one = played(1000)
    one.playing.take({"ease": False})
    for what in ("enter", "sit", "stop_breathing"):
        one.playing.take({"act": {"what": what, "person": "robin"}})
    one.real_time(0.2)
    assert one.frame["sensor"]["does"] == "called"
    assert one.frame["speed"] == 1000


def test_nothing_that_happened_is_told_twice_or_not_at_all(played):
    one = played(100)
    for what in ("enter", "sit", "stop_breathing"):
        one.playing.take({"act": {"what": what, "person": "robin"}})
    one.real_time(15.0)
    assert one.news == ["enter", "sit", "stop_breathing", "prompt_asked", "call"]


def test_what_cannot_be_done_is_refused_in_words_of_the_catalogue(played):
    one = played()
    one.playing.take({"act": {"what": "sit", "person": "robin"}})
    assert one.shown == [{"refused": "why_nobody_inside"}]


@pytest.mark.parametrize(
    "order", [{}, {"speed": "fast"}, {"speed": float("nan")}, {"act": {}}, {"step": 3}, {"act": 5}]
)
def test_what_is_no_order_raises_a_value_error(played, order):
    with pytest.raises(ValueError, match="no such order"):
        played().playing.take(order)


def test_a_world_that_ends_says_its_last_words_as_its_last_line():
    out = io.StringIO()
    orders = io.StringIO('{"act":{"what":"crash"}}\n')
    serve(lambda: FakeWorld("test", 1), 1.0, orders, out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert "scene" in lines[0]
    assert lines[-1] == {"ended": "MemoryError: memory allocation failed, allocating 1024 bytes"}


def test_nonsense_on_its_input_does_not_end_a_world():
    out = io.StringIO()
    orders = io.StringIO('nonsense\n[1]\n{"act":{"what":"fly"}}\n{"act":{"what":"enter"}}\n')
    serve(lambda: FakeWorld("test", 1), 1.0, orders, out)
    assert '"ended"' not in out.getvalue()
