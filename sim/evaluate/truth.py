"""What is true of a case, and how what a sensor said is scored against it. Pure."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# A fault must be reported within so long: silent_fault_s and stuck_fault_s are 5 and 10 s, and a
# module must have repeated itself ten times.
FAULT_WITHIN_S = 30.0

# An event of ours, not of the firmware's: it did not come to the end of the case.
BROKEN = "broken"


class Must(enum.StrEnum):
    """What a case asks of the sensor."""

    HELP = "help"  # somebody is in danger: ask, call
    ASK = "ask"  # a question is right, a call is not needed
    REPORT = "report"  # the radar cannot be relied on: say so
    REST = "rest"  # nothing is wrong: nobody is to be called
    SHOW = "show"  # no right answer is known, or none can be given: what happens is only shown


@dataclass(frozen=True)
class Truth:
    """Times in s after onset_ms, which is in ms since the first sample, None where nothing begins.

    ask, call: the first and last moment at which the first question, the first call is in time;
    None: not asked for. Before the onset every question and every call is false; after it, where
    may_ask, may_call say so. fault: the fault that is to be reported.
    """

    must: Must
    onset_ms: int | None = None
    ask: tuple[float, float] | None = None
    call: tuple[float, float] | None = None
    may_ask: bool = False
    may_call: bool = False
    fault: str | None = None


# The targets. An apnoea that lasts: asked within 30 s of its onset, called within 45 s.
APNOEA_ASKED_S = 30.0
APNOEA_CALLED_S = 45.0
# Slow or weak: asked within 90 s. The call follows by its own clock (answer_s), so that it is in
# time within 105 s.
SLOW_ASKED_S = 90.0
SLOW_CALLED_S = 105.0


def danger(
    onset_ms: int,
    asked_s: float = APNOEA_ASKED_S,
    called_s: float = APNOEA_CALLED_S,
    must: Must = Must.HELP,
) -> Truth:
    """Somebody is in danger from onset_ms on: questions and calls are right from then on."""
    return Truth(must, onset_ms, (0.0, asked_s), (0.0, called_s), may_ask=True, may_call=True)


def question(onset_ms: int, asked_s: float = APNOEA_ASKED_S, *, may_call: bool = False) -> Truth:
    """A question is right from onset_ms on, and due within asked_s."""
    return Truth(Must.ASK, onset_ms, (0.0, asked_s), may_ask=True, may_call=may_call)


def rest() -> Truth:
    """Nothing is wrong."""
    return Truth(Must.REST)


@dataclass(frozen=True)
class Score:
    """ok: what had to happen did, in time. ask_s, call_s: from onset to the first question, call.

    false_prompts, false_calls: how many came where they were wrong. causes: of every call.
    """

    ok: bool
    ask_s: float | None
    call_s: float | None
    prompts: int
    calls: int
    false_prompts: int
    false_calls: int
    causes: tuple[str, ...]
    faults: tuple[str, ...]
    broken: str = ""  # why the firmware did not come to the end
    answered: int = 0  # questions that a press of B ended
    withdrawn: int = 0  # questions that ended by themselves: breath came back


def score(truth: Truth, events: Iterable[Mapping[str, Any]]) -> Score:
    """The events of one replay (each with "t_ms" and "event") held against the truth."""
    asked, called, causes, faults, fault_s = [], [], [], [], None
    start, broken = truth.onset_ms or 0, ""
    answered = withdrawn = 0
    for event in events:
        at_ms = event["t_ms"]
        if event["event"] == "prompt" and event["state"] == "asked":
            asked.append(at_ms)
        elif event["event"] == "prompt":
            answered += event["state"] == "answered"
            withdrawn += event["state"] == "withdrawn"
        elif event["event"] == "stillness":
            called.append(at_ms)
            causes.append(event["cause"])
        elif event["event"] == "fault" and event["state"] == "raised":
            faults.append(event["what"])
            if event["what"] == truth.fault and at_ms >= start and fault_s is None:
                fault_s = (at_ms - start) / 1000
        elif event["event"] == BROKEN:
            broken = event["what"]
    ask_s, false_prompts = _judged(asked, truth.onset_ms, truth.may_ask)
    call_s, false_calls = _judged(called, truth.onset_ms, truth.may_call)
    ok = (
        _in_time(ask_s, truth.ask)
        and _in_time(call_s, truth.call)
        and (truth.fault is None or _in_time(fault_s, (0.0, FAULT_WITHIN_S)))
        and (truth.must is not Must.REST or not called)
        and (truth.must is not Must.ASK or false_calls == 0)
        and not broken
    )
    return Score(
        ok,
        ask_s,
        call_s,
        len(asked),
        len(called),
        false_prompts,
        false_calls,
        tuple(causes),
        tuple(faults),
        broken,
        answered,
        withdrawn,
    )


def _judged(at_ms: list[int], onset_ms: int | None, allowed: bool) -> tuple[float | None, int]:
    """(s from onset to the first after it, how many were false)."""
    if onset_ms is None:
        return None, len(at_ms)
    after = [at for at in at_ms if at >= onset_ms]
    false = len(at_ms) - len(after) if allowed else len(at_ms)
    return ((after[0] - onset_ms) / 1000 if after else None), false


def _in_time(s: float | None, window: tuple[float, float] | None) -> bool:
    return window is None or (s is not None and window[0] <= s <= window[1])
