"""Whether what was expected was seen, and in what words it is told."""

import pytest
from pydantic import TypeAdapter

from sim.scenario.format import AnySighting
from sim.scenario.judge import judge
from sim.scenario.record import Record

_READ = TypeAdapter(AnySighting)
END = 300_000
RECORDS = [
    Record(20_000, "cue", "press", {"do": "press"}),
    Record(20_050, "204 button", "light", {"state": "sending"}, "204"),
    Record(20_700, "204 button", "made", {"kind": "press", "id": "1.2"}, "204"),
    Record(
        20_900,
        "gateway",
        "committed",
        {"kind": "press", "id": "1.2", "board": "204 button", "taps": 1, "held": 0},
        "204",
    ),
    Record(21_500, "204 button", "light", {"state": "delivered"}, "204"),
    Record(22_000, "phone", "message", {"person": "ana", "title": "Check in: 204"}, "204"),
    Record(52_000, "204 button", "light", {"state": "coming"}, "204"),
    Record(60_000, "phone", "message", {"person": "ben", "title": "Attended: 204"}, "204"),
]
MOMENTS = {"start": 0, "press": 20_000}


def verdict(records=RECORDS, **wanted):
    return judge(_READ.validate_python(wanted), records, MOMENTS, END)


@pytest.mark.parametrize(
    "wanted",
    [
        {"that": "pressed", "taps": 1, "times": 1},
        {"that": "pressed", "unit": "204", "within": "1 s", "of": "press"},
        {"that": "light", "state": "coming", "no_sooner_than": "30 s", "of": "press"},
        {"that": "light", "state": "cannot_send", "never": True},
        {"that": "told", "person": "ana", "title": "check in", "within": "2 s", "of": "press"},
        {"that": "told", "times": 2},
        {"that": "told", "at_most": 2},
        {"that": "told", "before": "press", "never": True},
        {"that": "told", "person": "ben", "within": "30 s", "of": "press", "never": True},
        {"that": "nothing_lost"},
        {"that": "light_at_the_end", "state": "coming"},
        {"that": "received", "kind": "press", "board": "204 button"},
    ],
)
def test_what_was_seen_is_met(wanted) -> None:
    found = verdict(**wanted)

    assert found.met, found.seen


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({"that": "pressed", "taps": 2}, "not seen; instead: 0:00:20.9 gateway: committed press"),
        ({"that": "pressed", "unit": "207"}, "not seen"),
        ({"that": "pressed", "within": "500 ms", "of": "press"}, "too late: at 0:00:20.9, 900 ms"),
        (
            {"that": "light", "state": "coming", "no_sooner_than": "33 s", "of": "press"},
            "too soon: at 0:00:52.0, 32 s after",
        ),
        ({"that": "light", "state": "prompt"}, "instead: 0:00:20.0 204 button: light sending"),
        ({"that": "told", "never": True}, "2 times, first at 0:00:22.0"),
        ({"that": "told", "times": 1}, "2 times, last at 0:01:00.0"),
        ({"that": "told", "at_most": 1}, "2 times"),
        ({"that": "told", "of": "dawn"}, "dawn never came"),
        ({"that": "light_at_the_end", "state": "none"}, "0:00:52.0 204 button: light coming"),
    ],
)
def test_what_was_not_is_told_with_what_was_seen_instead(wanted, seen) -> None:
    found = verdict(**wanted)

    assert not found.met
    assert seen in found.seen


def test_an_event_that_never_came_through_is_lost() -> None:
    without = [record for record in RECORDS if record.event != "committed"]

    found = verdict(without, that="nothing_lost")

    assert not found.met
    assert found.seen == "lost: 0:00:20.7 204 button: made press, 1.2"


def test_an_event_that_was_kept_twice_is_told() -> None:
    twice = [*RECORDS, *(record for record in RECORDS if record.event == "committed")]

    found = verdict(twice, that="nothing_lost")

    assert not found.met
    assert found.seen.startswith("twice")


def test_a_heartbeat_under_way_is_no_loss() -> None:
    beats = [
        Record(200_000, "204 button", "made", {"kind": "heartbeat", "id": "1.9"}, "204"),
        Record(END - 100, "204 button", "made", {"kind": "press", "id": "1.10"}, "204"),
    ]

    assert verdict([*RECORDS, *beats], that="nothing_lost").met


def test_an_expectation_is_told_as_a_sentence() -> None:
    found = verdict(that="called", unit="207", cause="no_breathing", within="45 s", of="press")

    assert found.wanted == "called, unit 207, cause no_breathing, within 45 s of press"
