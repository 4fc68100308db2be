"""What a gateway says of itself: staff hear of it once when it lasts, and once when it is over."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.backend.incoming import Heartbeat, read
from gateway.backend.trouble import Trouble, after_heartbeat, now_so

from .conftest import House, asking, signed

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
WELL: dict[str, Any] = {"hears": True, "store_works": True, "waiting": 0, "set_aside": 0}


def body(at: datetime, **says: Any) -> dict[str, Any]:
    data = {"gateway": "house-1", "devices": [], "refused": {}, **says}
    return {"type": "gateway.heartbeat", "timestamp": at.isoformat(), "data": data}


def beats(house: House, number: int, **says: Any) -> None:
    """Heartbeats a minute apart, as a gateway sends them."""

    async def send() -> None:
        async with asking(house.backend) as client:
            for _ in range(number):
                house.clock.forward(60)
                at = house.clock()
                answer = await client.send(signed(body(at, **WELL | says), f"beat.{at}", at=at))
                assert answer.status_code == 200

    asyncio.run(send())
    house.deliver()


def told(house: House) -> list[str]:
    return [message.text.splitlines()[0] for message in house.outbox.to("dora")]


@pytest.mark.parametrize(
    ("says", "trouble"),
    [
        ({"hears": False}, Trouble.DEAF),
        ({"store_works": False}, Trouble.STORE),
        ({"waiting": 50}, Trouble.WAITING),
        ({"set_aside": 1}, Trouble.SET_ASIDE),
    ],
)
def test_each_thing_that_a_heartbeat_says_is_read(says: dict[str, Any], trouble: Trouble) -> None:
    heartbeat = read(body(NOON, **WELL | says), NOON)
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.troubles == {trouble}


@pytest.mark.parametrize(
    "says", [{}, WELL, {"hears": "no", "store_works": None, "waiting": "many", "set_aside": -1}]
)
def test_what_is_not_said_or_makes_no_sense_is_no_trouble(says: dict[str, Any]) -> None:
    heartbeat = read(body(NOON, **says), NOON)
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.troubles == frozenset()


def test_trouble_that_lasts_is_told_once_and_its_end_once(house: House) -> None:
    beats(house, 20, hears=False, store_works=False)
    assert told(house) == [
        "The gateway house-1 reports trouble: it hears no device; it cannot write to its store. "
        "Presses there may reach nobody."
    ]
    beats(house, 20)
    assert told(house)[1:] == [
        "Over at the gateway house-1: it hears no device; it cannot write to its store."
    ]
    assert house.outbox.to("ana") == []


def test_a_blink_is_told_to_nobody(house: House) -> None:
    for _ in range(10):
        beats(house, 1, waiting=1)
        beats(house, 1)
    assert told(house) == []


def test_trouble_that_comes_and_goes_is_a_message_an_hour_and_no_storm(house: House) -> None:
    for _ in range(14):
        beats(house, 2, hears=False)
        beats(house, 2)
    assert len([text for text in told(house) if "reports trouble" in text]) == 1
    # It stays away now: told again, for the hour is over.
    beats(house, 10, hears=False)
    assert len([text for text in told(house) if "reports trouble" in text]) == 2


def test_a_heartbeat_delivered_twice_counts_once(house: House) -> None:
    heartbeat = Heartbeat("house-1", house.clock(), (), {}, frozenset({Trouble.DEAF}))
    for _ in range(3):
        house.backend.dispatch.heartbeat(heartbeat)
    house.deliver()
    assert told(house) == []


def test_nothing_is_told_over_that_was_not_told_and_nothing_twice() -> None:
    dice = random.Random(7)
    known: dict[str, dict[str, Any]] | None = None
    open_ones: set[Trouble] = set()
    for beat in range(5000):
        # Clocks step, too.
        now = NOON + timedelta(minutes=beat - dice.choice([0, 0, 0, 300]))
        reported = {one for one in Trouble if dice.random() < 0.4}
        change = after_heartbeat(known, reported, now)
        assert not set(change.begun) & open_ones
        assert set(change.over) <= open_ones
        open_ones = (open_ones | set(change.begun)) - set(change.over)
        assert open_ones <= set(now_so(change.known))
        known = change.known
