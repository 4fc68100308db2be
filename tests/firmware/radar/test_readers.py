"""Any bytes, in any split: nothing raises, nothing whole is lost, and both interpreters agree."""

import json
import math
import struct
import subprocess
from pathlib import Path

import pytest
from doorknock import radar
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import interpreter
from sim.radars import ld2410, mr60
from tests.firmware.radar import reference
from tests.firmware.radar.strategies import FRAMES, any_stream, damaged, streams
from tests.firmware.radar.vectors import worked_out

HERE = Path(__file__).parent
NAMES = ["mr60bha2", "ld2410"]
REPORT = ld2410.Report(1, 90, 50, 0, 0, [7] * 9, [0] * 9)


@settings(deadline=None, max_examples=150)
@given(any_stream)
def test_a_reader_makes_of_any_stream_in_any_split_what_the_protocol_says(case):
    name, chunks = case
    assert worked_out(case) == reference.worked_out(name, bytes.fromhex("".join(chunks)))


@settings(deadline=None, max_examples=25)
@given(any_stream, st.integers(1, 30))
def test_a_report_is_given_out_with_its_last_byte(case, step):
    # However it was cut, and whatever false frame was thought to hold it.
    name, chunks = case
    stream = bytes.fromhex("".join(chunks))
    reader = radar.make(name)
    given_out = at = 0
    for n in range(1, len(stream) + 1, step):
        while at < n:
            at = reader.read(stream, at, n)
            given_out += reader.reported
        assert given_out == len(reference.worked_out(name, stream[:n])[0])


@settings(deadline=None, max_examples=60)
@given(any_stream)
def test_how_the_bytes_are_split_makes_no_difference(case):
    name, chunks = case
    whole = "".join(chunks)
    bytewise = [whole[i : i + 2] for i in range(0, len(whole), 2)]
    assert worked_out(case) == worked_out([name, [whole]]) == worked_out([name, bytewise])


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(NAMES))
def test_noise_is_counted_and_survived(noise, name):
    readings, counts = worked_out([name, [noise.hex()]])
    assert counts[radar.BYTES] == len(noise)
    assert len(readings) <= counts[radar.FRAMES]


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from(NAMES))
def test_a_whole_frame_is_found_behind_any_damage(data, name):
    # LESSON 12: a parser that skips the whole of a bad frame skips the good one inside it.
    good = {
        "mr60bha2": mr60.frame(0x0F09, b"\x01\x00", 5),
        "ld2410": ld2410.engineering(REPORT),
    }[name]
    before = data.draw(damaged(FRAMES[name]))
    # Enough good frames to fill up whatever the damage claims to be the beginning of.
    readings, _ = worked_out([name, [(before + good * 120).hex()]])
    assert len(readings) >= 120 - (1066 // len(good) + 1)
    assert readings[-1][radar.PRESENT if name == "mr60bha2" else radar.STATE] == 1


def test_a_frame_that_starts_inside_a_broken_one_is_not_lost():
    # LESSON 12, to the letter: one start byte too many.
    good = mr60.frame(0x0F09, b"\x01\x00")
    readings, counts = worked_out(["mr60bha2", [(b"\x01" + good).hex()]])
    assert len(readings) == 1
    assert counts[radar.ERRORS] == 1
    report = ld2410.engineering(ld2410.Report(3, 1, 2, 3, 4, [5] * 9, [6] * 9))
    readings, counts = worked_out(["ld2410", [(report[:7] + report).hex()]])
    assert len(readings) == 1
    assert counts[radar.ERRORS] >= 1


@pytest.mark.parametrize("name", NAMES)
def test_good_frames_inside_a_false_one_are_all_read_with_its_last_byte(name):
    good, false_start = {
        "mr60bha2": (mr60.frame(0x0F09, b"\x01\x00"), mr60.frame(0x0100, bytes(43))[:8]),
        "ld2410": (ld2410.basic(REPORT), bytes.fromhex("FDFCFBFA 4000")),
    }[name]
    # Both claim as many bytes as there are here.
    whole = false_start + 2 * good + bytes(22)
    for cut in range(1, len(whole)):
        reader = radar.make(name)
        given_out = 0
        for at, end in ((0, cut), (cut, len(whole))):
            while at < end:
                at = reader.read(whole, at, end)
                given_out += reader.reported
            assert given_out == (2 if end == len(whole) else 0)


def test_bytes_of_0x80_and_more_are_not_negative():
    # LESSON 11: signed bytes broke every such value.
    report = ld2410.Report(3, 0x0180, 100, 0x03E8, 100, [100] * 9, [100] * 9, light=0xFF)
    [reading], _ = worked_out(["ld2410", [ld2410.engineering(report).hex()]])
    assert reading[radar.MOVE_CM] == 0x0180
    assert reading[radar.STILL_CM] == 1000


def test_a_negative_phase_keeps_its_sign():
    # LESSON 11: signed samples were averaged to nought.
    frame = mr60.frame(0x0A13, struct.pack("<fff", -12.345, 0.5, -0.5))
    [reading], _ = worked_out(["ld6002", [frame.hex()]])
    assert reading[radar.PHASE_MRAD] == -12345


@settings(deadline=None, max_examples=300)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_phase_is_decoded_to_the_nearest_milliradian_or_saturated(value):
    frame = mr60.frame(0x0A13, struct.pack("<fff", value, 1.0, 1.0))
    [reading], _ = worked_out(["mr60bha2", [frame.hex()]])
    expected = max(min(value * 1000, (1 << 29) - 1), 1 - (1 << 29))
    assert math.isclose(reading[radar.PHASE_MRAD], expected, abs_tol=1.01)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_phase_that_is_no_number_is_counted_as_bad(value, place):
    phases = [0.1, 0.2, 0.3]
    phases[place] = value
    frame = mr60.frame(0x0A13, struct.pack("<fff", *phases))
    readings, counts = worked_out(["mr60bha2", [frame.hex()]])
    assert readings == []
    assert counts[radar.ERRORS] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": 4},
        {"move_cm": 1001},
        {"move_energy": 101},
        {"still_cm": 1001},
        {"still_energy": 101},
        {"moving": [0] * 8 + [101]},
        {"still": [101] + [0] * 8},
    ],
)
def test_a_report_with_a_value_out_of_range_is_counted_and_dropped(wrong):
    values = {
        "state": 1,
        "move_cm": 100,
        "move_energy": 50,
        "still_cm": 0,
        "still_energy": 0,
        "moving": [1] * 9,
        "still": [2] * 9,
    }
    report = ld2410.Report(**(values | wrong))
    readings, counts = worked_out(["ld2410", [ld2410.engineering(report).hex()]])
    assert readings == []
    assert counts[radar.ERRORS] == 1


