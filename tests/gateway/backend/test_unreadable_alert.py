"""An alert that cannot be read (of a version that was taken back, or damaged) is one alert: what
concerns the others goes on. And what cannot be acted on now is come back to, not hammered."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import structlog.testing
from sqlalchemy import select, update

from gateway.backend.bell import LOOK_EVERY_S
from gateway.backend.dispatch import Dispatch
from gateway.backend.happenings import OnMyWay
from gateway.backend.overview import overview
from gateway.backend.tables import alerts
from gateway.backend.timers import Timers

from .conftest import HandClock, House


def spoil(house: House, alert: str | None) -> None:
    with house.backend.database.write() as connection:
        mine = alerts.c.id == alert
        body = connection.execute(select(alerts.c.body).where(mine)).scalar_one()
        changed = {**body, "state": "of another version"}
        connection.execute(update(alerts).where(mine).values(body=changed))


@pytest.fixture
def other(house: House) -> str | None:
    """Ana is on the way to 204, whose alert cannot be read any more; then 305 calls."""
    spoilt = house.happens("press")
    house.deliver()
    assert spoilt is not None
    house.backend.dispatch.reply(spoilt, OnMyWay("ana"))
    spoil(house, spoilt)
    house.outbox.sent.clear()
    return house.happens("press", unit="305", device="00112233aa02")


def test_the_others_people_are_told_and_reminded(house: House, other: str | None) -> None:
    house.deliver()
    house.pass_time(61)

    assert [message.title for message in house.outbox.to("ben") if "305" in message.title]
    assert len(house.outbox.to("ben")) == 2
    assert house.alert(other).light is not None


def test_the_page_shows_the_others(house: House, other: str | None) -> None:
    with house.backend.database.read() as connection:
        seen = overview(connection)

    assert [one.alert.id for one in seen.alerts] == [other]


def test_it_is_told_now_and_then_and_not_every_second(house: House, other: str | None) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(30):
            house.clock.forward(20)
            house.backend.dispatch.fire_due_timers()

    told = [line for line in lines if line["event"].startswith("a timer could not be acted on")]
    assert 1 <= len(told) <= 2


class Stuck:
    """A timer that has come due and on which nothing can be done."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    def fire_due_timers(self) -> int:
        return 0

    def next_due(self) -> Any:
        return self._clock() - timedelta(minutes=1)

    def forget(self) -> int:
        return 0


class Listening:
    """A bell that notes for how long one waits for it, and ends the third wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def listen(self) -> "Listening":
        return self

    async def wait(self, longest_s: float) -> None:
        self.waits.append(longest_s)
        if len(self.waits) == 3:
            raise asyncio.CancelledError


def test_a_full_disk_is_not_asked_twenty_times_a_second() -> None:
    clock, bell = HandClock(), Listening()
    dispatch: Dispatch = Stuck(clock)  # type: ignore[assignment]
    timers = Timers(dispatch, clock, bell)  # type: ignore[arg-type]

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(timers.run())

    assert bell.waits == [LOOK_EVERY_S] * 3
