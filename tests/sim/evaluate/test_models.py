"""The simulated people and modules, held against the recordings and against what is written."""

import itertools
import math
import random

import pytest

from sim import trace
from sim.evaluate import dangers, peace, recordings, rooms
from sim.evaluate.kind import chance_of
from sim.evaluate.kinds import BY_NAME, KINDS
from sim.evaluate.living import live
from sim.evaluate.module import View
from sim.evaluate.plots import displacement
from sim.evaluate.stage import Gate, Stage
from sim.evaluate.statistics import quantile
from sim.evaluate.wrong import as_csv
from sim.people.body import MM_A_RAD, Body, Breath, Heart, somebody
from sim.people.manner import QUIET
from sim.radars.sixty import Module, some_module

SHORT = [kind for kind in KINDS if kind.share >= 0.5]


def spans_over(mm, per_window):
    """Peak to peak of the displacement, window by window."""
    windows = [mm[at : at + per_window] for at in range(0, len(mm) - per_window, per_window)]
    return [max(window) - min(window) for window in windows]


def seated(seed, module=None):
    """The 10 s spans of somebody seated, mm, as this module shows them."""
    chance = random.Random(seed)
    stage = Stage(chance, module or Module(rate_hz=10.0, jitter=0.0, second=0.0, still=0.0))
    live(stage, Body(chance, *somebody(chance)), 120, QUIET)
    _, mm, _ = displacement(peace.Case(stage.trace("seated", ""), peace.rest()))
    return spans_over(mm, 100)


def test_people_breathe_as_deeply_as_the_recorded_ones():
    # Over windows of 10 s: 2.55 mm in the median, 0.68 at the least (12 sessions at 60 GHz).
    spans = [span for seed in range(30) for span in seated(seed)]
    assert quantile(spans, 0.5) == pytest.approx(2.9, abs=0.7)
    assert 0.6 < min(spans) < 1.5
    assert max(spans) < 12


def test_the_recorded_resting_adult_could_be_one_of_them():
    case = peace.Case(recordings.recording("mr60bha2_human_60cm"), peace.rest())
    _, mm, _ = displacement(case)
    recorded = quantile(spans_over(mm, 49), 0.5)
    spans = [quantile(seated(seed), 0.5) for seed in range(30)]
    assert min(spans) <= recorded <= max(spans)


def test_breath_comes_at_the_rate_that_was_asked_for():
    chance = random.Random(4)
    body = Body(chance, Breath(rate=12.0, rate_varies=0.05, sigh_every_s=1e9), None)
    mm = [body.step(0.05) for _ in range(20 * 300)]
    ups = sum(1 for a, b in itertools.pairwise(mm) if a < 1.0 <= b)
    assert 56 <= ups <= 64


@pytest.mark.parametrize("span", [0.2, 0.8])
def test_a_heart_goes_on_in_a_still_chest(span):
    body = Body(random.Random(1), Breath(), Heart(span, 1.2))
    body.stop_at_once()
    mm = [body.step(0.02) for _ in range(500)]
    assert max(mm) - min(mm) == pytest.approx(span, rel=0.12)


def test_a_chest_stops_at_the_end_of_a_breath_and_begins_anew():
    body = Body(random.Random(2), Breath(span_mm=3.0), None)
    body.stop()
    while body.still_at_s is None:
        body.step(0.05)
    assert {body.step(0.05) for _ in range(400)} == {0.0}
    body.begin()
    assert max(body.step(0.05) for _ in range(200)) > 1.5


def test_somebody_who_shifts_stays_where_they_went_and_a_cough_comes_back():
    body = Body(random.Random(3), Breath(span_mm=0.0), None)
    body.shift(40.0, 1.0)
    body.bump(-10.0, 0.5)
    mm = [body.step(0.01) for _ in range(300)]
    assert mm[-1] == pytest.approx(40.0)


def test_the_phase_noise_of_a_wall_is_the_recorded_one():
    view = View(random.Random(5), Module(noise_rad=0.0043))
    mrad = [view.wall() for _ in range(2000)]
    middle = sum(mrad) / len(mrad)
    sd = math.sqrt(sum((m - middle) ** 2 for m in mrad) / len(mrad))
    assert sd == pytest.approx(4.3, rel=0.1)


