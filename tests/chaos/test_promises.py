"""Each promise can be seen to be broken."""

from sim.scenario.record import Record

from .promises import broken

LENGTH_MS = 600_000
START = Record(300, "204", "start", {"cause": "power_on"}, "204")


def press(at_ms: int) -> Record:
    return Record(at_ms, "cue", "press", {"do": "press", "board": "204"})


def made(at_ms: int) -> Record:
    return Record(at_ms, "204", "made", {"kind": "press", "id": "1.3"}, "204")


def committed(at_ms: int) -> Record:
    return Record(at_ms, "gateway", "committed", {"board": "204", "kind": "press", "id": "1.3"})


def accepted(at_ms: int) -> Record:
    return Record(at_ms, "backend", "accepted", {"board": "204", "id": "1.3"}, "204")


def alert(at_ms: int, state: str) -> Record:
    return Record(at_ms, "backend", "alert", {"state": state}, "204")


def light(at_ms: int, state: str) -> Record:
    return Record(at_ms, "204", "light", {"state": state}, "204")


ANSWERED = [
    START,
    press(20_000),
    light(20_020, "sending"),
    made(20_600),
    committed(20_700),
    alert(20_710, "raised"),
    accepted(20_720),
    light(20_750, "delivered"),
    alert(40_000, "attending"),
    light(40_050, "coming"),
    alert(90_000, "resolved"),
    light(90_050, "none"),
]


def without(*left_out: Record) -> list[Record]:
    return [one for one in ANSWERED if one not in left_out]


def test_a_call_that_was_heard_and_answered_breaks_none():
    assert broken(ANSWERED, LENGTH_MS) == []


def test_a_press_that_the_backend_never_got_or_got_twice():
    (said,) = broken(without(accepted(20_720)), LENGTH_MS)
    assert said == "20700: 204 press 1.3 was accepted 0 times"
    (said,) = broken([*ANSWERED, accepted(25_000)], LENGTH_MS)
    assert said == "20700: 204 press 1.3 was accepted 2 times"


def test_a_press_of_which_the_device_made_nothing():
    (said,) = broken([START, press(20_000)], LENGTH_MS)
    assert said == "20000: a press of 204 made nothing"


def test_nobody_can_press_what_has_no_power_or_hangs():
    off = Record(19_000, "204", "off", {}, "204")
    hangs = Record(19_000, "cue", "hang", {"do": "hang", "board": "204"})
    assert broken([START, off, press(20_000)], LENGTH_MS) == []
    assert broken([START, hangs, press(20_000)], LENGTH_MS) == []


def test_a_light_that_says_coming_where_nobody_has_said_so():
    (said,) = broken(without(alert(40_000, "attending")), LENGTH_MS)
    assert said == "40050: 204 says that somebody comes, and nobody does"


def test_a_light_that_is_not_true_at_the_end():
    (said,) = broken(without(light(90_050, "none")), LENGTH_MS)
    assert said == "at the end 204 says coming, and its alert is resolved"
    (said,) = broken([START, light(1_000, "cannot_send")], LENGTH_MS)
    assert said == "at the end 204 says cannot_send, and its alert is none"
    on = [START, alert(20_710, "raised"), light(20_750, "sending")]
    (said,) = broken(on, LENGTH_MS)
    assert said == "at the end 204 says sending, and its alert is raised"
