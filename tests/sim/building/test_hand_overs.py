"""Broker and gateway are killed, fill up and hang between two hand-overs: each press comes once."""

import asyncio
import math

import pytest

from .conftest import SENSOR


def once(house, *devices):
    """Of each device one press, taken once by the backend; nothing is left in a journal."""
    for device in devices:
        assert len(house.when_accepted(device)) == 1
        assert device.journal == {}
    assert len(house.alerts()) == len(devices)


def test_lesson_19_a_broker_killed_at_its_answer_and_wiped_loses_nothing(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        # The gateway is not there to take it, and the broker's word is all that the button has.
        await house.building.gateway.kill()
        button.press()
        await asyncio.sleep(1)
        waited = house.building.broker.waiting("gateway-alarm")
        house.building.broker.kill(wipe=True)
        house.building.broker.start()
        await asyncio.sleep(10)
        house.building.gateway.start()
        await asyncio.sleep(60)
        return house, button, waited

    house, button, waited = play(scene)
    assert waited == 1
    once(house, button)


def test_lesson_19_a_full_broker_answers_and_drops_and_loses_nothing(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        house.building.broker.queued_bytes = 0
        await house.building.gateway.kill()
        button.press()
        await asyncio.sleep(1)
        taken = not button.unacknowledged and house.building.broker.waiting("gateway-alarm") == 0
        await asyncio.sleep(30)
        house.building.gateway.start()
        await asyncio.sleep(60)
        return house, button, taken

    house, button, taken = play(scene)
    assert taken
    once(house, button)


@pytest.mark.parametrize("slowness_s", [1.0, 4.0])
def test_a_slow_broker_is_slow_and_no_more(play, slowness_s):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        house.building.broker.slowness_s = slowness_s
        button.press()
        await asyncio.sleep(60)
        return house, button

    house, button = play(scene)
    once(house, button)
    assert house.when_accepted(button)[0] < 30 + 3 * slowness_s


def test_a_broker_that_hangs_is_noticed_by_everybody_and_forgiven(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        house.building.broker.slowness_s = math.inf
        button.press()
        await asyncio.sleep(120)
        meanwhile = house.when_accepted(button), house.said()
        house.building.broker.slowness_s = 0.0
        await asyncio.sleep(60)
        return house, button, meanwhile

    house, button, meanwhile = play(scene)
    assert meanwhile == ([], [])
    once(house, button)


@pytest.mark.parametrize("after_ms", [0, 5, 10, 14, 20, 30, 50, 500, 2_000])
def test_a_gateway_killed_at_any_moment_loses_and_doubles_nothing(play, after_ms):
    async def scene(house):
        button, sensor = house.device(), house.device(SENSOR, "207", "sensor")
        await asyncio.sleep(30)
        for one in (button, sensor):
            one.press()
        # 3 to 15 ms to the broker, 15 ms to the commit, then the backend.
        await asyncio.sleep(after_ms / 1000)
        await house.building.gateway.kill()
        await asyncio.sleep(20)
        house.building.gateway.start()
        await asyncio.sleep(25)
        return house, button, sensor

    house, button, sensor = play(scene)
    once(house, button, sensor)
    assert button.light == "delivered"
    assert sorted(house.to("ana")) == ["Check in: 204", "Check in: 207"]


def test_the_light_goes_on_where_it_was_when_the_gateway_comes_back(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        button.press()
        await asyncio.sleep(10)
        await house.building.gateway.kill()
        await house.building.responders["ana"].on_my_way("204")
        await asyncio.sleep(30)
        before = button.light
        house.building.gateway.start()
        await asyncio.sleep(15)
        return before, button.light

    assert play(scene) == ("delivered", "coming")


def test_a_day_without_the_gateway_is_a_day_of_presses_kept(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        await house.building.gateway.kill()
        for _ in range(24):
            button.press()
            await asyncio.sleep(3600)
        house.building.gateway.start()
        await asyncio.sleep(300)
        return house, button

    house, button = play(scene)
    assert len(house.when_accepted(button)) == 24
    assert house.alerts() == [("204", "urgent")]
    assert len(house.to("ana")) < 10