def test_without_a_return_phase_is_random():
    view = View(random.Random(6), Module())
    phases = [view.nothing() for _ in range(2000)]
    steps = [abs(b - a) for a, b in itertools.pairwise(phases)]
    # Uniform within half a turn: 1,571 mrad in the mean.
    assert sum(steps) / len(steps) == pytest.approx(1571, rel=0.06)


def test_a_wrapping_module_never_leaves_the_circle_and_a_far_one_is_coarse():
    wraps = View(random.Random(7), Module(wraps=True))
    assert all(abs(wraps.chest(mm / 5)) <= 3142 for mm in range(200))
    far = View(random.Random(7), Module(begins_at_rad=100_000.0))
    # 100,000 rad as a 32-bit float: steps of 1/128 rad, and noise of 4.3 mrad falls on a few.
    assert len({far.wall() for _ in range(300)}) < 12


def test_a_module_that_counts_turns_follows_a_walk():
    module = Module(rate_hz=20.0, jitter=0.0, second=0.0, still=0.0, unwraps=True)
    view = View(random.Random(8), module)
    first = view.chest(0.0)
    assert (view.chest(100.0) - first) / 1000 * MM_A_RAD == pytest.approx(100.0, abs=0.1)


@pytest.mark.parametrize("kind", SHORT, ids=lambda kind: kind.name)
def test_every_case_can_be_written_read_and_made_again(kind):
    case = kind.build(chance_of("tune", kind.name, 1, 0))
    again = kind.build(chance_of("tune", kind.name, 1, 0))
    assert case.trace.rows == again.trace.rows
    assert case.truth == again.truth
    assert trace.parse(as_csv(case.trace).splitlines(), kind.name).rows == case.trace.rows
    assert case.truth.onset_ms is None or 0 < case.truth.onset_ms < case.trace.length_ms


def test_the_splits_share_no_case():
    tune = BY_NAME["seated"].build(chance_of("tune", "seated", 1, 0))
    test = BY_NAME["seated"].build(chance_of("test", "seated", 1, 0))
    assert tune.trace.rows != test.trace.rows


def test_an_apnoea_is_still_from_its_onset_on():
    case = dangers.stays_open(random.Random(9))
    times, mm, _ = displacement(case)
    after = [m for t, m in zip(times, mm, strict=True) if t > case.truth.onset_ms / 1000 + 0.5]
    # What is left is a heart (0.8 mm at the most), seen through a distorting sum of returns.
    assert max(after) - min(after) < 2.0


@pytest.mark.parametrize("build", [dangers.shuts, dangers.flag_sticks])
def test_a_gate_that_shuts_says_noughts(build):
    rows = build(random.Random(10)).trace.rows
    assert rows[-1][1] == 0
    assert rows[-1][4] == (1 if build is dangers.flag_sticks else 0)


def test_a_shut_gate_and_a_stuck_flag_differ_in_the_flag_alone():
    stage = Stage(random.Random(11), some_module(random.Random(11)))
    stage.nobody(1, gate=Gate.SHUT).nobody(1, gate=Gate.STUCK)
    assert {row[1] for row in stage.rows} == {0}
    assert {row[4] for row in stage.rows} == {0, 1}


def test_the_sleeper_with_apnoeas_has_dozens_and_the_other_hardly_any():
    def pauses(name):
        sizes, interval_s = recordings.envelope(name)
        runs, length = [], 0
        for size in (*sizes, 1.0):
            if size < 0.2:
                length += 1
            else:
                runs.append(length * interval_s)
                length = 0
        return sum(run >= 8 for run in runs)

    assert pauses("effort_br1") >= 24
    assert pauses("effort_br2") <= 2


def test_resampling_keeps_the_movement_and_changes_the_rate():
    recorded = recordings.recording("a121_breathing_sitting")
    slower = recordings.resampled(recorded, 5.0)
    assert len(slower.rows) == pytest.approx(len(recorded.rows) / 4, abs=2)
    assert recordings.resampled(recorded, None).rows == recorded.rows
    assert recordings.resampled(recorded, 8.0, 10.0).rows[0][0] >= 10_000


def test_somebody_in_a_room_is_seen_above_its_clutter():
    case = rooms.still(random.Random(12))
    at = case.truth.onset_ms // 100
    largest = [max(row[17:24]) for row in case.trace.rows]
    empty, still = largest[:100], largest[at + 20 : at + 200]
    assert sum(still) / len(still) > sum(empty) / len(empty) + 20
    assert max(still) == 100
