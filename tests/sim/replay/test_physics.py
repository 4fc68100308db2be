"""What a chest, a heart, drift, noise and a module's gate do, made up; and what the sensor makes of
it, through the module's frames and the real firmware. No number here comes from a recording.
"""

import math
import random
from collections.abc import Callable

import pytest

from sim import trace
from sim.apnoea import MRAD_A_MM
from sim.replay import replay

HEART = (0.3, 1.1)


def person(
    chest_mm: Callable[[float], float],
    seconds: float,
    *,
    rate: float = 8,
    heart: tuple[float, float] = HEART,
    noise_mrad: float = 20,
    wrapped: bool = False,
    present: Callable[[float], bool] = lambda t: True,
    jitter: float = 0.1,
    seed: int = 5,
) -> trace.Trace:
    """A chest and a heart (mm peak to peak, Hz) under a radar."""
    chance = random.Random(seed)
    rows, t = [], 0.0
    while t < seconds:
        beat = heart[0] / 2 * math.sin(2 * math.pi * heart[1] * t)
        phase = (chest_mm(t) + beat) * MRAD_A_MM + chance.gauss(0, noise_mrad)
        if wrapped:
            phase = (phase + 3141.593) % 6283.185 - 3141.593
        rows.append((round(t * 1000), round(phase) or 1, 5000, 60, int(present(t))))
        t += (1 + chance.uniform(-jitter, jitter)) / rate
    return trace.Trace("made up", "breathing", rows)


def breath(span_mm: float, a_minute: float) -> Callable[[float], float]:
    return lambda t: span_mm / 2 * (1 - math.cos(2 * math.pi * a_minute / 60 * t))


def until(onset_s: float, before: Callable[[float], float]) -> Callable[[float], float]:
    """Breath that stops: the chest sinks back within a second."""
    return lambda t: before(t) if t < onset_s else before(onset_s) * math.exp((onset_s - t) / 0.5)


def events(made: trace.Trace, mode: str = "washroom") -> list[dict]:
    return replay(made, "mr60bha2", mode)[:-1]


def kinds(said: list[dict]) -> list[str]:
    return [event["event"] for event in said]


def first(said: list[dict], kind: str) -> dict:
    return next(event for event in said if event["event"] == kind)


@pytest.mark.parametrize("rate", [4, 4.9, 8, 20])
@pytest.mark.parametrize("wrapped", [False, True])
def test_apnoea_is_asked_about_within_30_s_and_called_within_45(rate, wrapped):
    said = events(person(until(40, breath(2.5, 14)), 100, rate=rate, wrapped=wrapped))
    assert kinds(said) == ["watch", "prompt", "stillness"]
    assert first(said, "prompt")["t_ms"] <= 70_000
    assert first(said, "stillness")["t_ms"] <= 85_000


def test_breath_that_stops_after_fifteen_seconds_is_missed_by_nobody():
    said = events(person(until(15, breath(2.5, 14)), 70))
    assert first(said, "stillness")["t_ms"] <= 60_000


@pytest.mark.parametrize("um_a_second", [24, 60, 100, -100])
def test_drift_is_no_breath(um_a_second):
    stops = until(40, breath(2.5, 14))
    said = events(person(lambda t: stops(t) + um_a_second * t / 1000, 100))
    assert first(said, "prompt")["t_ms"] <= 70_000
    assert first(said, "stillness")["t_ms"] <= 85_000


@pytest.mark.parametrize("heart", [(0.8, 2.0), (0.8, 1.0), (0.8, 0.8)])
@pytest.mark.parametrize("rate", [4.9, 8])
def test_the_largest_heart_is_no_breath_however_seldom_it_is_looked_at(heart, rate):
    said = events(person(until(40, breath(2.5, 12)), 100, rate=rate, heart=heart))
    assert first(said, "stillness")["t_ms"] <= 85_000


@pytest.mark.parametrize("a_minute", [10, 11, 12, 18, 26])
@pytest.mark.parametrize("drift", [0, 40])
def test_ordinary_breathing_is_left_in_peace(a_minute, drift):
    chest = breath(3, a_minute)
    said = events(person(lambda t: chest(t) + drift * t / 1000, 240), mode="home")
    assert kinds(said) == ["watch"]


def slowing(a_minute: float, onset_s: float = 40) -> Callable[[float], float]:
    before, after = breath(2.5, 12), breath(2.5, a_minute)
    return lambda t: before(t) if t < onset_s else after(t - onset_s)


