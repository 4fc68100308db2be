"""Somebody in a room: where they are, how they breathe, what a live doing changes."""

import numpy as np
import pytest

from sim.people.body import Breath
from sim.people.doings import (
    BeFound,
    Collapse,
    Cough,
    Enter,
    Fidget,
    Leave,
    Lie,
    Move,
    NodOff,
    Revive,
    Sit,
    Sleep,
    Stand,
    StopBreathing,
    Use,
)
from sim.people.person import Person
from sim.rooms.usual import bedroom, washroom

COMES = [(10, Enter("seat")), (20, Sit())]


def ana(plan=(), room=None, **options):
    return (room or washroom()).add(Person("Ana", plan, **options))


def states(person, *seconds):
    return [person.state(round(1000 * at)) for at in seconds]


def test_somebody_comes_in_by_the_door_walks_to_the_seat_and_sits_down():
    person = ana([(10, Enter("seat", speed_m_s=0.6)), (20, Sit())])
    before, door, walking, seated = states(person, 9, 10.5, 14, 25)
    assert not before.here
    assert (door.x, door.y) == pytest.approx((0.8, 0.0))
    assert door.here
    assert not door.walking
    assert walking.walking
    assert 0.2 < walking.y < 1.8
    assert (seated.x, seated.y, seated.z) == pytest.approx((0.8, 1.8, 0.95))
    assert seated.posture == "sitting"


def test_somebody_leaves_by_the_door():
    person = ana([*COMES, (60, Leave())])
    *_, gone = states(person, 61, 63, 70)
    assert not gone.here
    assert gone.posture == "away"


def test_whoever_walks_faster_is_there_sooner():
    slow, fast = (ana([(0, Enter("seat", speed_m_s=speed))]) for speed in (0.3, 1.4))
    assert states(slow, 5)[0].y < states(fast, 5)[0].y


def test_whoever_is_told_otherwise_on_the_way_turns_round_where_they_are():
    person = ana([(0, Enter("seat", speed_m_s=0.3))])
    before = person.state(5000)
    person.do(Move("door", speed_m_s=0.3), 5000)
    now, later = states(person, 5.001, 7)
    assert (now.x, now.y) == pytest.approx((before.x, before.y), abs=0.01)
    assert later.y < now.y


def test_somebody_who_collapses_lies_on_the_floor_within_the_walls():
    for seed in "123456":
        person = ana([(0, Enter("seat")), (30, Collapse())], seed=seed)
        (fallen,) = states(person, 32)
        assert fallen.posture == "fallen"
        assert fallen.z == pytest.approx(0.2)
        assert 0 <= fallen.x <= 1.6
        assert 0 <= fallen.y <= 2.2
        assert not fallen.breathing
        assert not fallen.conscious


def test_use_makes_breath_slow_and_shallow_takes_consciousness_and_then_breath():
    use = Use(over_s=120, rate=4, depth=0.4, stops_after_s=300)
    person = ana([*COMES, (100, use)], breath=Breath(rate=14))
    half, slow, stopped = states(person, 160, 230, 420)
    assert 8 < half.rate < 10
    assert half.conscious
    assert (slow.rate, slow.depth) == pytest.approx((4, 0.4))
    assert not slow.conscious
    assert slow.breathing
    assert not stopped.breathing


def test_whoever_is_revived_in_time_does_not_stop_breathing_later():
    use = Use(over_s=60, rate=4, stops_after_s=300)
    person = ana([*COMES, (100, use), (200, BeFound()), (220, Revive(over_s=10))])
    *_, later = states(person, 150, 250, 600)
    assert later.breathing
    assert later.conscious
    assert person.skipped == []


def test_what_the_plan_has_and_has_become_impossible_is_skipped_and_told():
    person = ana([*COMES, (60, Leave())])
    person.do(Collapse(), 30_000)
    (state,) = states(person, 70)
    assert state.posture == "fallen"
    ((step, why),) = person.skipped
    assert step.doing == Leave()
    assert "unconscious" in why


def test_a_live_doing_that_cannot_be_done_changes_nothing():
    person = ana(COMES)
    version = person.version
    wave = person.waveform(0, 60_000)
    with pytest.raises(ValueError, match="cannot revive"):
        person.do(Revive(), 30_000)
    with pytest.raises(ValueError, match="no place 'attic'"):
        person.do(Move("attic"), 30_000)
    assert person.version == version
    assert person.waveform(0, 60_000) == wave


def test_a_live_doing_leaves_the_past_as_it_was():
    person, other = ana(COMES), ana(COMES)
    before = person.waveform(0, 60_000)
    person.do(StopBreathing(), 40_000)
    after = person.waveform(0, 60_000)
    assert after[: 40 * 20] == before[: 40 * 20]
    assert after != before
    assert other.waveform(0, 60_000) == before


def test_the_same_seed_gives_the_same_person_and_another_another():
    assert ana(COMES, seed="1").waveform(0, 90_000) == ana(COMES, seed="1").waveform(0, 90_000)
    assert ana(COMES, seed="1").waveform(0, 90_000) != ana(COMES, seed="2").waveform(0, 90_000)


def test_sleepers_lie_on_the_bed_and_move_less_often_than_the_waking():
    moves = []
    for plan in ([(0, Enter("bed")), (10, Lie())], [(0, Enter("bed")), (10, Lie()), (20, Sleep())]):
        person = ana(plan, bedroom())
        seen = person.seen(np.arange(30, 7200, 0.2))
        moves.append(int(np.diff(seen.moves.astype(int)).clip(0).sum()))
        assert person.state(30_000).z == pytest.approx(0.65)
    # Awake every 62 s, asleep every 225 s, over two hours; of those most are large enough.
    assert 60 <= moves[0] <= 150
    assert 12 <= moves[1] <= 50


@pytest.mark.parametrize(
    ("doing", "least_mm"), [(Fidget(mm=20), 15), (Cough(5), 3), (NodOff(sags_mm=60), 40)]
)
def test_small_movements_are_seen_in_the_displacement(doing, least_mm):
    quiet = Breath(span_mm=2.0, sigh_every_s=1e9)
    person = ana(COMES, breath=quiet)
    person.do(doing, 40_000)
    wave = person.waveform(39_000, 46_000)
    assert max(wave) - min(wave) > least_mm


def test_somebody_who_stands_sways():
    person = ana([(0, Enter("middle")), (30, Stand())], breath=Breath(span_mm=0.5))
    still = ana([*COMES], breath=Breath(span_mm=0.5))
    standing, seated = person.waveform(40_000, 70_000), still.waveform(40_000, 70_000)
    assert max(standing) - min(standing) > 4
    assert max(seated) - min(seated) < 4


def test_a_plan_that_names_a_place_which_is_not_there_is_refused():
    with pytest.raises(ValueError, match="step 2: room washroom has no place 'bed'"):
        ana([(0, Enter()), (9, Lie("bed"))])


def test_whoever_sits_down_where_they_sit_stays_seated():
    person = ana(COMES)
    person.do(Sit(), 40_000)
    assert {state.z for state in states(person, 40.5, 41, 42, 44)} == {0.95}
