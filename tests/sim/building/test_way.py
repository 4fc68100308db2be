"""A bad way between device and building: it costs a press time, and nothing else."""

import asyncio

import pytest

from sim.building.pipe import Weather
from sim.building.way import AccessPoint, Air

# Presses of a scene, and the time between two.
PRESSES = 10
APART_S = 20


def pressed_in(play, change, back=lambda _house: None, after_s=120):
    """Presses one after the other on a way that *change* has made bad; house, button, when."""

    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        change(house)
        when = []
        for _ in range(PRESSES):
            when.append(house.loop.time())
            button.press()
            await asyncio.sleep(APART_S)
        back(house)
        await asyncio.sleep(after_s)
        return house, button, when

    return play(scene)


BAD = {
    "lossy": Weather(loss=0.3),
    "split": Weather(split=3),
    "slow": Weather(delay_ms=2_000),
    "all at once": Weather(loss=0.2, split=40, delay_ms=500),
}


@pytest.mark.parametrize("weather", BAD)
def test_every_press_comes_through_once_and_in_order(play, weather):
    def change(house):
        house.building.way.weather = BAD[weather]

    house, button, when = pressed_in(play, change)
    accepted = house.when_accepted(button)
    assert len(accepted) == PRESSES
    assert button.journal == {}
    assert accepted == sorted(accepted)
    assert house.alerts() == [("204", "urgent")]
    assert max(at - pressed for at, pressed in zip(accepted, when, strict=True)) < 30


def test_at_the_edge_of_reach_a_press_comes_through(play):
    house, button, _ = pressed_in(play, lambda house: house.building.way.turn(Air.WEAK))
    assert len(house.when_accepted(button)) == PRESSES


def test_a_way_broken_off_at_every_press_loses_none(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        for number in range(PRESSES):
            button.press()
            # In the middle of the message, of its answer, after both.
            await asyncio.sleep(0.004 * number)
            house.building.way.hang_up()
            await asyncio.sleep(APART_S)
        return house, button

    house, button = play(scene)
    assert len(house.when_accepted(button)) == PRESSES
    assert button.connects == 1 + PRESSES


def test_a_half_open_connection_is_noticed_by_a_press_at_once(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        house.building.way.half_open()
        button.press()
        await asyncio.sleep(30)
        return house, button

    house, button = play(scene)
    (accepted_s,) = house.when_accepted(button)
    # 5 s without an acknowledgement, 3 s until the next attempt.
    assert 30 < accepted_s < 45


def test_a_way_that_is_slow_is_no_board_that_hangs(play, tmp_path):
    # Given a board whose watchdog has little patience, and a network on which the connection takes
    # nearly the 10 s that it may, the broker's first word as long, and each try anew
    async def scene(house):
        button = house.firmware(tmp_path / "board", watchdog_s=4)
        try:
            await asyncio.sleep(30)
            house.building.way.weather = Weather(delay_ms=4_900)
            house.building.way.hang_up()
            await asyncio.sleep(120)
            button.press()
            await asyncio.sleep(120)
        finally:
            button.board.close()
        return house, button

    house, button = play(scene)

    # Then it goes on and says nothing of a task that is late; the press comes through
    assert [line for line in button.printed if "late" in line] == []
    assert len(house.records("committed", kind="boot")) == 1
    assert len(house.when_accepted(button)) == 1


def test_a_press_while_the_access_point_was_off_is_late_and_says_so(play):
    async def scene(house):
        button = house.device()
        button.heartbeats(60)
        await asyncio.sleep(130)
        house.building.way.turn(Air.OFF)
        await asyncio.sleep(30)
        button.press()
        await asyncio.sleep(40 * 60)
        house.building.way.turn(Air.ON)
        await asyncio.sleep(60)
        return house, button

    house, button = play(scene)
    assert len(house.when_accepted(button)) == 1
    (message,) = house.records("message", person="ana")
    assert "asks for help, 40 min ago" in message["text"]
    assert "the way was down" in message["text"]


def test_one_access_point_away_takes_its_own_devices_and_no_other(play):
    async def scene(house):
        attic = AccessPoint()
        button = house.device()
        other = house.device("d00200000309", "309", access_point=attic)
        await asyncio.sleep(30)
        house.building.way.turn(Air.OFF, attic)
        button.press()
        other.press()
        await asyncio.sleep(60)
        meanwhile = house.alerts()
        house.building.way.turn(Air.ON, attic)
        await asyncio.sleep(60)
        return house, meanwhile

    house, meanwhile = play(scene)
    assert meanwhile == [("204", "check_in")]
    assert house.alerts() == [("204", "check_in"), ("309", "check_in")]


def test_a_device_without_power_is_offline_when_its_patience_is_over(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        button.power_off()
        await asyncio.sleep(30)
        before = house.online(button)
        await asyncio.sleep(30)
        return before, house.online(button)

    # One and a half times its keepalive of 30 s, by which the broker knows.
    assert play(scene) == (True, False)
