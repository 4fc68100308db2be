"""A blind building says so: a gateway lost, a device silent, and each once."""

import asyncio

from .conftest import SENSOR


def told(house):
    """What staff were told, by the first line of each message: (s, text)."""
    return [
        (one["t_ms"] / 1000, one["text"].splitlines()[0])
        for one in house.records("message", person="dora")
    ]


def test_the_loss_of_the_gateway_is_raised_within_180_s_and_its_return_once(play):
    async def scene(house):
        button = house.device()
        button.heartbeats(900)
        await asyncio.sleep(600)
        await house.building.gateway.kill()
        await asyncio.sleep(3600)
        house.building.gateway.start()
        await asyncio.sleep(3600)
        return house

    lost, back = told(play(scene))
    assert "has not been heard from" in lost[1]
    assert 600 < lost[0] < 600 + 180
    assert "is heard again" in back[1]
    assert back[0] < 600 + 3600 + 60


def test_a_silent_device_is_raised_once_and_cleared_once(play):
    async def scene(house):
        sensor = house.device(SENSOR, "207", "sensor")
        sensor.heartbeats(60)
        await asyncio.sleep(600)
        sensor.power_off()
        await asyncio.sleep(1500)
        sensor.power_on_again()
        await asyncio.sleep(600)
        return house

    silent, back = told(play(scene))
    assert silent[1].startswith("Not heard from: 207.")
    assert 600 + 120 < silent[0] < 600 + 300
    assert back[1] == "Heard from again: 207."
    assert 2100 < back[0] < 2100 + 180


def test_the_devices_are_not_blamed_for_the_gateways_absence(play):
    async def scene(house):
        sensor = house.device(SENSOR, "207", "sensor")
        sensor.heartbeats(60)
        await asyncio.sleep(600)
        await house.building.gateway.kill()
        await asyncio.sleep(1800)
        house.building.gateway.start()
        await asyncio.sleep(600)
        return house

    assert [text.split()[1] for _, text in told(play(scene))] == ["gateway", "gateway"]


def test_lesson_31_a_device_at_the_edge_of_the_air_is_no_message_each_time(play):
    async def scene(house):
        sensor = house.device(SENSOR, "207", "sensor")
        sensor.heartbeats(60)
        await asyncio.sleep(300)
        for _ in range(5):
            sensor.power_off()
            await asyncio.sleep(360)
            sensor.power_on_again()
            await asyncio.sleep(240)
        return house

    assert [text.split(":")[0] for _, text in told(play(scene))] == [
        "Not heard from",
        "Heard from again",
    ]


def test_lesson_32_a_device_that_has_never_reported_is_missed(play):
    async def scene(house):
        sensor = house.device(SENSOR, "207", "sensor")
        sensor.power_off()
        await asyncio.sleep(600)
        return house

    assert [text[:19] for _, text in told(play(scene))] == ["Not heard from: 207"]


def test_a_gateway_whose_clock_is_set_blames_nobody_and_places_a_press_now(play):
    async def scene(house):
        sensor = house.device(SENSOR, "207", "sensor")
        # As after a power cut: the clock stands where it was cut off, until a time server is found.
        house.building.gateway.clock_ahead_ms = -6 * 3_600_000
        await house.building.gateway.kill()
        house.building.gateway.start()
        sensor.heartbeats(60)
        await asyncio.sleep(200)
        house.building.gateway.clock_ahead_ms = 0
        await asyncio.sleep(200)
        sensor.press()
        await asyncio.sleep(10)
        return house

    house = play(scene)
    (message,) = house.records("message", person="ana")
    assert "just now" in message["text"]
    assert [one for one in told(house) if "Not heard" in one[1]] == []
