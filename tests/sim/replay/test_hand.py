"""Hands at button B and at the door while a recording is replayed."""

import json

import pytest

from sim.apnoea import Apnoea, Composer
from sim.evaluate import recordings
from sim.hand import Hand, door_at
from sim.replay import replay

BREATHES_S = 60
NIGHT = {"still_prompt_s": 20, "answer_s": 15}


def said(hand, *, apnoea_s=90.0, mode="home"):
    """What the firmware says of somebody who breathes for a minute and then stops for so long."""
    composer = Composer(recordings.recording("a121_breathing_sitting"), 1)
    composer.breathing(BREATHES_S).apnoea(Apnoea(apnoea_s)).breathing(30)
    lines = replay(composer.trace(), "mr60bha2", mode, NIGHT, hand=hand)
    return [line for line in lines if "event" in line]


def prompts(events, state):
    return [e["t_ms"] for e in events if e["event"] == "prompt" and e["state"] == state]


def calls(events):
    return [e["t_ms"] for e in events if e["event"] == "stillness"]


def test_an_answer_comes_so_long_after_its_question_and_there_is_no_call():
    events = said(Hand(answers=(4000,)), apnoea_s=36)
    (asked,), (answered,) = prompts(events, "asked"), prompts(events, "answered")
    assert 4000 <= answered - asked <= 4100
    assert calls(events) == []


def test_a_question_that_nobody_answers_is_called_for():
    events = said(Hand(answers=(None,)))
    assert prompts(events, "answered") == []
    assert len(calls(events)) == 1


def test_whoever_has_not_pressed_when_the_tone_stops_does_not_press_any_more():
    # given breath that comes back some 4 s after the question
    events = said(Hand(answers=(12_000,)), apnoea_s=25)
    assert len(prompts(events, "asked")) == len(prompts(events, "withdrawn")) == 1
    assert [e for e in events if e["event"] == "ok"] == []


def test_a_resident_at_home_pauses_by_holding_b_and_is_asked_nothing_until_they_hold_it_again():
    # given a hold just before they stop breathing, and one when they have done so for a minute
    events = said(Hand(presses=((55_000, 1, True), (120_000, 1, True))))
    watches = [(e["t_ms"], e["state"], e["by"]) for e in events if e["event"] == "watch"]
    assert [watch[1:] for watch in watches] == [
        ("started", "resident"),
        ("ended", "resident"),
        ("started", "resident"),
    ]
    assert 55_000 <= watches[1][0] <= 55_100
    # then nothing is asked in between
    assert [at for at in prompts(events, "asked") if at < 120_000] == []


def test_in_a_washroom_nobody_pauses_a_hold_calls_for_help():
    events = said(Hand(presses=((30_000, 1, True),)), mode="washroom")
    assert [e["event"] for e in events if e["event"] in ("press", "watch")] == ["watch", "press"]
    assert len(calls(events)) == 1


def test_a_door_that_opens_is_told_to_the_sensor_and_shuts_again():
    assert door_at([1000, 60_000]) == (
        (1000, True),
        (4000, False),
        (60_000, True),
        (63_000, False),
    )
    assert door_at([1000, 2000]) == ((1000, True), (5000, False))


def test_a_plan_is_plain_json():
    hand = Hand(((1, 2, False),), (3000, None), ((5, True),))
    assert json.loads(hand.as_json()) == {
        "presses": [[1, 2, False]],
        "answers": [3000, None],
        "doors": [[5, True]],
    }


@pytest.mark.parametrize("answers", [(), (None,) * 400])
def test_a_long_plan_of_no_answers_is_no_answer(answers):
    assert len(calls(said(Hand(answers=answers)))) == 1
