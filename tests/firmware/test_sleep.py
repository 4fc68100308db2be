"""When a battery device may sleep."""

import pytest
from doorknock import sleep
from doorknock.journal import ALARM, HEARTBEAT, Entry

PRESS = Entry(1, ALARM, 1, 1)
BEAT = Entry(2, HEARTBEAT, 1, 2)


def after(ms: int, light: str = "none", entries=(), up: bool = True) -> int:
    return sleep.Sleeper(0).sleep_ms(ms, light, list(entries), up)


def test_it_listens_for_a_moment_after_each_waking() -> None:
    assert after(sleep.AWAKE_MS - 1) == 0
    assert after(sleep.AWAKE_MS) == sleep.HEARTBEAT_MS


@pytest.mark.parametrize("light", ["sending", "delivered", "asked_again", "cannot_send"])
def test_it_stays_awake_while_somebody_waits_for_word_within_its_budget(light: str) -> None:
    assert after(sleep.BUDGET_MS - 1, light) == 0
    assert after(sleep.BUDGET_MS, light) == sleep.POLL_MS


def test_once_somebody_is_coming_it_looks_in_now_and_then() -> None:
    assert after(sleep.AWAKE_MS, "coming") == sleep.POLL_MS


def test_it_does_not_sleep_on_a_press_nobody_has_answered() -> None:
    assert after(sleep.SEEKING_MS, entries=[PRESS], up=False) == 0
    assert after(sleep.BUDGET_MS, entries=[PRESS], up=False) == sleep.POLL_MS


def test_a_heartbeat_that_finds_no_way_does_not_empty_the_battery() -> None:
    assert after(sleep.SEEKING_MS - 1, entries=[BEAT], up=False) == 0
    assert after(sleep.SEEKING_MS, entries=[BEAT], up=False) == sleep.HEARTBEAT_MS


def looking_in(ms: int, light: str = "none", entries=()) -> int:
    """As after(), where it was its own timer that ended its sleep."""
    return sleep.Sleeper(0, looks_in=True).sleep_ms(ms, light, list(entries), True)


@pytest.mark.parametrize("light", ["sending", "delivered", "asked_again", "cannot_send"])
def test_with_its_budget_used_up_it_only_looks_in(light: str) -> None:
    assert looking_in(sleep.AWAKE_MS - 1, light) == 0
    assert looking_in(sleep.AWAKE_MS, light) == sleep.POLL_MS


def test_with_its_budget_used_up_it_looks_for_a_way_for_a_press_but_not_for_long() -> None:
    assert looking_in(sleep.SEEKING_MS - 1, "cannot_send", [PRESS]) == 0
    assert looking_in(sleep.SEEKING_MS, "cannot_send", [PRESS]) == sleep.POLL_MS


def test_a_press_or_its_answer_begins_the_budget_anew() -> None:
    sleeper = sleep.Sleeper(0, looks_in=True)

    sleeper.anew(sleep.AWAKE_MS)

    ends = sleep.AWAKE_MS + sleep.BUDGET_MS
    assert sleeper.sleep_ms(ends - 1, "delivered", [], True) == 0
    assert sleeper.sleep_ms(ends, "delivered", [], True) == sleep.POLL_MS
