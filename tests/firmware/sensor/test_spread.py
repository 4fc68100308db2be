"""Where the phase stays: within a wall's noise, within a heart's beat, or all round the circle."""

import itertools
import math
import random

import pytest
from doorknock import leaving
from doorknock.spread import Spread
from hypothesis import given
from hypothesis import strategies as st

WALL_MRAD = 251
SLOT_MS = 200


def told(phases, spread=None):
    spread = spread or Spread(WALL_MRAD)
    for phase in phases:
        spread.slot(phase, 0, SLOT_MS)
    return spread


def wall(seconds, at=1 << 29, noise=43, seed=1):
    chance = random.Random(seed)
    return [at + round(chance.gauss(0, noise)) for _ in range(5 * seconds)]


def heart(seconds, span_mm=0.2, beats_hz=1.1, at=1 << 29):
    span = span_mm / 0.398 * 1000
    return [
        at + round(span / 2 * math.sin(math.tau * beats_hz * slot / 5))
        for slot in range(round(5 * seconds))
    ]


def walk(seconds, seed=2):
    chance = random.Random(seed)
    return [(1 << 29) + chance.randrange(-40_000, 40_000) for _ in range(5 * seconds)]


@pytest.mark.parametrize("seed", range(20))
def test_a_wall_under_the_noise_of_the_weakest_return_is_bare_and_stays_so(seed):
    spread = told(wall(60, seed=seed))
    assert spread.beatless
    assert not spread.stays()
    assert not spread.all_round


@pytest.mark.parametrize("beats_hz", [0.7, 0.85, 1.1, 1.4, 1.8])
@pytest.mark.parametrize("span_mm", [0.2, 0.5, 0.8])
def test_no_heart_is_bare_and_none_goes_all_round(span_mm, beats_hz):
    beats = heart(63, span_mm, beats_hz)
    spread = told(beats[:15])
    for phase in beats[15:]:
        spread.slot(phase, 0, SLOT_MS)
        assert not spread.beatless
        assert not spread.all_round


@pytest.mark.parametrize("span_mm", [0.2, 0.5, 0.8])
def test_a_chest_without_breath_stays_where_it_is_after_two_and_a_half_seconds(span_mm):
    assert told(heart(2.4, span_mm), told(walk(10))).stays()


@pytest.mark.parametrize("seed", range(20))
def test_whoever_walks_stays_nowhere(seed):
    assert not told(walk(10, seed)).stays()


def test_deep_breath_goes_all_round_most_of_the_time_however_few_the_samples():
    """17 a minute, 3.1 mm, 4.9 samples a second was once taken for no breath, for 35 s."""
    all_round = []
    for span_mm, per_minute in itertools.product((2.6, 3.1, 3.8), (14, 17, 20)):
        spread = Spread(WALL_MRAD)
        for number in range(300):
            turns = math.tau * per_minute / 60 * number / 4.88
            breath = span_mm / 2 * math.sin(turns) + 0.15 * math.sin(8 * turns)
            spread.slot((1 << 29) + round(breath / 0.398 * 1000), 0, SLOT_MS)
            if number >= 30:
                all_round.append(spread.all_round)
    # Of seven eighths; of all eight, little more than half of the time.
    assert sum(all_round) > 0.8 * len(all_round)


def test_whoever_walks_goes_all_round_within_some_seconds():
    assert sum(told(walk(10, seed)).all_round for seed in range(20)) > 5


@pytest.mark.parametrize("away", [-240, -120, 120, 240])
def test_the_last_step_of_a_walk_near_the_wall_does_not_hide_that_it_is_bare(away):
    spread = told([(1 << 29) + away])
    for phase in wall(20):
        spread.slot(phase, 0, SLOT_MS)
    assert spread.bare_ms >= 3000


def test_what_is_not_believed_is_not_bare():
    spread = told(wall(5))
    spread.slot(1 << 29, 1, SLOT_MS)
    assert spread.bare_ms == 0


def test_what_was_seen_before_the_gate_opened_is_forgotten():
    spread = told(walk(10))
    spread.opened()
    assert (spread.bare_ms, spread.all_round, spread.stays()) == (0, False, False)


@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 30), st.integers(0, 1), st.integers(1, 1500)), max_size=80
    )
)
def test_whatever_comes_it_keeps_count(slots):
    spread = Spread(WALL_MRAD)
    for phase, doubted, passed in slots:
        spread.slot(phase, doubted, passed)
        assert 0 <= spread.bare_ms < 10_000 + 1500
        assert sum(spread._visited) == spread._seen <= 20
        assert spread._empty == spread._visited.count(0)
        assert not (spread.beatless and spread.stays())


def test_a_wall_is_counted_as_long_as_leaving_asks_for():
    # leaving.py asks for twice _BARE_MS of somebody who was seen to stay.
    assert told(wall(60)).bare_ms >= 2 * leaving._BARE_MS
