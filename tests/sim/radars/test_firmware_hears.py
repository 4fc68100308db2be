"""People in rooms, the bytes that module models send of them, and what the firmware makes of it."""

import random

import pytest

from sim.people.doings import BeRestless, Collapse, Enter, Leave, Sit, StopBreathing, Use
from sim.people.person import Person
from sim.radars.breathing import BreathingRadar
from sim.radars.ld2410 import ENGINEERING_ON, ENTER, LEAVE, command
from sim.radars.presence import PresenceRadar
from sim.rooms.usual import washroom
from tests.sim.radars.firmware import first, hears

COMES = [(20, Enter("seat")), (24, Sit())]


def breathing(plan, seconds, seed="1", **options):
    """What the sensor says of somebody with this plan in a washroom."""
    room = washroom()
    room.add(Person("Ana", plan, seed=seed))
    radar = BreathingRadar(room, room.on_wall("seat"), random.Random(seed), **options)
    radar.power(True, 0)
    return hears(radar.frames(0, 1000 * seconds), options.get("radar", "mr60bha2"))


def presence(plan, seconds, seed="1", **options):
    room = washroom()
    room.add(Person("Ana", plan, seed=seed))
    radar = PresenceRadar(room, room.on_wall("seat"), random.Random(seed), **options)
    radar.power(True, 0)
    sent = list(radar.frames(0, 2000))
    for asked in (command(ENTER, b"\1\0"), command(ENGINEERING_ON), command(LEAVE)):
        sent += radar.written(2000, asked)
    return hears([*sent, *radar.frames(2000, 1000 * seconds)], "ld2410")


@pytest.mark.parametrize("radar", ["mr60bha2", "ld6002"])
def test_somebody_who_sits_and_breathes_is_never_asked(radar):
    said = breathing(COMES, 600, radar=radar)
    assert first(said, "watch", state="started")["t_ms"] < 30_000
    assert [line for line in said if line.get("event") in ("prompt", "stillness")] == []
    assert said[-1]["summary"]["room"] == "breathing"
    assert said[-1]["summary"]["errors"] == 0


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_somebody_who_stops_breathing_is_asked_and_then_called_for(seed):
    said = breathing([*COMES, (120, StopBreathing())], 200, seed)
    # 20 s without breath, at most a breath let out before, and some seconds to be sure.
    assert 138_000 <= first(said, "prompt", state="asked")["t_ms"] <= 152_000
    assert first(said, "stillness")["t_ms"] <= 170_000


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_somebody_who_leaves_is_no_emergency(seed):
    said = breathing([*COMES, (200, Leave())], 260, seed)
    assert [line for line in said if line.get("event") in ("prompt", "stillness")] == []
    assert 220_000 < first(said, "left")["t_ms"] < 245_000
    assert said[-1]["summary"]["room"] == "empty"


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_somebody_who_collapses_is_called_for(seed):
    said = breathing([(20, Enter("middle")), (60, Collapse())], 160, seed)
    assert first(said, "stillness")["t_ms"] <= 105_000


def test_breath_that_grows_slow_after_use_is_asked_about_as_such():
    said = breathing([*COMES, (120, Use(over_s=180, rate=3.5, depth=0.5))], 420)
    assert first(said, "prompt", state="asked")["cause"] == "slow_breathing"
    assert first(said, "stillness")["t_ms"] < 400_000


def test_a_presence_sensor_sees_somebody_come_move_about_and_go():
    said = presence([(80, Enter("seat")), (84, Sit()), (85, BeRestless()), (300, Leave())], 360)
    assert 80_000 < first(said, "watch", state="started")["t_ms"] < 90_000
    assert [line for line in said if line.get("event") in ("prompt", "stillness")] == []
    assert first(said, "left")["t_ms"] > 300_000
    assert said[-1]["summary"]["room"] == "empty"


def test_a_presence_sensor_calls_for_somebody_who_moves_no_more():
    said = presence([(80, Enter("seat")), (84, Sit()), (120, StopBreathing())], 400)
    # no_movement_s is 180 s; what moved last was a fidget before 120 s.
    assert 260_000 <= first(said, "prompt", state="asked")["t_ms"] <= 310_000
    assert first(said, "stillness")["t_ms"] <= 330_000
