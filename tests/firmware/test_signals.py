"""What the light and the sounder say, and when."""

import itertools

import pytest
from doorknock import clock, health, signals
from doorknock.wire import LIGHTS


class Stage:
    """The light and the sounder, seen over time."""

    def __init__(self, start: int = 0) -> None:
        self.now = start
        self.began = start
        self.light: list[tuple[int, int]] = []
        self.sound: list[tuple[int, int]] = []
        self.signals = signals.Signals(self._lit, self._sounded, lambda: self.now)

    def _lit(self, on: int) -> None:
        if not self.light or self.light[-1][1] != on:
            self.light.append((clock.since(self.now, self.began), on))

    def _sounded(self, hz: int) -> None:
        if not self.sound or self.sound[-1][1] != hz:
            self.sound.append((clock.since(self.now, self.began), hz))

    def wait_as_told(self, ms: int) -> None:
        """Looks only when it was told to, as the task does."""
        end = (self.now + ms) & clock.MASK
        while (left := clock.since(end, self.now)) > 0:
            wait_ms = self.signals.advance(self.now)
            assert 0 < wait_ms <= health.REPORT_MS
            self.now = (self.now + min(wait_ms, left)) & clock.MASK
        self.signals.advance(self.now)

    def wait(self, ms: int) -> None:
        for _ in range(ms // 10):
            self.now = (self.now + 10) & clock.MASK
            self.signals.advance(self.now)


def rhythm(name: str) -> tuple[int, ...]:
    return signals.PATTERNS[name][0]


SHOWN = [name for name in signals.PATTERNS if name != "none"]


def test_every_light_of_the_contract_and_the_prompt_have_a_pattern() -> None:
    of_orders = {"identify", "agree", "test_press", "bluetooth"}
    assert set(signals.PATTERNS) == {*LIGHTS, "prompt", *of_orders}


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(SHOWN, 2)))
def test_no_two_states_have_a_like_rhythm(one: str, other: str) -> None:
    # In the number of flashes a round, or in the share of time lit, by a fifth at least.
    a, b = rhythm(one), rhythm(other)
    share = abs(sum(a[::2]) / sum(a) - sum(b[::2]) / sum(b))
    length = abs(sum(a) - sum(b)) / max(sum(a), sum(b))
    assert len(a) != len(b) or share >= 0.2 or length >= 0.5


@pytest.mark.parametrize("name", SHOWN)
def test_no_two_states_sound_alike_and_each_sounds(name: str) -> None:
    sounds = [tuple(signals.PATTERNS[other][1]) for other in SHOWN]

    assert sounds.count(tuple(signals.PATTERNS[name][1])) == 1
    assert signals.PATTERNS[name][1]


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_flashes_more_than_three_times_in_a_second(name: str) -> None:
    stage = Stage()
    stage.signals.show(name)
    stage.wait(10000)

    on = [at for at, level in stage.light if level]
    assert all(later - first >= 1000 for first, later in zip(on, on[3:], strict=False))


@pytest.mark.parametrize("name", SHOWN)
def test_the_light_is_on_before_show_returns(name: str) -> None:
    stage = Stage()

    stage.signals.show(name)

    assert stage.light[-1] == (0, 1)


@pytest.mark.parametrize("start", [0, clock.MASK - 900])
def test_a_rhythm_keeps_time_also_over_the_wrap(start: int) -> None:
    stage = Stage(start)
    stage.signals.show("delivered")
    stage.wait(4500)

    assert stage.light == [(0, 1), (1000, 0), (2000, 1), (3000, 0), (4000, 1)]


def test_cannot_send_sounds_again_and_again_and_the_others_once() -> None:
    stage = Stage()
    stage.signals.show("cannot_send")
    stage.wait(25000)
    assert [at for at, hz in stage.sound if hz] == [
        0, 550, 1100, 10000, 10550, 11100, 20000, 20550, 21100,
    ]  # fmt: skip

    stage = Stage()
    stage.signals.show("delivered")
    stage.wait(25000)
    assert [hz for _, hz in stage.sound] == [660, 880, 0]


def test_showing_the_same_again_does_not_start_it_anew() -> None:
    stage = Stage()
    stage.signals.show("delivered")
    stage.wait(700)

    assert not stage.signals.show("delivered")
    stage.wait(700)

    assert stage.light == [(0, 1), (1000, 0)]


@pytest.mark.parametrize("after_ms", [100, 300, 450, 700])
def test_a_pattern_begun_anew_is_lit_at_once_and_sounds_again(after_ms: int) -> None:
    stage = Stage()
    stage.signals.show("sending")
    stage.wait(after_ms)
    sounds = len([hz for _, hz in stage.sound if hz])

    assert not stage.signals.show("sending", anew=True)

    assert stage.light[-1][1] == 1
    stage.wait(240)
    assert stage.light[-1][1] == 1
    assert len([hz for _, hz in stage.sound if hz]) == sounds + 1


def test_a_short_pattern_gives_way_to_what_is_shown() -> None:
    stage = Stage()
    stage.signals.show("coming")
    stage.wait(500)
    stage.signals.play("noted")
    stage.wait(400)

    assert stage.light[:4] == [(0, 1), (580, 0), (660, 1)]
    assert stage.signals.shown == "coming"


def test_what_is_shown_during_a_short_pattern_comes_after_it() -> None:
    stage = Stage()
    stage.signals.play("self_test")
    stage.wait(100)
    stage.signals.show("prompt")
    stage.wait(2000)

    assert 988 in [hz for _, hz in stage.sound]


@pytest.mark.parametrize("start", [0, clock.MASK - 3000])
@pytest.mark.parametrize("name", SHOWN)
def test_looking_no_sooner_than_it_says_misses_nothing(name: str, start: int) -> None:
    looked, told = Stage(start), Stage(start)
    for stage, wait in ((looked, looked.wait), (told, told.wait_as_told)):
        stage.signals.show(name)
        wait(5000)
        for short in signals.SHORT:
            stage.signals.play(short)
            assert stage.signals.in_short
            wait(4000)
            assert not stage.signals.in_short

    assert told.light == looked.light
    assert told.sound == looked.sound


def test_light_out_is_out_and_silent() -> None:
    stage = Stage()
    stage.signals.show("cannot_send")
    stage.wait(200)
    stage.signals.show("none")
    stage.wait(20000)

    assert stage.light[-1] == (150, 0)
    assert stage.sound[-1][1] == 0


def test_after_a_standstill_the_rhythm_begins_from_now_and_does_not_race() -> None:
    stage = Stage()
    stage.signals.show("sending")
    stage.now += 60000
    stage.signals.advance(stage.now)
    changes = len(stage.light)
    stage.wait(1000)

    assert len(stage.light) - changes <= 5