@pytest.mark.parametrize("a_minute", [3, 4, 5])
def test_slow_breathing_is_called_for_within_90_s(a_minute):
    said = events(person(slowing(a_minute), 135))
    assert first(said, "stillness")["t_ms"] <= 130_000
    assert first(said, "stillness")["urgency"] == "urgent"


def test_seven_a_minute_asks_and_unanswered_is_a_check_in():
    said = events(person(slowing(7), 135))
    call = first(said, "stillness")
    assert (call["cause"], call["urgency"]) == ("slow_breathing", "check_in")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.25])
@pytest.mark.parametrize("fall_s", [1, 60])
def test_weak_breathing_is_called_for_within_90_s_though_it_came_gradually(share, fall_s):
    full = breath(2.5, 12)

    def depth(t: float) -> float:
        return max(share, 1 - max(0, t - 60) * (1 - share) / fall_s)

    said = events(person(lambda t: full(t) * depth(t), 60 + fall_s + 95))
    call = first(said, "stillness")
    assert call["t_ms"] <= (60 + fall_s + 90) * 1000
    assert call["urgency"] == "urgent"


def turned_over(share: float, seconds: float) -> trace.Trace:
    """A minute of 3.8 mm, three seconds in which they turn over, and then this share of it."""
    before, after = breath(3.8, 14), breath(3.8 * share, 14)

    def chest(t: float) -> float:
        turned = 60 * (1 - math.cos(math.pi * min(max((t - 60) / 3, 0), 1)))
        return (before(t) if t < 60 else after(t)) + turned

    return person(chest, seconds)


def test_breath_that_is_weak_since_somebody_moved_is_called_for():
    call = first(events(turned_over(0.16, 170)), "stillness")
    assert call["t_ms"] <= (62 + 105) * 1000


def test_another_side_of_a_chest_is_no_weak_breath():
    assert kinds(events(turned_over(0.33, 240))) == ["watch"]


def test_pauses_sighs_and_a_held_breath_are_nobodys_business():
    def chest(t: float) -> float:
        within = t % 40
        if within > 28:
            return 0.0  # 12 s
        return breath(6 if 12 <= within < 16 else 2.5, 15)(within)

    assert kinds(events(person(chest, 240))) == ["watch"]


def walk(start_s: float, length_s: float, seed: int = 3) -> Callable[[float], float]:
    """mm: somebody walks away at half a metre a second, unevenly."""
    return lambda t: max(0, min(t - start_s, length_s)) * (500 + 90 * math.sin(17 * t + seed))


def test_somebody_who_walks_out_has_left():
    stops, goes = until(40, breath(2.5, 14)), walk(40, 4)
    said = events(person(lambda t: stops(t) + goes(t), 90, present=lambda t: t < 44))
    assert kinds(said) == ["watch", "left", "watch"]


def visit(
    shown_s: float,
    stays: Callable[[float], float],
    *,
    rate: float,
    heart_mm: float = 0.0,
    beats_hz: float = 1.1,
    before: Callable[[float], float] | None = None,
    walk_s: float = 4,
    seed: int = 5,
) -> trace.Trace:
    """40 s of breath, a walk in random phase, then shown_s of a chest (mm from the walk's end on)
    or of a bare wall, then a gate that is shut for 40 s.
    """
    chance = random.Random(seed)
    over = 40 + walk_s
    before = before or breath(2.5, 14)
    rows, t = [], 0.0
    while t < over + shown_s + 40:
        if t < 40:
            phase = before(t) * MRAD_A_MM + chance.gauss(0, 20)
        elif t < over:
            phase = chance.uniform(-3141, 3141)
        else:
            beat = heart_mm / 2 * math.sin(2 * math.pi * beats_hz * t)
            phase = (stays(t - over) + beat) * MRAD_A_MM + chance.gauss(0, 20)
        shown = t < over + shown_s
        phase = (phase + 3141.593) % 6283.185 - 3141.593
        rows.append((round(t * 1000), (round(phase) or 1) * shown, 5000, 60, int(shown)))
        t += (1 + chance.uniform(-0.1, 0.1)) / rate
    return trace.Trace("a visit", "breathing", rows)


@pytest.mark.parametrize("shown_s", [5, 8, 11])
@pytest.mark.parametrize("rate", [8, 20])
def test_who_walked_out_has_left_though_a_bare_wall_is_shown_before_the_gate_shuts(shown_s, rate):
    for seed in range(5):
        said = events(visit(shown_s, lambda t: 0.0, rate=rate, seed=seed))
        assert "prompt" not in kinds(said)


