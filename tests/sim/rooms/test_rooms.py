"""Rooms: walls, places, what a radar in them has in its beam, what moves beside people."""

import json
import math

import numpy as np
import pytest

from sim.people.doings import Enter, Sit
from sim.people.person import Person
from sim.rooms.placement import Placement
from sim.rooms.room import Place, Room
from sim.rooms.things import Curtain, Fan, Pet
from sim.rooms.usual import ROOMS, bedroom, washroom

TIMES = np.arange(0, 60, 0.1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"width_m": 0}, "the width is 0 m"),
        ({"depth_m": 300}, "the depth is 300 m"),
        ({"clutter": 2}, "clutter is 2"),
        ({"places": {"seat": Place(5, 1)}}, "seat at \\(5, 1\\) is outside"),
        ({"door": (-1, 0)}, "door at \\(-1, 0\\) is outside"),
    ],
)
def test_a_room_that_cannot_be_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Room("attic", **options)


def test_a_place_is_a_name_or_a_point_within_the_walls():
    room = washroom()
    assert room.spot("seat") == (0.8, 1.8)
    assert room.spot((0.5, 0.5)) == (0.5, 0.5)
    with pytest.raises(ValueError, match="it has door, middle, seat, sink"):
        room.spot("sofa")
    with pytest.raises(ValueError, match="is outside room washroom"):
        room.spot((9, 9))


@pytest.mark.parametrize("kind", ROOMS)
def test_the_usual_rooms_can_be_drawn_and_hold_a_radar_within_their_walls(kind):
    room = ROOMS[kind]()
    layout = json.loads(json.dumps(room.layout()))
    assert {"door", "seat"} <= set(layout["places"])
    for place in room.places:
        for placement in (room.on_wall(place), room.overhead(place)):
            x, y, z = placement.at
            assert (x, y) == room.inside(x, y)
            assert 0 < z <= room.height_m


def test_what_is_nearer_and_straighter_ahead_returns_more():
    placement = Placement((0, 0, 1), (1, 0, 1))
    points = np.array([[0.6, 0, 1], [1.2, 0, 1], [0.6, 0.5, 1], [-0.6, 0, 1]], dtype=float)
    ranges = placement.ranges(points)
    gains = placement.gains(points, ranges)
    assert ranges[:2] == pytest.approx([0.6, 1.2])
    assert gains[0] == pytest.approx(1.0)
    assert gains[1] == pytest.approx(0.25)
    assert gains[2] < 0.7
    assert gains[3] == 0.0


def test_a_beam_is_half_as_strong_there_and_back_at_its_edge():
    edge = np.array([[math.cos(math.radians(40)), math.sin(math.radians(40)), 1.0]]) * [0.6, 0.6, 1]
    placement = Placement((0, 0, 1), (1, 0, 1), half_beam_deg=40)
    assert placement.gains(edge, placement.ranges(edge))[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("at", "looks_at", "half"), [((0, 0, 1), (0, 0, 1), 40), ((0, 0, 1), (1, 0, 1), 200)]
)
def test_a_radar_that_looks_nowhere_is_refused(at, looks_at, half):
    with pytest.raises(ValueError, match=r"\.$"):
        Placement(at, looks_at, half)


def test_a_fan_shakes_while_it_is_on():
    fan = Fan(1, 1, mm=0.01)
    on = fan.returns(TIMES)
    fan.on = False
    off = fan.returns(TIMES)
    assert np.ptp(on.mm) == pytest.approx(0.01, rel=0.1)
    assert np.ptp(off.mm) == 0
    assert on.here.all()
    assert not off.here.any()


def test_a_curtain_swings_while_there_is_a_draught():
    curtain = Curtain(1, 1)
    assert curtain.returns(TIMES).moves.all()
    assert np.ptp(curtain.returns(TIMES).mm) > 10
    curtain.on = False
    assert not curtain.returns(TIMES).moves.any()


def test_a_cat_sleeps_breathes_little_and_walks_now_and_then():
    pet = Pet(1, 1, seed="tom", walks_every_s=1200)
    day = pet.returns(np.arange(0, 86_400, 0.5))
    walks = int(np.diff(day.walks.astype(int)).clip(0).sum())
    assert 40 <= walks <= 100
    assert np.ptp(day.mm) == pytest.approx(0.03, rel=0.01)
    asleep = day.where[~day.walks]
    assert np.ptp(asleep[:, 0]) == 0


def test_a_neighbour_is_somewhere_else_and_weaker():
    room = bedroom()
    room.add_neighbour(Person("Ben", [(0, Enter()), (5, Sit())]), at=(-0.5, 2.0))
    room.add(Person("Ana", [(0, Enter())]))
    ana, ben = room.returns(TIMES)
    assert ben.where[-1, 0] == pytest.approx(-0.5)
    assert ben.strength == pytest.approx(0.2)
    assert ana.strength == 1.0


def test_a_room_tells_when_what_was_looked_ahead_at_is_void():
    room = washroom()
    before = room.version
    person = room.add(Person("Ana", [(20, Enter())]))
    added = room.version
    person.do(Enter(), 1000)
    done = room.version
    room.changed()
    assert before < added < done < room.version
    assert room.next_s == 20.0
