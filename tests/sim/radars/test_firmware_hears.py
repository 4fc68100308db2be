"""People in rooms, the bytes that module models send of them, and what the firmware makes of it."""

import random

import pytest

from sim.people.doings import (
    BeRestless,
    Collapse,
    Enter,
    Leave,
    Lie,
    Sit,
    Sleep,
    StopBreathing,
    Use,
    Wake,
)
from sim.people.person import Person
from sim.radars.breathing import BreathingRadar
from sim.radars.ld2410 import ENGINEERING_ON, ENTER, LEAVE, command
from sim.radars.line import Quirks
from sim.radars.presence import PresenceRadar
from sim.rooms.things import Curtain, Fan, Pet
from sim.rooms.usual import bedroom, washroom
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


# --- more than one, and things that move ----------------------------------------------------------


def with_others(
    people=(), *, things=(), neighbours=(), seconds=300, room=None, place="seat", mode="washroom"
):
    """What a breathing sensor says in a room with these people, things, people next door."""
    room = room or washroom()
    room.things.extend(things)
    for number, plan in enumerate(people):
        room.add(Person(f"P{number}", plan))
    for plan, at in neighbours:
        room.add_neighbour(Person("next door", plan), at)
    radar = BreathingRadar(room, room.on_wall(place), random.Random(5))
    radar.power(True, 0)
    return hears(radar.frames(0, 1000 * seconds), mode=mode)


def worries(said):
    return [line for line in said if line.get("event") in ("prompt", "stillness")]


def test_one_of_two_leaves_and_the_other_is_looked_after():
    said = with_others([COMES, [(22, Enter("middle")), (150, Leave())]])
    assert worries(said) == []
    assert said[-1]["summary"]["room"] == "breathing"


def test_a_room_with_a_fan_a_curtain_and_a_cat_stays_empty():
    things = [Fan(0.8, 2.1), Curtain(0.2, 2.1), Pet(1.2, 0.4)]
    said = with_others(things=things, seconds=1800)
    assert worries(said) == []
    assert said[-1]["summary"]["room"] == "empty"


def test_somebody_behind_a_thin_wall_is_nobody_here():
    seated = ([(0, Enter()), (5, Sit())], (2.2, 1.5))
    said = with_others([[*COMES, (150, Leave())]], neighbours=[seated])
    assert worries(said) == []
    assert said[-1]["summary"]["room"] == "empty"


def test_a_companion_who_breathes_hides_somebody_who_does_not():
    # As it is in life: the sensor cannot know. This is what it cannot do, written down.
    beside = [(22, Enter((0.7, 1.8))), (28, Sit((0.7, 1.8)))]
    said = with_others([[*COMES, (120, StopBreathing())], beside], seconds=300)
    assert [line for line in said if line.get("event") == "stillness"] == []


def test_a_night_in_bed_is_not_asked_about():
    night = [(0, Enter("bed")), (10, Lie()), (300, Sleep()), (3500, Wake()), (3560, Leave())]
    said = with_others([night], room=bedroom(), place="bed", seconds=3700, mode="home")
    assert worries(said) == []
    assert said[-1]["summary"]["room"] == "empty"


# --- wires that are not good ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirks", "errors"),
    [
        ({"splits": 0.5}, False),
        ({"late_ms": 400}, False),
        ({"noise": 0.0005}, True),
        ({"drops": 0.05}, False),
    ],
)
def test_a_poor_wire_hides_nothing(quirks, errors):
    plan = [*COMES, (120, StopBreathing())]
    said = breathing(plan, 200, quirks=Quirks(**quirks))
    assert 136_000 <= first(said, "prompt", state="asked")["t_ms"] <= 156_000
    assert first(said, "stillness")["t_ms"] <= 175_000
    assert (said[-1]["summary"]["errors"] > 0) is errors


def test_the_chatter_of_a_module_changes_nothing():
    plan = [*COMES, (120, StopBreathing())]
    lean, full = (breathing(plan, 200, chatter=chatter) for chatter in (False, True))
    assert lean[:-1] == full[:-1]
    assert full[-1]["summary"]["frames"] > 5 * lean[-1]["summary"]["frames"]


def test_a_presence_module_that_forgets_its_mode_is_seen_to_be_basic():
    room = washroom()
    room.add(Person("Ana", COMES))
    radar = PresenceRadar(room, room.on_wall("seat"), random.Random(1))
    radar.power(True, 0)
    sent = list(radar.frames(0, 60_000))
    assert {len(data) for _, data in sent} == {23}
    said = hears(sent, "ld2410")
    # Basic reports name one gate and no floors: still enough to know that somebody is there.
    assert said[-1]["summary"]["errors"] == 0
    assert said[-1]["summary"]["frames"] == len(sent)
