"""The words of a notice, where they could mislead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.backend.policy import Person

from .conftest import SENSOR, House

AT_0914 = datetime(2026, 5, 4, 9, 14, 20, tzinfo=UTC)


def told(house: House) -> str:
    """What Ana has been told last."""
    house.deliver()
    return house.outbox.to("ana")[-1].text


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_a_press_of_unknown_time_names_no_time_that_has_not_come_yet(
    open_house: Callable[..., House], language: str
) -> None:
    people = {"ana": Person("ana", "Ana", language, ("test://ana",))}
    house = open_house(people=people)
    house.clock.now = AT_0914
    house.backend.dispatch.accept(replace(house.event("press", taps=1), exact=False), "aa.1.1")

    earlier = {"en": "09:14 or earlier", "es": "09:14 o antes", "fr": "09:14 ou avant"}
    text = told(house)
    assert earlier[language] in text
    assert "09:15" not in text


def test_a_time_of_yesterday_says_so(house: House) -> None:
    house.clock.now = AT_0914
    press = house.event("press", taps=1)
    yesterday = AT_0914 - timedelta(hours=11)
    house.backend.dispatch.accept(replace(press, occurred_at=yesterday, exact=False), "aa.1.1")

    assert "03.05. 22:14 or earlier" in told(house)


def test_a_call_that_comes_late_does_not_make_a_newer_one_old(house: House) -> None:
    house.happens("press", taps=1)
    waited = replace(house.event("press", taps=2), device=SENSOR, age_s=3 * 3600)
    at = house.clock() - timedelta(hours=3)
    house.backend.dispatch.accept(replace(waited, occurred_at=at), "aa.1.2")

    assert "asks for help, just now" in told(house)


def test_a_press_that_waited_in_the_gateway_for_the_backend_is_told_as_late(house: House) -> None:
    pressed = house.event("press", taps=1)
    house.clock.forward(600)
    house.backend.dispatch.accept(pressed, "aa.1.1")

    text = told(house)
    assert "10 min ago" in text
    assert "It has only arrived now: the way was down." in text
