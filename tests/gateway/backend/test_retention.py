"""What is forgotten, and what is not."""

from datetime import timedelta

from sqlalchemy import func, select

from gateway.backend.dispatch import Said
from gateway.backend.happenings import OnMyWay, Resolved
from gateway.backend.retention import forget_unit
from gateway.backend.tables import alerts, log, notices, outcomes, seen, stream

from .conftest import BUTTON, House


def count(house: House, table: object) -> int:
    with house.backend.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]
        return found


def test_after_a_week_an_alert_is_a_count_without_a_unit(house: House) -> None:
    for outcome in ("fine", "fine", "mistake"):
        alert = house.happens("press", taps=1)
        house.deliver()
        assert alert is not None
        house.backend.dispatch.reply(alert, Resolved("ana", outcome))
    month = f"{house.clock():%Y-%m}"
    house.clock.forward(timedelta(days=6).total_seconds())
    assert house.backend.dispatch.forget() == 0
    house.clock.forward(timedelta(days=2).total_seconds())
    assert house.backend.dispatch.forget() == 3
    assert [count(house, table) for table in (alerts, log, notices)] == [0, 0, 0]
    with house.backend.database.read() as connection:
        kept = connection.execute(select(outcomes).order_by(outcomes.c.outcome)).all()
    assert [tuple(row) for row in kept] == [(month, "fine", 2), (month, "mistake", 1)]


def test_a_press_that_comes_again_after_that_is_still_a_duplicate(house: House) -> None:
    event = house.event("press", taps=1)
    alert = house.backend.dispatch.accept(event, "a.1.1").alert
    assert alert is not None
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))
    house.clock.forward(timedelta(days=8).total_seconds())
    house.backend.dispatch.forget()
    assert house.backend.dispatch.accept(event, "a.1.1").duplicate
    assert count(house, seen) == 1


def test_an_open_alert_is_never_forgotten(house: House) -> None:
    alert = house.happens("press", taps=1)
    house.clock.forward(timedelta(days=100).total_seconds())
    assert house.backend.dispatch.forget() == 0
    assert house.alert(alert).is_open


def test_of_the_stream_the_newest_light_of_each_device_stays(house: House) -> None:
    alert = house.happens("press", taps=1)
    house.deliver()
    assert alert is not None
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))
    house.clock.forward(timedelta(days=8).total_seconds())
    house.backend.dispatch.forget()
    assert house.lights() == ["none"]
    assert count(house, stream) == 1


def test_an_answered_question_does_not_take_the_newest_light_of_its_sensor(house: House) -> None:
    """Both are in the stream under the sensor's name; only the light must be shown again."""
    alert = house.happens("stillness")
    house.deliver()
    assert alert is not None
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))
    house.clock.forward(timedelta(days=8).total_seconds())
    house.happens("prompt", state="asked", cause="no_movement")
    assert house.backend.dispatch.resident_ok("house-1", "204", "") is Said.PASSED_ON

    house.backend.dispatch.forget()
    house.clock.forward(timedelta(days=1).total_seconds())
    house.backend.dispatch.forget()

    assert [(row.kind, row.data["state"]) for row in house.stream()] == [("light", "none")]


def test_with_a_units_calls_goes_when_its_lights_said_what(house: House) -> None:
    """Who has it deleted is not to be told that the week's lights still say when they called."""
    for unit, device in (("204", BUTTON), ("305", "00112233aa02")):
        alert = house.happens("press", unit=unit, device=device)
        house.deliver()
        assert alert is not None
        house.backend.dispatch.reply(alert, OnMyWay("ana"))
        house.backend.dispatch.reply(alert, Resolved("ana", "fine"))

    with house.backend.database.write() as connection:
        assert forget_unit(connection, "house-1", "204") == 1

    kept = [(row.data["unit"], row.data["state"]) for row in house.stream()]
    assert [state for unit, state in kept if unit == "204"] == ["none"]
    assert [state for unit, state in kept if unit == "305"] == ["delivered", "coming", "none"]