@pytest.mark.parametrize("shown_s", [6, 8, 11])
@pytest.mark.parametrize("rate", [4.9, 8, 20])
def test_who_walked_and_sat_down_is_asked_after_though_only_a_heart_was_seen(shown_s, rate):
    said = events(visit(shown_s, lambda t: 0.0, rate=rate, heart_mm=0.3))
    assert "prompt" in kinds(said)


@pytest.mark.parametrize("rate", [4.9, 8, 20])
def test_who_walked_and_took_one_breath_is_asked_after(rate):
    said = events(visit(8, until(3, breath(1.5, 10)), rate=rate))
    assert "prompt" in kinds(said)


def steps_on(length_s: float, rate: float) -> Callable[[float], float]:
    """mm: at the edge of the beam; rough from sample to sample, and never half a turn."""
    return lambda t: 0.4 * math.sin(2 * math.pi * rate / 3 * t) if t < length_s else 0.0


@pytest.mark.parametrize("rate", [8, 10, 20])
def test_who_leaves_quickly_by_the_edge_of_the_beam_and_leaves_a_bare_wall_has_left(rate):
    # Ten samples of a walk are little: one in six may not be told as one.
    left = [visit(6, steps_on(1.0, rate), rate=rate, walk_s=1.3, seed=seed) for seed in range(6)]
    assert sum("prompt" in kinds(events(made)) for made in left) <= 1


@pytest.mark.parametrize("rate", [8, 10, 20])
def test_who_moves_as_quickly_and_whose_heart_goes_on_is_asked_after(rate):
    said = events(visit(6, steps_on(1.0, rate), rate=rate, walk_s=1.3, heart_mm=0.3))
    assert "prompt" in kinds(said)


@pytest.mark.parametrize("rate", [8, 10, 20])
def test_a_fall_that_leaves_a_bare_wall_is_no_leaving(rate):
    for seed in range(3):
        said = events(visit(6, lambda t: 0.0, rate=rate, walk_s=0.8, seed=seed))
        assert "prompt" in kinds(said)


@pytest.mark.parametrize("rate", [8, 20])
def test_a_hand_at_the_door_hides_no_leaving(rate):
    def hand(t: float) -> float:
        return 2 * math.sin(math.pi * (t - 1.5) / 0.6) ** 2 if 1.5 <= t < 2.1 else 0.0

    assert "prompt" not in kinds(events(visit(9, hand, rate=rate)))


@pytest.mark.parametrize(("rate", "span_mm"), [(4.9, 4.4), (6, 5.4), (8, 7.2)])
def test_who_breathes_so_deeply_that_steps_are_ambiguous_and_walks_out_has_left(rate, span_mm):
    before = breath(span_mm, 20)
    for seed in range(3):
        left = visit(0, lambda t: 0.0, rate=rate, before=before, walk_s=3, seed=seed)
        assert "prompt" not in kinds(events(left))


def hard_to_follow(rate: float) -> Callable[[float], float]:
    """mm: deep breath and a large heart, of which the radar sees so little that a quarter and more
    of the steps are as rough as a walk's."""
    chest = breath(0.6 * rate, 16)
    return lambda t: chest(t) + 0.35 * math.sin(2 * math.pi * 1.5 * t)


@pytest.mark.parametrize("shown_s", [0, 1.5, 3, 5, 9, 45])
@pytest.mark.parametrize("rate", [4.9, 6])
def test_who_is_hard_to_follow_and_walks_out_has_left_whatever_is_shown_then(rate, shown_s):
    for seed in range(4):
        left = visit(shown_s, lambda t: 0.0, rate=rate, before=hard_to_follow(rate), seed=seed)
        assert "prompt" not in kinds(events(left))


@pytest.mark.parametrize("rate", [4.9, 6])
@pytest.mark.parametrize("shuts_s", [3.5, 8, 25])
def test_who_is_hard_to_follow_and_lost_without_breath_is_asked_after(rate, shuts_s):
    for seed in range(4):
        stops = until(40, breath(0.6 * rate, 16))
        lost = person(
            stops, 100, rate=rate, heart=(0.7, 1.5), present=lambda t: t < 40.5 + shuts_s, seed=seed
        )
        lost.rows = [(t, phase * present, a, r, present) for t, phase, a, r, present in lost.rows]
        said = events(lost)
        assert first(said, "stillness")["t_ms"] <= 87_000


