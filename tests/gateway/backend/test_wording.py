"""The words of a notice, where they could mislead."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.backend.wording import minute_after

from .conftest import House, policy


@pytest.mark.parametrize(
    ("at", "before"), [("08:00:20", "08:01"), ("08:00:00", "08:00"), ("23:59:59.5", "00:00")]
)
def test_what_happened_within_a_minute_was_before_its_end(at: str, before: str) -> None:
    moment = datetime.fromisoformat(f"2026-05-04T{at}").replace(tzinfo=UTC)

    assert minute_after(moment).strftime("%H:%M") == before


def test_a_press_of_unknown_time_is_told_as_before_a_time_that_it_was_before(house: House) -> None:
    pressed = house.event("press", taps=1, held=0)
    at = pressed.occurred_at.replace(second=20, microsecond=0)
    house.backend.dispatch.accept(replace(pressed, occurred_at=at, exact=False), "aa.1.1")
    house.deliver()

    zone = policy().time_zone
    told = minute_after(at).astimezone(zone).strftime("%H:%M")
    assert f"before {told}" in house.outbox.to("ana")[0].text
