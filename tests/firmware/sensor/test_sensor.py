"""A sensor whole: a radar's bytes in, events out, on the checked twin of viper.

The twin refuses every intermediate beyond 32 bits, so each run is a proof for its input.
"""

import struct

import pytest
from doorknock import chest
from doorknock.sensor import Sensor
from hypothesis import given
from hypothesis import settings as thorough
from hypothesis import strategies as st

from sim.radars import ld2410, mr60
from tests.firmware.radar.strategies import any_stream

START = 0x3FFFFFFF - 30000


class Bench:
    """A sensor and its radar's wire. Time crosses the wrap of the ticks after 30 s."""

    def __init__(self, radar="mr60bha2", mode="washroom", **settings):
        self.events = []
        self.sensor = Sensor(
            radar, mode, settings, lambda kind, what: self.events.append({"event": kind, **what})
        )
        self.module = mr60.Mr60()
        self.ticks = START

    def wait(self, ms, data=b""):
        self.ticks = (self.ticks + ms) & 0x3FFFFFFF
        if data:
            self.sensor.feed(data, len(data), self.ticks)
        self.sensor.tick(self.ticks)

    def phases(self, radians, present=True):
        for phase in radians:
            self.wait(100, self.module.sample(phase, present))
        return self

    def kinds(self):
        return [event["event"] for event in self.events]


def breaths(seconds, depth_rad=3.0):
    """A triangle of 4 s: 3 rad are 1.2 mm."""
    return [
        depth_rad * abs((slot % 40) - 20) / 20 + 0.01 * (slot % 3) for slot in range(seconds * 10)
    ]


def test_movement_of_any_size_is_movement():
    # LESSON 1: an outlier filter took a person's real movement for noise. Every 10 s somebody
    # turns, with phases that jump by dozens of turns; no stillness may come of it.
    bench = Bench().phases(breaths(10))
    for turn in range(6):
        bench.phases([10.0 + 0.004 * (slot % 2) for slot in range(90)])
        bench.phases([(-1) ** slot * 200.0 * (turn + 1) for slot in range(10)])
    assert "prompt" not in bench.kinds()
    assert bench.sensor.watching()


def test_a_radar_that_falls_silent_is_reported_once_and_cleared_once():
    # LESSON 4: radar dead while somebody moved: the last value was used for ever, no alarm.
    bench = Bench().phases(breaths(10))
    for _ in range(100):
        bench.wait(250)
    assert bench.sensor.faulty()
    assert [e for e in bench.events if e["event"] == "fault"] == [
        {"event": "fault", "what": "radar_silent", "state": "raised", "count": 0}
    ]
    assert bench.sensor.health()["radar_frames_per_10s"] == 0
    bench.phases(breaths(3))
    assert not bench.sensor.faulty()
    assert [e["state"] for e in bench.events if e["event"] == "fault"] == ["raised", "cleared"]


def test_a_silent_radar_is_not_taken_for_a_still_person():
    bench = Bench().phases(breaths(15))
    for _ in range(400):
        bench.wait(250)
    assert "prompt" not in bench.kinds()


def test_a_radar_that_repeats_one_value_is_reported_and_the_person_is_asked():
    # LESSON 4: nothing tells a stuck module from a chest that does not move: say both.
    bench = Bench().phases(breaths(15)).phases([1.234] * 250)
    assert "radar_stuck" in [e.get("what") for e in bench.events]
    assert "prompt" in bench.kinds()


def test_a_shut_gate_over_an_empty_room_is_no_stuck_radar():
    bench = Bench().phases([0.0] * 600, present=False)
    assert bench.events == []
    assert not bench.sensor.faulty()


def test_a_radar_of_another_baud_rate_is_reported():
    bench = Bench()
    for number in range(150):
        bench.wait(100, bytes([number & 0xFF, 0x01, 0x55]) + bench.module.sample(0.1, True)[:-1])
    assert "radar_frames" in [e.get("what") for e in bench.events]


def test_at_home_the_radar_has_no_power_and_is_not_heard_until_a_watch():
    bench = Bench(mode="home").phases(breaths(30))
    assert not bench.sensor.radar_power()
    assert bench.events == []
    assert sum(bench.sensor.counts) == 0
    bench.sensor.pressed(1, True, bench.ticks)
    assert bench.sensor.radar_power()
    for _ in range(40):
        bench.wait(250)
    assert bench.kinds() == ["watch", "fault"]  # power, and not a word from the radar
    bench.sensor.pressed(1, True, bench.ticks)
    assert not bench.sensor.radar_power()


def test_a_reset_resumes_the_watch_over_somebody_the_radar_no_longer_sees():
    # LESSON 3: unwatched after a reset until the door moved.
    bench = Bench().phases(breaths(15))
    after = Bench()
    after.sensor.resume(bench.sensor.saved(), after.ticks)
    after.phases([0.0] * 360, present=False)
    assert after.kinds() == ["watch", "prompt", "stillness"]
    assert after.events[2]["cause"] == "vanished"


def test_a_sensor_that_boots_into_an_occupied_washroom_looks_after_whoever_is_in_it():
    # LESSON 3 again, with nothing saved: somebody who only breathes, no door, no movement.
    assert Bench().phases(breaths(15)).kinds() == ["watch"]


def test_after_a_reset_nobody_is_made_up_in_an_empty_room():
    bench = Bench()
    bench.sensor.resume(b"", bench.ticks)
    assert bench.phases([0.0] * 600, present=False).events == []