@pytest.mark.parametrize("rate", [4.9, 6])
def test_who_is_lost_in_the_middle_of_a_breath_and_shown_again_without_one_never_left(rate):
    stops = until(44, breath(0.6 * rate, 16))
    made = person(stops, 100, rate=rate, heart=(0.7, 1.5), present=lambda t: not 40 < t < 52)
    made.rows = [(t, phase * present, a, r, present) for t, phase, a, r, present in made.rows]
    said = events(made)
    assert first(said, "stillness")["t_ms"] <= 90_000


@pytest.mark.parametrize("mode", ["washroom", "home"])
@pytest.mark.parametrize("rate", [4.9, 6])
def test_who_is_hard_to_follow_is_left_in_peace_while_they_breathe(rate, mode):
    said = events(person(hard_to_follow(rate), 240, rate=rate, heart=(0.0, 1.0)), mode)
    assert kinds(said) == ["watch"]


@pytest.mark.parametrize("beats_hz", [0.9, 1.3, 1.7])
@pytest.mark.parametrize("opens_s", [7.0, 7.2, 7.4, 7.6, 7.8])
def test_a_gate_that_opens_anywhere_in_a_beat_shows_no_breath(opens_s, beats_hz):
    def present(t: float) -> bool:
        return t < 40 or (t - 40) % (opens_s + 4) > opens_s

    stops = until(36, breath(2.5, 14))
    made = person(stops, 90, rate=8, heart=(0.8, beats_hz), present=present)
    made.rows = [(t, phase * shown, a, r, shown) for t, phase, a, r, shown in made.rows]
    said = events(made)
    assert first(said, "stillness")["t_ms"] <= 81_000


@pytest.mark.parametrize("rate", [4.9, 6, 8])
def test_a_large_and_fast_heart_is_no_walk_that_goes_on(rate):
    fell = visit(50, until(0.5, breath(2.5, 14)), rate=rate, heart_mm=0.8, beats_hz=1.8, walk_s=9)
    said = events(fell)
    assert first(said, "prompt")["t_ms"] <= 72_500
    assert first(said, "stillness")["t_ms"] <= 87_600


def test_a_gate_that_is_found_shut_after_a_gap_has_shut_then():
    # They walked, and their heart was seen for 3 s; then the module was silent, then shows nobody.
    made = visit(13, lambda t: 0.0, rate=8, heart_mm=0.3)
    made.rows = [row for row in made.rows if not 47_000 <= row[0] < 57_000]
    said = events(made)
    assert "prompt" in kinds(said)


@pytest.mark.parametrize("gap_s", [60, 120, 300])
@pytest.mark.parametrize("mode", ["washroom", "home"])
def test_a_gap_in_what_the_module_says_is_no_pause_of_breath(gap_s, mode):
    made = person(breath(2.5, 15), 160 + gap_s, rate=10)
    made.rows = [row for row in made.rows if not 100_000 <= row[0] < 100_000 + 1000 * gap_s]
    said = events(made, mode)
    assert [one["state"] for one in said if one["event"] == "fault"] == ["raised", "cleared"]
    assert "prompt" not in kinds(said)


def test_a_collapse_out_of_view_is_no_leaving():
    # 0.8 s of falling, and the module sees nobody any more.
    stops, falls = until(40, breath(2.5, 14)), walk(40, 0.8)
    said = events(person(lambda t: stops(t) + falls(t), 90, rate=15, present=lambda t: t < 40.8))
    assert kinds(said) == ["watch", "prompt", "stillness"]
    assert first(said, "stillness")["cause"] == "vanished"


def test_at_home_apnoea_from_the_first_second_is_asked_about():
    said = events(person(lambda t: 0.0, 60), mode="home")
    assert first(said, "prompt")["t_ms"] <= 30_000
    assert first(said, "stillness")["t_ms"] <= 45_000


def test_a_washroom_sensor_that_boots_over_somebody_with_only_a_heart_asks():
    said = events(person(lambda t: 0.0, 60, heart=(0.4, 1.1), noise_mrad=5))
    assert kinds(said) == ["watch", "prompt", "stillness"]


@pytest.mark.parametrize("rate", [5, 20])
@pytest.mark.parametrize("mode", ["washroom", "home"])
def test_random_phase_under_a_hung_flag_is_a_radar_that_cannot_see(rate, mode):
    chance = random.Random(7)
    rows = [
        (round(1000 * number / rate), chance.randrange(-3141, 3141) or 1, 50, -1, 1)
        for number in range(round(200 * rate))
    ]
    said = events(trace.Trace("noise", "breathing", rows), mode)
    faults = [event for event in said if event["event"] == "fault"]
    assert [(event["what"], event["state"]) for event in faults] == [("cannot_see", "raised")]
    assert "stillness" not in kinds(said)
