"""A computer without a clock of its own finds the time, hours after what it had taken for it, while
an alert is open: nobody has waited for these hours."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.backend.escalation import Plan
from gateway.backend.happenings import OnMyWay
from gateway.backend.incoming import UnitAnswers
from gateway.backend.timers import Timers

from .conftest import House

STEP_S = 3600


class Once:
    """A bell for which nobody waits twice."""

    def listen(self) -> "Once":
        return self

    async def wait(self, _: float) -> None:
        raise asyncio.CancelledError


class Pi:
    """A house whose computer can be told the time; its own count of ms goes on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.uptime_ms = 0
        self.timers = Timers(
            house.backend.dispatch,
            house.clock,
            Once(),  # type: ignore[arg-type]
            monotonic_ms=lambda: self.uptime_ms,
        )

    def waits(self, seconds: int) -> None:
        for _ in range(0, seconds, 10):
            self.house.clock.forward(10)
            self.uptime_ms += 10_000
            self.look()

    def is_told_the_time(self, seconds: int = STEP_S) -> None:
        self.house.clock.forward(seconds)
        self.look()

    def look(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(self.timers.run())
        self.house.deliver()

    def asked_for_an_ambulance(self) -> int:
        return len(self.house.outbox.to("dora"))


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Replicas on PostgreSQL have a clock each, and do not look for its being set."""
    return f"sqlite:///{tmp_path / 'backend.db'}"


@pytest.fixture
def pi(open_house: Callable[..., House]) -> Pi:
    """204 wants an ambulance after three minutes; Dora calls it."""
    house = open_house(plan=Plan(steps=(("ana",), ("ben",)), ambulance=("dora",)), staff=())
    house.backend.dispatch.unit_answers(UnitAnswers("house-1", "204", (), 3, house.clock()))
    return Pi(house)


def test_an_hour_that_nobody_has_waited_brings_no_ambulance(pi: Pi) -> None:
    pi.house.happens("press")
    pi.waits(30)

    pi.is_told_the_time()

    assert pi.asked_for_an_ambulance() == 0
    pi.waits(140)
    assert pi.asked_for_an_ambulance() == 0
    pi.waits(20)
    assert pi.asked_for_an_ambulance() == 1


def test_reminders_and_the_next_step_come_when_they_would_have(pi: Pi) -> None:
    pi.house.happens("press")
    pi.waits(30)

    pi.is_told_the_time()

    assert len(pi.house.outbox.to("ana")) == 1
    pi.waits(30)
    assert len(pi.house.outbox.to("ana")) == 2
    assert not pi.house.outbox.to("ben")
    pi.waits(60)
    assert len(pi.house.outbox.to("ben")) == 1


def test_who_is_on_the_way_has_their_five_minutes(pi: Pi) -> None:
    alert = pi.house.happens("press")
    assert alert is not None
    pi.waits(10)
    pi.house.backend.dispatch.reply(alert, OnMyWay("ana"))

    pi.is_told_the_time()
    pi.waits(120)

    assert pi.house.alert(alert).asking is None
    assert pi.house.alert(alert).follow_up_at == pi.house.clock() + timedelta(seconds=180)


@pytest.mark.parametrize("step_s", [STEP_S, -STEP_S, -600])
def test_whichever_way_it_was_set_it_has_been_unanswered_no_longer(pi: Pi, step_s: int) -> None:
    alert = pi.house.happens("press")
    before = pi.house.alert(alert)

    pi.is_told_the_time(step_s)

    after = pi.house.alert(alert)
    assert after.asking.since - before.asking.since == timedelta(seconds=step_s)
    assert after.raised_at == before.raised_at
