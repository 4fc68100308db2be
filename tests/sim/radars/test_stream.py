"""What a module sends, however it is asked: power, clock, cues, quirks of the wire."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.people.doings import BeRestless, Enter, Leave, Sit, StopBreathing
from sim.people.person import Person
from sim.radars import ld2410, many, mr60
from sim.radars.breathing import BreathingRadar
from sim.radars.line import Quirks
from sim.radars.presence import PresenceRadar, engineering_many
from sim.radars.sixty import Module
from sim.rooms.things import Curtain
from sim.rooms.usual import washroom

PLAN = [(10, Enter("seat")), (15, Sit()), (40, BeRestless()), (90, Leave()), (120, Enter())]
KINDS = [BreathingRadar, PresenceRadar]


def radar_of(kind=BreathingRadar, plan=PLAN, seed=1, on=True, **options):
    room = washroom()
    room.things.append(Curtain(0.2, 2.0))
    room.add(Person("Ana", plan, seed=str(seed)))
    radar = kind(room, room.on_wall("seat"), random.Random(seed), **options)
    if on:
        radar.power(True, 0)
    return radar


def in_spans(radar, until_ms, span_ms, from_ms=0):
    sent = []
    for at in range(from_ms, until_ms, span_ms):
        sent += radar.frames(at, min(at + span_ms, until_ms))
    return sent


def phases(sent):
    return [struct.unpack("<f", data[19:23])[0] for _, data in sent]


# --- how it is asked ------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("span_ms", [7, 250, 1000, 61_003])
def test_what_is_sent_does_not_depend_on_the_spans(kind, span_ms):
    assert in_spans(radar_of(kind), 150_000, span_ms) == list(radar_of(kind).frames(0, 150_000))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ahead_ms", [3000, 20_000, 90_000])
def test_what_is_foreseen_is_what_is_sent_and_to_look_ahead_changes_nothing(kind, ahead_ms):
    radar, known = radar_of(kind), 0
    sent = []
    for at in range(0, 150_000, 2000):
        known_ms, foreseen = radar.ahead(at, at + ahead_ms)
        assert at <= known_ms <= at + ahead_ms
        known += known_ms - at
        if known_ms >= at + 2000:
            expected = [one for one in foreseen if one[0] <= at + 2000]
        sent += (came := list(radar.frames(at, at + 2000)))
        if known_ms >= at + 2000:
            assert came == expected
    assert sent == list(radar_of(kind).frames(0, 150_000))
    # Most of it is known beforehand, or this proves little.
    assert known > 75 * 1000


def test_nothing_is_foreseen_that_the_wire_or_the_room_may_change():
    radar = radar_of()
    list(radar.frames(0, 62_000))
    known_ms, foreseen = radar.ahead(62_000, 70_000)
    assert (known_ms, bool(foreseen)) == (70_000, True)
    radar.room.people[0].do(BeRestless(), 62.0)
    assert radar.ahead(62_000, 70_000) == (62_000, [])
    list(radar.frames(62_000, 63_000))
    assert radar.ahead(63_000, 70_000)[0] == 70_000
    radar.line.quirks.drops = 0.5
    assert radar.ahead(63_000, 70_000) == (63_000, [])
    radar.line.quirks.drops = 0.0
    radar.stall(63_000)
    assert radar.ahead(63_000, 70_000) == (70_000, [])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_sends_the_same_bytes_and_another_others(kind):
    one, same, other = (list(radar_of(kind, seed=seed).frames(0, 60_000)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("kind", KINDS)
def test_samples_come_in_order_within_their_span_at_the_rate_of_the_module(kind):
    sent = in_spans(radar_of(kind), 150_000, 250)
    times = [at for at, _ in sent]
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] <= 150_000
    assert len(sent) == pytest.approx(1480, abs=12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cue_leaves_what_was_sent_and_changes_what_comes(kind):
    told, left_alone = radar_of(kind), radar_of(kind)
    before = [in_spans(one, 30_000, 250) for one in (told, left_alone)]
    told.room.people[0].do(Leave(), 30_000)
    after = [in_spans(one, 60_000, 250, 30_000) for one in (told, left_alone)]
    assert before[0] == before[1]
    assert [at for at, _ in after[0]] == [at for at, _ in after[1]]
    assert after[0] != after[1]


def test_to_look_at_the_room_changes_nothing_that_is_sent():
    looked_at, left_alone = radar_of(), radar_of()
    sent = []
    for at in range(0, 60_000, 250):
        looked_at.room.people[0].state(at)
        looked_at.room.people[0].waveform(max(at - 5000, 0), at)
        sent += looked_at.frames(at, at + 250)
    assert sent == list(left_alone.frames(0, 60_000))


# --- power ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_without_power_it_is_silent_and_with_it_it_boots_first(kind):
    radar = radar_of(kind, on=False)
    assert list(radar.frames(0, 20_000)) == []
    radar.power(True, 20_000)
    sent = list(radar.frames(20_000, 40_000))
    assert 20_900 < sent[0][0] < 22_000
    radar.power(False, 40_000)
    assert list(radar.frames(40_000, 60_000)) == []


def test_a_restart_forgets_the_count_of_turns_and_of_frames():
    radar = radar_of(module=Module(begins_at_rad=500.0))
    in_spans(radar, 60_000, 250)
    radar.restart(60_000)
    sent = in_spans(radar, 70_000, 250, 60_000)
    assert int.from_bytes(sent[0][1][1:3], "big") == 1
    assert sent[0][0] > 61_000
    shown = [phase for phase in phases(sent) if phase]
    assert shown[0] == pytest.approx(500, abs=0.5)


def engineering(radar, at_ms):
    answers = []
    for asked in (
        ld2410.command(ld2410.ENTER, b"\1\0"),
        ld2410.command(ld2410.ENGINEERING_ON),
        ld2410.command(ld2410.LEAVE),
    ):
        answers += radar.written(at_ms, asked)
    return answers


def test_a_presence_module_obeys_and_forgets_engineering_at_every_restart():
    radar = radar_of(PresenceRadar)
    basic = list(radar.frames(0, 5000))
    assert {len(data) for _, data in basic} == {23}
    answers = engineering(radar, 5000)
    assert len(answers) == 3
    assert all(at > 5000 for at, _ in answers)
    assert {len(data) for _, data in radar.frames(5000, 10_000)} == {45}
    radar.restart(10_000)
    assert {len(data) for _, data in radar.frames(10_000, 20_000)} == {23}
    radar.power(False, 20_000)
    assert list(radar.written(20_000, ld2410.command(ld2410.ENTER))) == []


def test_a_presence_module_that_is_told_to_restart_does():
    radar = radar_of(PresenceRadar)
    engineering(radar, 1000)
    list(radar.frames(0, 5000))
    for asked in (ld2410.command(ld2410.ENTER, b"\1\0"), ld2410.command(ld2410.RESTART)):
        assert len(list(radar.written(5000, asked))) == 1
    sent = list(radar.frames(5000, 10_000))
    assert {len(data) for _, data in sent} == {23}
    assert sent[0][0] > 5900


def test_reports_pause_while_it_is_configured():
    radar = radar_of(PresenceRadar)
    list(radar.frames(0, 5000))
    radar.written(5000, ld2410.command(ld2410.ENTER, b"\1\0"))
    assert list(radar.frames(5000, 8000)) == []


# --- quirks of the module -------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_a_stuck_module_says_the_same_again_and_again_until_it_is_not(kind):
    radar = radar_of(kind)
    in_spans(radar, 30_000, 250)
    radar.stick(True, 30_000)
    stuck = in_spans(radar, 60_000, 250, 30_000)
    radar.stick(False, 60_000)
    well = in_spans(radar, 90_000, 250, 60_000)
    if kind is BreathingRadar:
        assert len(set(phases(stuck))) == 1
        assert len(set(phases(well))) > 100
    else:
        assert len({data for _, data in stuck}) == 1
        assert len({data for _, data in well}) > 100


def test_a_flag_that_sticks_stays_up_over_phases_of_nothing():
    radar = radar_of(gives_up_s=10, plan=[(5, Enter("seat")), (10, Sit()), (40, StopBreathing())])
    in_spans(radar, 30_000, 250)
    radar.stick_flag(True, 30_000)
    late = in_spans(radar, 120_000, 250, 30_000)[-300:]
    assert {data[8] for _, data in late} == {1}
    assert {data[19:31] for _, data in late} == {bytes(12)}


def test_a_gate_gives_up_on_who_stops_breathing_and_not_on_who_breathes():
    plan = [(5, Enter("seat")), (10, Sit()), (60, StopBreathing())]
    gone = radar_of(gives_up_s=10, plan=plan)
    flags = {at // 1000: data[8] for at, data in gone.frames(0, 120_000)}
    assert flags[50] == 1
    assert flags[66] == 1
    assert flags[85] == 0
    kept = radar_of(gives_up_s=float("inf"), plan=plan)
    assert {data[8] for at, data in kept.frames(0, 600_000) if at > 20_000} == {1}


def test_a_slower_module_and_a_stalled_one():
    radar = radar_of()
    assert len(list(radar.frames(0, 60_000))) == pytest.approx(585, abs=5)
    radar.set_rate(5.0, 60_000)
    assert len(list(radar.frames(60_000, 120_000))) == pytest.approx(300, abs=3)
    radar.stall(120_000)
    assert list(radar.frames(120_000, 180_000)) == []
    radar.resume(180_000)
    assert len(list(radar.frames(180_000, 240_000))) == pytest.approx(300, abs=3)
    with pytest.raises(ValueError, match="times a second"):
        radar.set_rate(0, 240_000)


def test_a_module_that_wraps_shows_no_phase_beyond_half_a_turn():
    shown = phases(radar_of(module=Module(rate_hz=10, wraps=True)).frames(0, 120_000))
    assert max(abs(phase) for phase in shown) <= 3.1416
    total = phases(radar_of(module=Module(rate_hz=10)).frames(0, 120_000))
    assert max(abs(phase) for phase in total) > 6


def test_chatter_comes_to_some_130_frames_a_second_of_which_the_phases_are_the_same():
    lean, full = radar_of(), radar_of(chatter=True)
    short, long = list(lean.frames(0, 60_000)), list(full.frames(0, 60_000))
    assert phases(short) == phases(long)
    kinds, at, numbers = [], 0, []
    stream = b"".join(data for _, data in long)
    while at < len(stream):
        number, length, kind = struct.unpack(">HHH", stream[at + 1 : at + 7])
        assert stream[at : at + 9 + length] == mr60.frame(
            kind, stream[at + 8 : at + 8 + length], number
        )
        kinds.append(kind)
        numbers.append(number)
        at += 9 + length
    assert len(kinds) / 58.5 == pytest.approx(130, abs=2)
    assert {mr60.DISTANCE, mr60.BREATH_RATE, mr60.HEART_RATE, mr60.TARGETS} <= set(kinds)
    assert np.diff(numbers).tolist() == [1] * (len(numbers) - 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"radar": "ld2420"}, "no breathing radar 'ld2420'"),
        ({"baud": 9600}, "115200 baud, not 9600"),
    ],
)
def test_a_module_that_is_not_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        radar_of(**options)


def test_an_ld6002_is_sold_with_either_baud_rate():
    assert radar_of(radar="ld6002").baudrate == 1382400
    assert radar_of(radar="ld6002", baud=115200).baudrate == 115200


# --- quirks of the wire ---------------------------------------------------------------------------
def both(kind=BreathingRadar, **quirks):
    """What arrives over a good wire, and over this one, in spans of 250 ms."""
    return (
        in_spans(radar_of(kind), 60_000, 250),
        in_spans(radar_of(kind, quirks=Quirks(**quirks)), 60_000, 250),
    )


def joined(sent):
    return b"".join(data for _, data in sent)


def test_split_reports_arrive_whole_in_order_and_in_more_pieces():
    good, split = both(splits=0.5)
    assert joined(split) == joined(good)[: len(joined(split))]
    assert len(joined(good)) - len(joined(split)) <= 64
    assert len(split) > 1.4 * len(good)
    assert [at for at, _ in split] == sorted(at for at, _ in split)


def test_late_bytes_arrive_all_at_once():
    good, late = both(late_ms=3000)
    assert {at % 3000 for at, _ in late} == {0}
    assert joined(late) == joined(good)[: len(joined(late))]


def test_a_late_reader_with_a_small_buffer_loses_what_does_not_fit():
    _, overrun = both(late_ms=3000, buffer_bytes=256)
    burst = {}
    for at, data in overrun:
        burst[at] = burst.get(at, 0) + len(data)
    assert set(burst.values()) == {256}


def test_dropped_reports_are_missing_whole():
    good, dropped = both(drops=0.3)
    assert len(dropped) == pytest.approx(0.7 * len(good), rel=0.1)
    assert set(dropped) <= set(good)


def test_noise_turns_over_single_bits():
    good, noisy = both(noise=0.01)
    pairs = list(zip(joined(good), joined(noisy), strict=True))
    wrong = [bin(a ^ b).count("1") for a, b in pairs if a != b]
    assert len(wrong) == pytest.approx(0.01 * len(pairs), rel=0.3)
    assert set(wrong) == {1}


@pytest.mark.parametrize("quirks", [{"drops": 2}, {"noise": -0.1}, {"late_ms": -5}])
def test_a_quirk_that_cannot_be_is_refused(quirks):
    with pytest.raises(ValueError, match="The quirk"):
        Quirks(**quirks)


# --- bytes, many at once --------------------------------------------------------------------------
@given(
    st.lists(st.binary(min_size=12, max_size=12), min_size=1, max_size=20), st.integers(0, 65535)
)
def test_many_frames_are_what_they_are_one_by_one(datas, number):
    numbers = np.arange(number, number + len(datas))
    made = many.frames(mr60.PHASES, np.array([list(data) for data in datas], np.uint8), numbers)
    assert [row.tobytes() for row in made] == [
        mr60.frame(mr60.PHASES, data, int(one)) for data, one in zip(datas, numbers, strict=True)
    ]


@given(
    st.lists(st.lists(st.integers(0, 100), min_size=18, max_size=18), min_size=1, max_size=10),
    st.integers(0, 3),
    st.integers(0, 675),
)
def test_many_engineering_reports_are_what_they_are_one_by_one(values, state, cm):
    count = len(values)
    made = engineering_many(
        np.array(values, np.uint8), np.full(count, state), np.full(count, cm, np.int64)
    )
    assert made == [
        ld2410.engineering(
            ld2410.Report(state, cm, max(row[2:9]), cm, max(row[11:]), row[:9], row[9:])
        )
        for row in values
    ]


def test_a_sample_is_what_the_module_of_one_by_one_makes_of_it():
    sent = list(radar_of().frames(0, 60_000))
    module = mr60.Mr60()
    for _, data in sent:
        phase = struct.unpack("<f", data[19:23])[0]
        by_hand = module.sample(phase, bool(data[8]))
        assert data[:23] == by_hand[:23]
        # Breath and heart phase: a filter's, to some µrad.
        assert struct.unpack("<ff", data[23:31]) == pytest.approx(
            struct.unpack("<ff", by_hand[23:31]), abs=2e-4
        )
