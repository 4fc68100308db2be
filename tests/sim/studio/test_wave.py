"""The waveform that the page draws."""

import math

import pytest

from sim.studio.wave import Level, Wave, shown_s
from sim.studio.world import Sample


def breath(t_ms, size_mm=3.0):
    """Fifteen breaths a minute."""
    return size_mm / 2 * math.sin(2 * math.pi * t_ms / 4000)


def test_each_stretch_is_handed_over_once_when_it_is_over():
    wave = Wave(1)
    wave.take([Sample(100, 1.0, 1.5), Sample(200, 1.0, None)])
    assert wave.hand_over() == [(100, (0.0, 0.0), (0.0, 0.0))]
    assert wave.hand_over() == []
    wave.take([Sample(300, 1.0, 1.5)])
    assert wave.hand_over() == [(200, (0.0, 0.0), None)]


def test_at_high_speed_a_stretch_spans_what_the_chest_did_in_it():
    wave = Wave(1000)
    assert wave.stretch_ms == 20_000
    wave.take(Sample(t_ms, breath(t_ms), None) for t_ms in range(0, 60_100, 100))
    _, (_, second, nothing), _ = wave.hand_over()
    assert second == pytest.approx((-1.5, 1.5), abs=0.25)
    assert nothing is None


@pytest.mark.parametrize(("speed", "seconds"), [(1, 30), (5, 30), (10, 60), (1000, 6000)])
def test_what_is_shown_stays_in_sight_for_some_real_seconds(speed, seconds):
    assert shown_s(speed) == seconds


def test_breath_is_seen_wherever_the_body_is():
    level = Level()
    # A body that has shifted by six centimetres, and breathes there.
    shown = [level(t_ms, 60 + breath(t_ms)) for t_ms in range(0, 60_000, 100)]
    later = shown[300:]
    assert max(later) - min(later) == pytest.approx(3.0, abs=0.3)
    assert max(later) + min(later) == pytest.approx(0.0, abs=0.3)


def test_movement_is_drawn_to_the_edge_and_breath_is_soon_seen_again():
    level = Level()
    for t_ms in range(0, 10_000, 100):
        level(t_ms, breath(t_ms))
    assert level(10_000, 500.0) == 5.0
    after = [level(t_ms, 500 + breath(t_ms)) for t_ms in range(10_100, 14_100, 100)]
    assert max(after) - min(after) > 2.0


def test_a_chest_that_stops_is_a_flat_line_and_not_a_slope():
    level = Level()
    for t_ms in range(0, 20_000, 100):
        level(t_ms, breath(t_ms))
    still = [level(t_ms, 0.0) for t_ms in range(20_000, 40_000, 100)]
    assert max(still) - min(still) < 0.5