def test_the_tiles_of_collection_mode_are_passed_over_whole():
    tile = mr60.frame(0x0A32, bytes(range(256)) * 4)
    good = mr60.frame(0x0F09, b"\x01\x00")
    readings, counts = worked_out(["mr60bha2", [((tile + good) * 5).hex()]])
    assert len(readings) == 5
    assert counts == [10, 5 * (len(tile) + len(good)), 0, 5]


def test_a_report_with_any_of_its_marks_changed_is_no_report():
    for report in (ld2410.engineering(REPORT), ld2410.basic(REPORT)):
        marks = [*range(8), *range(len(report) - 6, len(report))]
        for place in marks:
            wrong = bytearray(report)
            wrong[place] ^= 0x01
            readings, counts = worked_out(["ld2410", [wrong.hex(), bytes(100).hex()]])
            assert readings == []
            assert counts[radar.FRAMES] == 0
            assert counts[radar.ERRORS] == 1


def test_a_frame_with_any_of_its_bits_changed_is_no_frame():
    frame = mr60.frame(0x0F09, b"\x01\x00", 0x1234)
    for place in range(8 * len(frame)):
        wrong = bytearray(frame)
        wrong[place // 8] ^= 1 << place % 8
        # Not noughts behind it: 01 00 FE 00 00 00 00 00 would be a frame without data.
        readings, counts = worked_out(["mr60bha2", [wrong.hex(), "55" * 1100]])
        assert readings == []
        assert counts[radar.FRAMES] == 0
        assert counts[radar.ERRORS] == 1


@pytest.mark.parametrize("split", [1, 7, 512, 2000])
def test_the_longest_frame_is_read_in_any_split_and_a_longer_one_is_none(split):
    def after(frame):
        stream = frame + mr60.frame(0x0F09, b"\x01\x00") + bytes(8)
        chunks = [stream[at : at + split].hex() for at in range(0, len(stream), split)]
        return worked_out(["mr60bha2", chunks])[1]

    assert after(mr60.frame(0x0A32, bytes(1056)))[radar.UNKNOWN] == 1
    assert after(mr60.frame(0x0A32, bytes(1057)))[radar.UNKNOWN] == 0
    assert after(mr60.frame(0x0A32, bytes(1057)))[radar.FRAMES] == 1


def test_the_longest_answer_is_read_in_any_split_and_a_longer_one_is_none():
    for length, frames in ((64, 1), (65, 0)):
        answer = ld2410.answer(0xFF, 0, bytes(length - 4))
        for cut in range(len(answer)):
            case = ["ld2410", [answer[:cut].hex(), answer[cut:].hex()]]
            assert worked_out(case)[1][radar.FRAMES] == frames


def test_counts_go_on_from_nought_behind_the_greatest_small_integer():
    counts = radar.make("ld2410").counts
    counts[radar.BYTES] = 0x3FFFFFFF - 2
    radar.count(counts, radar.BYTES, 2)
    assert counts[radar.BYTES] == 0x3FFFFFFF
    radar.count(counts, radar.BYTES, 512)
    assert counts[radar.BYTES] == 511


def test_nothing_is_ever_sent_to_a_breathing_radar():
    # Type 3000 starts a firmware upgrade.
    for name in ("mr60bha2", "ld6002"):
        assert all(radar.make(name).command(ticks) is None for ticks in range(0, 100_000, 500))


def test_an_unknown_radar_is_refused_by_name():
    with pytest.raises(ValueError, match=r"no radar module 'ld9999'; known are mr60bha2"):
        radar.make("ld9999")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(streams("mr60bha2"), streams("ld2410")), min_size=20, max_size=40))
def test_the_real_interpreter_reads_the_same(cases):
    done = subprocess.run(
        [interpreter.micropython(), str(HERE / "vectors.py")],
        input="".join(json.dumps(case) + "\n" for case in cases),
        capture_output=True,
        text=True,
        check=False,
        env=interpreter.environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    on_the_device = [json.loads(line) for line in done.stdout.splitlines()]
    assert on_the_device == [json.loads(json.dumps(worked_out(case))) for case in cases]
