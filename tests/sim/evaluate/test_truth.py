"""What a sensor said, held against what was true."""

import pytest

from sim.evaluate.truth import BROKEN, Must, Truth, danger, question, rest, score


def asked(t_ms):
    return {"t_ms": t_ms, "event": "prompt", "state": "asked", "cause": "no_breathing"}


def withdrawn(t_ms):
    return {"t_ms": t_ms, "event": "prompt", "state": "withdrawn", "cause": "no_breathing"}


def called(t_ms, cause="no_breathing"):
    return {"t_ms": t_ms, "event": "stillness", "cause": cause}


def fault(t_ms, what="radar_stuck", state="raised"):
    return {"t_ms": t_ms, "event": "fault", "what": what, "state": state}


def test_asked_and_called_in_time_is_right():
    given = score(danger(60_000), [asked(81_000), called(96_000)])
    assert given.ok
    assert (given.ask_s, given.call_s) == (21.0, 36.0)
    assert (given.false_prompts, given.false_calls) == (0, 0)
    assert given.causes == ("no_breathing",)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [asked(81_000)],
        [called(96_000)],
        [asked(90_001), called(96_000)],
        [asked(81_000), called(105_001)],
    ],
)
def test_too_late_or_never_is_missed(events):
    assert not score(danger(60_000), events).ok


def test_what_comes_before_the_onset_is_false_and_catches_nothing():
    given = score(danger(60_000), [asked(30_000), called(45_000)])
    assert not given.ok
    assert (given.false_prompts, given.false_calls) == (1, 1)
    assert (given.ask_s, given.call_s) == (None, None)


def test_a_false_word_before_does_not_hide_the_right_one_after():
    events = [asked(30_000), withdrawn(33_000), asked(81_000), called(96_000)]
    given = score(danger(60_000), events)
    assert given.ok
    assert (given.prompts, given.false_prompts) == (2, 1)


def test_the_first_word_after_the_onset_counts():
    given = score(danger(0), [asked(10_000), called(20_000), asked(28_000), called(40_000)])
    assert (given.ask_s, given.call_s, given.calls) == (10.0, 20.0, 2)


def test_where_nothing_is_wrong_a_question_is_false_and_a_call_is_wrong():
    assert score(rest(), []).ok
    question_only = score(rest(), [asked(5_000)])
    assert question_only.ok
    assert question_only.false_prompts == 1
    call = score(rest(), [asked(5_000), called(20_000)])
    assert not call.ok
    assert call.false_calls == 1


def test_a_pause_that_ends_is_asked_about_and_not_called_for():
    assert score(question(60_000), [asked(81_000), withdrawn(88_000)]).ok
    assert not score(question(60_000), []).ok
    overdone = score(question(60_000), [asked(81_000), called(96_000)])
    assert not overdone.ok
    assert overdone.false_calls == 1


def test_a_question_that_may_become_a_check_in():
    assert score(question(60_000, may_call=True), [asked(81_000), called(96_000)]).ok


def test_a_fault_must_be_the_right_one_in_time():
    truth = Truth(Must.REPORT, 60_000, may_ask=True, may_call=True, fault="radar_stuck")
    assert score(truth, [fault(75_000)]).ok
    assert not score(truth, []).ok
    assert not score(truth, [fault(91_000)]).ok
    assert not score(truth, [fault(75_000, "radar_silent")]).ok
    assert not score(truth, [fault(75_000, state="cleared")]).ok
    assert not score(truth, [fault(59_000)]).ok


def test_a_set_time_has_an_earliest_moment_too():
    truth = Truth(Must.HELP, 0, (175.0, 185.0), (190.0, 200.0), may_ask=True, may_call=True)
    assert score(truth, [asked(180_300), called(195_300)]).ok
    assert not score(truth, [asked(174_000), called(195_300)]).ok


def test_a_firmware_that_stops_is_never_right():
    given = score(rest(), [{"t_ms": 0, "event": BROKEN, "what": "The firmware stopped."}])
    assert not given.ok
    assert given.broken == "The firmware stopped."


def test_what_is_only_shown_is_counted_and_never_wrong():
    given = score(danger(60_000, must=Must.SHOW), [asked(10_000), called(25_000)])
    assert (given.prompts, given.calls) == (1, 1)
