"""The results by kind, and the targets."""

import json

import pytest

from sim.evaluate.page import moment, spread, verdict
from sim.evaluate.play import DOORKNOCK, Result, Task, tasks
from sim.evaluate.summary import as_json, beside, by_kind, by_source, caveat, targets
from sim.evaluate.truth import Score
from sim.evaluate.wrong import went_wrong

OPEN = "apnoea, gate stays open"


def scored(ok=True, ask_s=None, call_s=None, prompts=0, calls=0, causes=(), broken=""):
    return Score(ok, ask_s, call_s, prompts, calls, prompts, calls, tuple(causes), (), broken)


def result(kind, score, index=0, system=DOORKNOCK, must="rest", onset_ms=None, **more):
    given = {"duration_s": 600.0, "home_hours": 0.0, "visits": 0, "notes": ""} | more
    return Result(Task(kind, index, 1, "test"), system, score, onset_ms, must, **given)


def test_a_kind_is_counted_with_its_interval_and_its_times():
    results = [
        result(OPEN, scored(ask_s=20.0 + i, call_s=35.0 + i), i, must="help") for i in range(3)
    ]
    results.append(result(OPEN, scored(ok=False), 3, must="help"))
    (line,) = by_kind(results)
    assert (line.n, line.ok) == (4, 3)
    assert line.ok_low < 0.75 < line.ok_high
    assert (line.ask_s_median, line.call_s_median) == (21.0, 36.0)
    assert line.hours == pytest.approx(4 / 6)


def test_a_target_is_met_by_its_share_and_says_how_sure_that_is():
    results = [result(OPEN, scored(ok=i > 0), i, must="help") for i in range(100)]
    (target,) = targets(results)
    assert target.met
    assert "99 of 100" in target.measured
    results = [result(OPEN, scored(ok=i > 2), i, must="help") for i in range(100)]
    assert not targets(results)[0].met


def test_no_false_call_in_few_hours_is_said_to_prove_little():
    results = [result("night at home", scored(), home_hours=8.0)]
    (target,) = targets(results)
    assert target.met
    # One day: three a day, 300 in 100 days, cannot be ruled out.
    assert "up to 299.6 cannot be ruled out" in target.measured


def test_one_false_call_in_twenty_visits_misses_the_target():
    results = [result("washroom, 20 visits", scored(ok=False, calls=1), visits=20)]
    (target,) = targets(results)
    assert not target.met
    assert "50.0 in 1,000 visits" in target.measured


def test_a_firmware_that_stops_misses_a_target_of_its_own():
    results = [result("seated", scored(ok=False, broken="KeyError"))]
    assert next(t.measured for t in targets(results) if not t.met) == "KeyError"


def test_the_caveat_counts_only_hours_in_which_nobody_is_to_be_called():
    assert "nothing is known" in caveat([result(OPEN, scored(), must="help")])
    said = caveat([result("seated", scored(calls=2), duration_s=3600.0)])
    assert said.startswith("2 false calls in 1.0 h")


def test_another_system_is_compared_on_the_same_cases_alone():
    results = [
        result(OPEN, scored(), 0, must="help"),
        result(OPEN, scored(), 1, must="help"),
        result(OPEN, scored(ok=False, call_s=185.0), 0, "fixed threshold, 180 s", must="help"),
    ]
    (line,) = beside(results)
    assert (line.system, line.n, line.ok, line.own_ok, line.called) == (
        "fixed threshold, 180 s",
        1,
        0,
        1,
        1,
    )


def test_the_last_line_is_plain_json_with_everything():
    summary = json.loads(json.dumps(as_json([result("seated", scored())], {"seed": 1})))["summary"]
    assert summary["seed"] == 1
    assert summary["targets_met"] is True
    assert [line["name"] for line in summary["kinds"]] == ["seated"]


def test_a_case_is_one_flat_line():
    line = result("seated", scored(calls=1), notes="gate shuts").line()
    assert (line["kind"], line["family"], line["notes"]) == ("seated", "peace", "gate shuts")
    assert line["false_calls"] == 1


def test_sources_are_kept_apart():
    results = [result("seated", scored()), result("recorded breathing", scored())]
    assert set(by_source(results)) == {"simulated", "real recording"}


def test_long_kinds_are_fewer_and_parts_see_only_short_ones_of_their_tier():
    kinds = ["seated", "night at home", "presence: still"]
    made = tasks(kinds, 10, 1, "test", ["b"], ["without smoothing"], 2)
    assert [sum(task.kind == kind for task in made) for kind in kinds] == [10, 1, 10]
    taken_out = [task for task in made if "without smoothing" in task.beside]
    assert {task.kind for task in taken_out} == {"seated"}
    assert len(taken_out) == 2
    assert all("b" in task.beside for task in made)


def test_wrong_is_what_was_missed_or_false_and_not_what_is_only_shown():
    good, bad = result("seated", scored()), result("seated", scored(prompts=1), 1)
    shown = result("a companion breathes on", scored(ok=False), must="show")
    other = result("seated", scored(ok=False), 2, "fixed threshold, 180 s")
    assert went_wrong([good, bad, shown, other]) == [bad]


def test_pictures_are_spread_over_the_kinds():
    many = [result("seated", scored(), i) for i in range(5)] + [result("asleep", scored())]
    kept = spread(many, 3)
    assert [(r.task.kind, r.task.index) for r in kept] == [
        ("seated", 0),
        ("seated", 1),
        ("asleep", 0),
    ]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (result(OPEN, scored(ok=False), must="help"), "never asked, never called"),
        (
            result(OPEN, scored(ok=False, ask_s=31.0, call_s=46.0), must="help"),
            "asked 31.0 s after onset, called after 46.0 s",
        ),
        (result(OPEN, scored(ok=False), must="ask"), "never asked"),
        (result("fault: stuck", scored(ok=False), must="report"), "the fault was not reported"),
        (result("seated", scored(ok=False, prompts=1, calls=1)), "1 false question; 1 false call"),
        (result("seated", scored(prompts=2)), "2 false questions"),
        (result("seated", scored(ok=False, broken="KeyError")), "KeyError"),
    ],
)
def test_the_verdict_says_it_in_words(what, words):
    assert words in verdict(what)


def test_one_looks_at_the_first_wrong_word_else_at_the_onset():
    told = {"t_ms": 30_000, "event": "stillness", "cause": "vanished"}
    assert moment(result("seated", scored(), events=[told])) == 30_000
    assert moment(result(OPEN, scored(), must="help", onset_ms=60_000, events=[told])) == 30_000
    late = {"t_ms": 90_000, "event": "prompt", "state": "asked"}
    assert moment(result(OPEN, scored(), must="help", onset_ms=60_000, events=[late])) == 60_000
    assert moment(result("seated", scored())) == 0
