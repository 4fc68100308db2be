"""How often sleepers are asked, and what their answers change."""

import json

import pytest
from rich.console import Console

from sim.evaluate import days, page, sleepers
from sim.evaluate.kind import chance_of
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.nights import nights
from sim.evaluate.play import DOORKNOCK, Result, Task
from sim.evaluate.summary import as_json
from sim.evaluate.table import show
from sim.evaluate.truth import Score, rest, score
from sim.replay import replay

NEVER = "night, an apnoea sleeper's envelope"
ANSWERS = "night, an apnoea sleeper who answers"
SELDOM = "night, an apnoea sleeper asked seldom"


def night(kind, index, prompts, answered, withdrawn, calls):
    scored = Score(
        True, None, None, prompts, calls, 0, 0, (), (), answered=answered, withdrawn=withdrawn
    )
    task = Task(kind, index, 1, "test")
    return Result(task, DOORKNOCK, scored, None, "show", 27_000.0, 7.5, 0, "")


def test_questions_of_a_night_are_counted_by_how_they_ended():
    results = [night(ANSWERS, 0, 20, 5, 13, 2), night(ANSWERS, 1, 10, 3, 7, 0)]
    (line,) = nights([*results, night("seated", 0, 9, 9, 0, 0)])
    assert (line.name, line.nights) == ("an apnoea sleeper who answers", 2)
    assert (line.questions, line.questions_most) == (15, 20)
    assert (line.answered, line.over) == (4, 10)
    assert (line.calls, line.calls_most) == (1, 2)


def test_each_end_of_a_question_is_scored_as_what_it_was():
    def prompt(t_ms, state):
        return {"t_ms": t_ms, "event": "prompt", "state": state, "cause": "no_breathing"}

    given = score(
        rest(),
        [prompt(1, "asked"), prompt(2, "withdrawn"), prompt(3, "asked"), prompt(4, "answered")],
    )
    assert (given.prompts, given.answered, given.withdrawn) == (2, 1, 1)


def test_the_table_the_report_and_the_json_tell_of_nights(tmp_path):
    results = [night(ANSWERS, 0, 20, 5, 13, 2)]
    console = Console(width=130, record=True, file=(tmp_path / "out").open("w", encoding="utf-8"))
    show(console, results)
    assert "20.0 (20)" in console.export_text()
    page.write(results, tmp_path / "report.html", 1, "test")
    assert "an apnoea sleeper who answers" in (tmp_path / "report.html").read_text("utf-8")
    (line,) = json.loads(json.dumps(as_json(results, {})))["summary"]["nights"]
    assert line["answered"] == 5


@pytest.fixture
def short_nights(monkeypatch):
    monkeypatch.setattr(days, "NIGHT_S", 3600.0)


@pytest.mark.usefixtures("short_nights")
def test_the_same_nights_are_slept_by_those_who_answer_and_those_who_do_not():
    never, answers, seldom = (BY_NAME[kind].case("tune", 1, 0) for kind in (NEVER, ANSWERS, SELDOM))
    assert never.trace.rows == answers.trace.rows == seldom.trace.rows
    assert not never.hand.answers
    assert seldom.settings == sleepers.SELDOM
    assert seldom.hand.presses == ((sleepers.LIES_DOWN_MS, 1, False),)


@pytest.mark.usefixtures("short_nights")
def test_an_answer_lets_somebody_with_apnoeas_sleep():
    # given an hour of a sleeper with dozens of apnoeas, on the firmware itself
    told = {}
    for kind in (NEVER, ANSWERS, SELDOM):
        case = BY_NAME[kind].case("tune", 1, 1)
        events = replay(case.trace, "mr60bha2", case.mode, case.settings, hand=case.hand)
        told[kind] = score(case.truth, [line for line in events if "event" in line])
    # then answers are heard, and fewer questions and calls follow
    assert told[NEVER].answered == 0
    assert told[NEVER].calls > 0
    assert told[ANSWERS].answered > 0
    assert told[ANSWERS].calls < told[NEVER].calls
    assert told[SELDOM].prompts <= told[ANSWERS].prompts < told[NEVER].prompts


def test_most_sleepers_answer_in_time_and_some_do_not_wake():
    hand = sleepers.answers(chance_of("tune", "answers", 1, 0))
    pressed = [takes for takes in hand.answers if takes is not None]
    assert len(pressed) / len(hand.answers) == pytest.approx(sleepers.WAKES, abs=0.06)
    assert 3000 <= min(pressed) <= max(pressed) <= 12_000
