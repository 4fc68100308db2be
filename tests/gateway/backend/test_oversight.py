"""A blind system says so: a gateway lost, a device silent, a fault. Once, and when it is over."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from gateway.backend.incoming import DeviceReport, Heartbeat
from gateway.backend.tables import devices, gateways

from .conftest import BUTTON, SENSOR, House


def beat(house: House, **heard_s_ago: float | None) -> None:
    """A heartbeat; unit="204" is the sensor's, unit "117" the button's."""
    now = house.clock()

    def at(age: float | None) -> datetime | None:
        return None if age is None else now - timedelta(seconds=age)

    reports = []
    for name, device, device_type in (("sensor", SENSOR, "sensor"), ("button", BUTTON, "button")):
        if name in heard_s_ago:
            unit = "204" if name == "sensor" else "117"
            reports.append(
                DeviceReport(device, unit, device_type, "none", at(heard_s_ago[name]), None)
            )
    house.backend.dispatch.heartbeat(Heartbeat("house-1", now, tuple(reports), {}))
    house.deliver()


def minutes(house: House, number: int, **heard_s_ago: float | None) -> None:
    for _ in range(number):
        house.pass_time(60, step=60)
        beat(house, **heard_s_ago)


def texts(house: House) -> list[str]:
    return [message.text.splitlines()[0] for message in house.outbox.to("dora")]


def device(house: House, number: str) -> Any:
    with house.backend.database.read() as connection:
        return connection.execute(select(devices).where(devices.c.device == number)).one()


def lost_at(house: House) -> datetime | None:
    with house.backend.database.read() as connection:
        found: datetime | None = connection.execute(select(gateways.c.lost_at)).scalar()
        return found


def test_a_lost_gateway_is_raised_within_180_s_and_once(house: House) -> None:
    # lesson 31: a dead gateway sent a message again and again
    beat(house)
    house.pass_time(140, step=10)
    assert lost_at(house) is None
    house.pass_time(40, step=10)
    assert lost_at(house) is not None
    house.pass_time(3600, step=60)
    assert len(texts(house)) == 1
    assert "house-1" in texts(house)[0]


def test_a_gateway_that_is_back_is_cleared_once(house: House) -> None:
    beat(house)
    house.pass_time(180, step=10)
    beat(house)
    beat(house)
    assert lost_at(house) is None
    assert texts(house)[1:] == ["The gateway house-1 is heard again."]


def test_a_backend_that_was_down_itself_gives_the_gateway_a_fresh_period(house: House) -> None:
    beat(house)
    house.clock.forward(3600)
    house.backend.dispatch.fire_due_timers()
    assert lost_at(house) is None
    house.pass_time(180, step=10)
    assert lost_at(house) is not None


def test_a_silent_sensor_is_late_after_two_missed_heartbeats_and_told_once(house: House) -> None:
    minutes(house, 5, sensor=10)
    assert not device(house, SENSOR).late
    minutes(house, 1, sensor=170)
    assert not device(house, SENSOR).late
    minutes(house, 30, sensor=200)
    assert device(house, SENSOR).late
    assert texts(house) == ["Not heard from: 204. Check power, battery and Wi-Fi."]
    minutes(house, 3, sensor=10)
    assert texts(house)[1:] == ["Heard from again: 204."]


def test_a_sensor_that_stays_dead_is_told_once_for_all_the_hours(house: House) -> None:
    minutes(house, 5, sensor=10)
    for silent_min in range(1, 300):
        minutes(house, 1, sensor=60 * silent_min)
    assert texts(house) == ["Not heard from: 204. Check power, battery and Wi-Fi."]


def test_a_button_has_half_an_hour(house: House) -> None:
    minutes(house, 40, button=29 * 60)
    assert not device(house, BUTTON).late
    minutes(house, 1, button=32 * 60)
    assert device(house, BUTTON).late


def test_a_device_that_never_reported_is_missed(house: House) -> None:
    # lesson 32
    minutes(house, 5, sensor=None)
    assert device(house, SENSOR).late
    assert len(texts(house)) == 1


def test_devices_are_not_blamed_while_the_gateway_was_away(house: House) -> None:
    minutes(house, 5, sensor=10)
    house.pass_time(600, step=60)
    told = len(texts(house))
    beat(house, sensor=600)
    minutes(house, 2, sensor=600)
    assert not device(house, SENSOR).late
    assert [text for text in texts(house)[told:] if "Not heard" in text] == []


def test_a_flapping_device_is_not_a_message_each_time(house: House) -> None:
    # lesson 31
    minutes(house, 5, sensor=10)
    for _ in range(10):
        minutes(house, 1, sensor=200)
        minutes(house, 1, sensor=10)
    assert [text.split(":")[0] for text in texts(house)] == ["Not heard from", "Heard from again"]
    # For good: the next hour it is silent again, and that is told, and its end.
    minutes(house, 61, sensor=4000)
    minutes(house, 1, sensor=10)
    assert [text.split(":")[0] for text in texts(house)] == [
        "Not heard from",
        "Heard from again",
    ] * 2


def test_a_dead_access_point_is_one_message(house: House) -> None:
    # lesson 31, 33
    minutes(house, 40, sensor=10, button=10)
    minutes(house, 1, sensor=3600, button=3600)
    assert texts(house) == ["Not heard from: 117, 204. Check power, battery and Wi-Fi."]


def test_a_fault_is_told_when_it_begins_and_when_it_ends(house: House) -> None:
    for state in ("raised", "raised", "cleared", "cleared"):
        house.happens("fault", what="radar_silent", state=state)
        house.deliver()
    assert texts(house) == [
        "A device in 204 reports a fault. Look at the page of devices.",
        "The fault in 204 is over.",
    ]


def test_low_battery_and_tamper_come_when_they_begin_and_not_at_the_all_clear(
    house: House,
) -> None:
    # lesson 30
    house.happens("battery", state="low", millivolts=2300)
    house.happens("battery", state="low", millivolts=2290)
    house.happens("battery", state="good", millivolts=3000)
    house.happens("tamper", state="opened")
    house.happens("tamper", state="closed")
    house.deliver()
    assert texts(house) == [
        "The battery in 204 is low. Please change it.",
        "The case of a device in 204 was opened.",
    ]


def test_a_removed_device_is_missed_by_nobody(house: House) -> None:
    minutes(house, 5, sensor=10, button=10)
    minutes(house, 40, button=10)
    assert texts(house) == []
    with house.backend.database.read() as connection:
        assert [row.device for row in connection.execute(select(devices))] == [BUTTON]


def test_responders_are_not_bothered_with_what_only_staff_can_mend(house: House) -> None:
    # lesson 38
    beat(house)
    house.pass_time(180, step=10)
    house.happens("fault", what="radar_silent", state="raised")
    house.deliver()
    assert house.outbox.to("ana") == []
    assert len(house.outbox.to("dora")) == 2


def test_a_test_wakes_nobody_and_is_answered_on_the_stream(house: House) -> None:
    assert house.happens("test", number=1, pressed=1) is None
    house.pass_time(300, step=60)

    assert house.outbox.sent == []
    [item] = house.stream()
    assert (item.kind, item.data) == ("tested", {"device": SENSOR, "boot": 1, "seq": 1})