def test_the_sensor_says_nothing_of_the_room_in_its_health():
    empty, occupied = Bench().phases([0.0] * 200, present=False), Bench().phases(breaths(20))
    assert set(empty.sensor.health()) == set(occupied.sensor.health())
    assert not {"room", "watching", "state"} & set(empty.sensor.health())


@pytest.mark.parametrize("setting", [{"still_prompt_s": 61}, {"nonsense": 1}])
def test_a_wrong_setting_is_refused(setting):
    with pytest.raises(ValueError, match=r"must be a whole number|There is no setting"):
        Bench(**setting)


def test_what_a_room_has_taught_is_kept_from_one_watch_to_the_next():
    # At home the radar only has power while somebody is in: it must not begin anew each time.
    bench = Bench("ld2410", "home")
    bench.sensor.pressed(1, True, bench.ticks)
    quiet = ld2410.engineering(ld2410.Report(0, 0, 0, 0, 0, [2] * 9, [0, 0] + [7] * 7))
    for _ in range(300):
        bench.wait(100, quiet)
    floors = list(bench.sensor._detector._work[18:36])
    assert max(floors) < 20 << 8
    for _ in range(2):
        bench.sensor.pressed(1, True, bench.ticks)
        bench.wait(100)
    assert list(bench.sensor._detector._work[18:36]) == floors


# --- the ranges -----------------------------------------------------------------------------------

extremes = st.sampled_from([0.0, 3.14, -3.14, 1e3, -1e3, 5e5, -5e5, 3e38, -3e38, 1e-30])


@thorough(deadline=None, max_examples=25)
@given(st.lists(st.one_of(extremes, st.floats(-600000, 600000, width=32)), max_size=60))
def test_no_phase_makes_the_detector_overflow(phases):
    bench = Bench().phases(breaths(3))
    for phase in phases:
        frame = mr60.frame(0x0A13, struct.pack("<fff", phase, 1.0, 1.0))
        bench.wait(100, frame)
    assert 0 <= bench.sensor.health()["noise_floor"] <= 398_000


def test_a_displacement_that_only_ever_grows_stays_in_range():
    # 2.2 rad a sample, the most that is believed: 20 m after 22,700 samples.
    work = chest.work(628, 400)
    farthest = 0
    for number in range(30000):
        if chest.sample(work, 1000 + 2200 * number, 50 * number):
            chest.restart(work, 50 * number)
        if number % 4 == 3:
            chest.slot(work, 50 * number)
        farthest = max(farthest, abs(work[chest.DISPLACEMENT] - chest.MIDDLE))
    assert 49_990_000 < farthest <= 50_000_000


@thorough(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 100), min_size=18, max_size=18), st.integers(0, 3))
def test_no_energies_make_the_detector_overflow(energies, state):
    bench = Bench("ld2410")
    report = ld2410.Report(state, 600, 100, 600, 100, energies[:9], energies[9:])
    nought = ld2410.Report(0, 0, 0, 0, 0, [0] * 9, [0] * 9)
    for number in range(60):
        bench.wait(100, ld2410.engineering(report if number % 3 else nought))
    assert 0 <= bench.sensor.health()["noise_floor"] <= 10_000


@thorough(deadline=None, max_examples=40)
@given(any_stream, st.sampled_from(["washroom", "home"]))
def test_no_bytes_make_the_sensor_raise(case, mode):
    name, chunks = case
    bench = Bench(name, mode)
    bench.sensor.pressed(1, True, bench.ticks)
    for chunk in chunks:
        bench.wait(100, bytes.fromhex(chunk))
    assert all(event["event"] in ("watch", "fault", "press") for event in bench.events)


# --- what a place has taught ------------------------------------------------------------------


def quiet_room(bench, reports, state=0):
    energies = [2] * 9, [0, 0] + [7] * 7
    for _ in range(reports):
        bench.wait(100, ld2410.engineering(ld2410.Report(state, 0, 0, 0, 0, *energies)))
    return bench


def test_floors_learned_on_site_are_kept_over_a_reset():
    before = quiet_room(Bench("ld2410"), 620)
    version = before.sensor.saved_version()
    saved = before.sensor.saved()
    assert version > 0
    after = Bench("ld2410")
    after.sensor.resume(saved, after.ticks)
    assert after.events == []
    learned = after.sensor._detector._work[18:36]
    for was, now in zip(before.sensor._detector._work[18:36], learned, strict=True):
        assert abs(was - now) <= 128


@pytest.mark.parametrize("lessons", [b"", b"\x01", b"\x02" + bytes(36), b"\x01" + b"\xff" * 36])
def test_lessons_that_are_not_ours_are_none(lessons):
    plain, bench = Bench("ld2410"), Bench("ld2410")
    bench.sensor.resume(plain.sensor.saved() + lessons, bench.ticks)
    assert bench.sensor._detector._work[18:36] == plain.sensor._detector._work[18:36]
    assert bench.events == []


def test_a_watch_saved_by_older_firmware_is_taken_up():
    bench = Bench().phases(breaths(15))
    after = Bench()
    after.sensor.resume(bench.sensor.saved()[:6], after.ticks)
    assert after.kinds() == ["watch"]


def test_who_is_lost_as_the_door_opens_has_gone_through_it():
    bench = Bench().phases(breaths(20))
    bench.sensor.door(True, bench.ticks)
    bench.phases([0.0] * 400, present=False)
    assert bench.kinds() == ["watch", "left", "watch"]


def test_a_door_that_opens_much_later_does_not_make_them_gone():
    bench = Bench().phases(breaths(20)).phases([0.0] * 150, present=False)
    bench.sensor.door(True, bench.ticks)
    bench.phases([0.0] * 250, present=False)
    assert bench.kinds() == ["watch", "prompt", "stillness"]
