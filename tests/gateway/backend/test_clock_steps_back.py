"""A clock that was ahead is corrected: nobody waits for a future that is not coming."""

from collections.abc import Callable
from datetime import datetime

import pytest

from gateway.backend.escalation import Plan
from gateway.backend.happenings import OnMyWay
from gateway.backend.incoming import DeviceReport, Heartbeat

from .conftest import SENSOR, House

AHEAD_S = 6 * 3600


def beat(house: House, heard_at: datetime) -> None:
    report = DeviceReport(SENSOR, "204", "sensor", "breathing", heard_at, None)
    house.backend.dispatch.heartbeat(Heartbeat("house-1", house.clock(), (report,), {}))


def test_an_open_alert_reminds_and_asks_the_next_step(open_house: Callable[..., House]) -> None:
    house = open_house(plan=Plan(steps=(("ana",), ("ben",))))
    house.happens("press", taps=1)
    house.deliver()
    house.clock.forward(-AHEAD_S)
    before = len(house.outbox.sent)
    house.pass_time(300, step=10)
    assert 4 <= len(house.outbox.to("ana")) - before <= 6
    assert house.outbox.to("ben")


def test_a_step_shorter_than_the_longest_wait_is_noticed_as_well(house: House) -> None:
    house.happens("press", taps=1)
    house.deliver()
    house.clock.forward(-600)
    house.backend.dispatch.fire_due_timers()
    house.deliver()
    assert len(house.outbox.to("ana")) == 2


def test_a_notice_made_just_before_is_sent(house: House) -> None:
    house.happens("press", taps=1)
    house.clock.forward(-3600)
    house.deliver()
    assert [message.title for message in house.outbox.to("ana")] == ["Check in: 204"]


def test_a_claim_made_just_before_by_a_replica_that_died_is_void(house: House) -> None:
    house.happens("press", taps=1)
    assert house.backend.dispatch.claim_notices(set())
    house.clock.forward(-3600)
    house.deliver()
    assert house.outbox.to("ana")


def test_a_notice_whose_retry_lay_ahead_is_tried_again(house: House) -> None:
    house.outbox.failing.add("test://ana")
    house.happens("press", taps=1)
    house.deliver()
    house.outbox.failing.clear()
    house.clock.forward(-3600)
    house.deliver()
    assert house.outbox.to("ana")


def test_whoever_is_on_the_way_is_asked_after(house: House) -> None:
    alert = house.happens("press", taps=1)
    assert alert is not None
    house.deliver()
    house.backend.dispatch.reply(alert, OnMyWay("ana"))
    house.clock.forward(-AHEAD_S)
    house.pass_time(60, step=10)
    assert house.lights()[-1] == "asked_again"


@pytest.mark.parametrize("ahead_s", [AHEAD_S, 600])
def test_a_silent_device_is_told(house: House, ahead_s: int) -> None:
    for _ in range(5):
        beat(house, house.clock())
        house.pass_time(60, step=60)
    house.clock.forward(-ahead_s)
    heard_at = house.clock()
    for _ in range(6):
        beat(house, heard_at)
        house.pass_time(60, step=60)
    assert any("Not heard from: 204" in one.text for one in house.outbox.to("dora"))


def test_a_device_that_was_heard_by_the_clock_that_was_ahead_is_told(house: House) -> None:
    """And its gateway, which has heard nobody since, still says so."""
    for _ in range(5):
        heard_at = house.clock()
        beat(house, heard_at)
        house.pass_time(60, step=60)
    house.clock.forward(-AHEAD_S)
    for _ in range(2):
        beat(house, heard_at)
        house.pass_time(60, step=60)
    assert not house.outbox.to("dora")

    for _ in range(6):
        beat(house, heard_at)
        house.pass_time(60, step=60)

    told = [one.text.splitlines()[0] for one in house.outbox.to("dora")]
    assert told == ["Not heard from: 204. Check power, battery and Wi-Fi."]


def test_a_gateway_that_dies_then_is_told_as_lost(house: House) -> None:
    beat(house, house.clock())
    house.clock.forward(-AHEAD_S)
    house.pass_time(330, step=10)
    told = [one.text for one in house.outbox.to("dora")]
    assert len(told) == 1
    assert "house-1" in told[0]
