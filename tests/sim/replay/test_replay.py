"""A recording goes through the real firmware; what it says is what the firmware did."""

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from sim import presence, trace
from sim.apnoea import MRAD_A_MM, Apnoea, Composer, Heart, breathing_then_apnoea
from sim.evaluate.recordings import resampled
from sim.replay import WrongUse, replay, settings_of

DATA = Path(__file__).parents[2] / "data"
PEOPLE = ["a111_sleep_breathing", "a121_breathing_sitting", "mr60bha2_human_60cm"]
NOBODY = ["a121_breathing_sitting_no_presence", "mr60bha2_empty_room"]


def recording(name):
    return trace.read(DATA / f"{name}.csv")


class Outcome:
    """What a replay said, for asking about."""

    def __init__(self, lines):
        *self.events, last = lines
        self.summary = last["summary"]

    def of(self, kind, **details):
        return [
            line
            for line in self.events
            if line["event"] == kind and details.items() <= line.items()
        ]

    def kinds(self):
        return [line["event"] for line in self.events]


def played(what, radar="mr60bha2", mode="washroom", **settings):
    return Outcome(replay(what, radar, mode, settings))


# --- the recordings -------------------------------------------------------------------------------


@pytest.mark.parametrize("radar", ["mr60bha2", "ld6002"])
@pytest.mark.parametrize("name", PEOPLE)
def test_somebody_who_breathes_is_looked_after_and_left_in_peace(name, radar):
    outcome = played(recording(name), radar)
    assert outcome.kinds() == ["watch"]
    assert outcome.summary["room"] == "breathing"
    assert (outcome.summary["prompts"], outcome.summary["errors"]) == (0, 0)


@pytest.mark.parametrize("mode", ["washroom", "home"])
@pytest.mark.parametrize("name", NOBODY)
def test_a_room_with_nobody_in_it_is_never_asked(name, mode):
    outcome = played(recording(name), mode=mode)
    assert outcome.kinds() == ([] if mode == "washroom" else ["watch"])
    assert outcome.summary["room"] == "empty"


@pytest.mark.parametrize("name", NOBODY)
def test_a_presence_flag_that_hangs_makes_nobody(name):
    # In the field: presence does not clear. The wall behind must not become a patient.
    empty = recording(name)
    empty.rows = [(*row[:4], 1) for row in empty.rows]
    assert played(empty).kinds() == []


@pytest.mark.parametrize("mode", ["washroom", "home"])
@pytest.mark.parametrize("name", PEOPLE)
def test_an_hour_of_ordinary_breathing_asks_nothing(name, mode):
    outcome = played(Composer(recording(name)).breathing(3600).trace(), mode=mode)
    assert outcome.kinds() == ["watch"]
    assert outcome.summary["watch_ms"] > 3_580_000


@pytest.mark.parametrize("rate", [None, 5.0, 13.0, 20.0])
@pytest.mark.parametrize("start_s", [38, 40, 42])
def test_deep_breath_on_a_body_that_sinks_is_not_slow(start_s, rate):
    # The end of this recording, over and over: each breath goes out by half of what it came in by.
    sinking = resampled(recording("mr60bha2_human_60cm"), rate, start_s)
    assert played(Composer(sinking).breathing(240).trace()).kinds() == ["watch"]


def chest(displacement_mm, seconds, noise_mrad=4.3, samples_a_second=8):
    """A made-up displacement, the module's presence flag hanging at 1."""
    chance = random.Random(5)
    rows = []
    for number in range(seconds * samples_a_second):
        passed = number / samples_a_second
        phase = displacement_mm(passed) * MRAD_A_MM + chance.gauss(0, noise_mrad)
        rows.append((round(passed * 1000), round(phase), 3000, 60, 1))
    return trace.Trace("made up", "breathing", rows)


NOT_PEOPLE = {
    "a cat": lambda t: 0.02 * math.sin(2 * math.pi * 0.5 * t),
    "57 a minute at 2 µm": lambda t: 0.002 * math.sin(2 * math.pi * 0.95 * t),
    "two people walking past": lambda t: 1.2 * math.sin(math.pi * t) * (t % 30 < 3),
    "a door": lambda t: 0.8 * (t > 60),
}


@pytest.mark.parametrize("what", NOT_PEOPLE)
def test_what_is_not_a_person_is_not_looked_after(what):
    assert played(chest(NOT_PEOPLE[what], 80)).kinds() == []


@pytest.mark.parametrize("noise_mrad", [60, 120, 250])
def test_the_noise_of_a_weak_return_is_not_a_heart(noise_mrad):
    assert played(chest(lambda t: 0.0, 300, noise_mrad)).kinds() == []


@pytest.mark.parametrize(("span_mm", "a_minute"), [(0.7, 10), (0.7, 30), (3.9, 20), (3, 9)])
def test_breathing_of_any_ordinary_size_and_rate_is_breathing(span_mm, a_minute):
    moved = chest(lambda t: span_mm / 2 * math.sin(2 * math.pi * a_minute / 60 * t), 300)
    assert played(moved).kinds() == ["watch"]


# --- apnoea ---------------------------------------------------------------------------------------

HEARTS = [Heart(0.2, 1.0), Heart(0.4, 1.2), Heart(0.8, 0.8), Heart(0.8, 2.0)]


@pytest.mark.parametrize("heart", HEARTS, ids=lambda heart: f"{heart.span_mm}mm-{heart.beats_hz}Hz")
@pytest.mark.parametrize("name", PEOPLE)
def test_apnoea_is_asked_about_and_called_for_though_the_heart_goes_on(name, heart):
    for breathing_s in (25, 40, 60):
        made = breathing_then_apnoea(recording(name), breathing_s, Apnoea(60, heart))
        outcome = played(made)
        assert outcome.kinds() == ["watch", "prompt", "stillness"]
        onset_ms = breathing_s * 1000
        assert 18_000 <= outcome.summary["first_prompt_ms"] - onset_ms <= 25_000
        after_ms = outcome.summary["first_call_ms"] - outcome.summary["first_prompt_ms"]
        assert 14_900 <= after_ms <= 15_300
        [call] = outcome.of("stillness")
        assert (call["cause"], call["urgency"]) == ("no_breathing", "urgent")


@pytest.mark.parametrize("shuts_s", [0, 3, 8, 25])
@pytest.mark.parametrize("name", PEOPLE)
def test_somebody_the_module_gives_up_on_has_not_left(name, shuts_s):
    for breathing_s in (25, 40, 60):
        apnoea = Apnoea(60, gate_shuts_after_s=shuts_s)
        outcome = played(breathing_then_apnoea(recording(name), breathing_s, apnoea))
        assert outcome.of("left") == []
        onset_ms = breathing_s * 1000
        assert 18_000 <= outcome.summary["first_prompt_ms"] - onset_ms <= 25_000
        assert outcome.summary["calls"] == 1


def test_somebody_who_falls_and_is_lost_for_a_moment_has_not_left():
    composer = Composer(recording("mr60bha2_human_60cm")).breathing(40).walking(2).nobody(3)
    outcome = played(composer.apnoea(Apnoea(60)).trace())
    assert outcome.kinds() == ["watch", "prompt", "stillness"]


@pytest.mark.parametrize("gate_open", [False, True])
@pytest.mark.parametrize("name", PEOPLE)
def test_somebody_who_walks_out_has_left_and_is_not_called_for(name, gate_open):
    composer = Composer(recording(name)).breathing(40).walking(4)
    outcome = played(composer.nobody(60, gate_open=gate_open).trace())
    assert outcome.kinds() == ["watch", "left", "watch"]
    assert outcome.summary["state"] == "idle"


@pytest.mark.parametrize("name", PEOPLE)
def test_breathing_that_resumes_withdraws_the_prompt(name):
    composer = Composer(recording(name)).breathing(40).apnoea(Apnoea(27)).breathing(60)
    outcome = played(composer.trace())
    assert outcome.kinds() == ["watch", "prompt", "prompt"]
    assert outcome.of("prompt", state="withdrawn")
    assert outcome.summary["calls"] == 0


@pytest.mark.parametrize("name", PEOPLE)
def test_breathing_after_the_call_is_told_and_withdraws_nothing(name):
    composer = Composer(recording(name)).breathing(40).apnoea(Apnoea(50)).breathing(60)
    outcome = played(composer.trace())
    assert outcome.kinds() == ["watch", "prompt", "stillness", "stirring"]


@pytest.mark.parametrize("name", PEOPLE)
def test_a_short_pause_between_breaths_is_nobodys_business(name):
    composer = Composer(recording(name)).breathing(40)
    for _ in range(5):
        composer.apnoea(Apnoea(12)).breathing(20)
    assert played(composer.trace()).kinds() == ["watch"]


def test_one_wrapped_step_in_an_apnoea_is_no_breath():
    made = breathing_then_apnoea(recording("mr60bha2_human_60cm"), 40, Apnoea(60))
    # Every 4 s one sample is read half a turn off, as near pi it can be.
    made.rows = [
        (t, phase + (3100 if t > 41_000 and index % 20 == 0 else 0), *rest)
        for index, (t, phase, *rest) in enumerate(made.rows)
    ]
    outcome = played(made)
    assert outcome.summary["first_prompt_ms"] < 66_000
    assert outcome.summary["calls"] == 1


def test_phases_that_the_module_wraps_are_read_like_those_it_does_not():
    whole = breathing_then_apnoea(recording("a121_breathing_sitting"), 40, Apnoea(60))
    wrapped = trace.Trace(
        "wrapped",
        "breathing",
        [
            (t, round((phase + 3141.593) % 6283.185 - 3141.593), *rest)
            for t, phase, *rest in whole.rows
        ],
    )
    first, second = played(whole), played(wrapped)
    assert first.kinds() == second.kinds()
    assert abs(first.summary["first_call_ms"] - second.summary["first_call_ms"]) < 500


def test_a_gap_in_the_frames_is_a_fault_and_not_stillness():
    composer = Composer(recording("mr60bha2_human_60cm")).breathing(40).silence(60).breathing(40)
    outcome = played(composer.trace())
    assert [line.get("state") for line in outcome.of("fault")] == ["raised", "cleared"]
    assert outcome.summary["prompts"] == 0


def test_a_setting_is_in_force():
    made = breathing_then_apnoea(recording("mr60bha2_human_60cm"), 40, Apnoea(80))
    late = played(made, still_prompt_s=40).summary["first_prompt_ms"]
    assert 78_000 <= late <= 85_000


# --- presence tier --------------------------------------------------------------------------------


def scenes(*what):
    composer = presence.PresenceComposer(seed=4)
    for scene, seconds in what:
        composer.scene(scene, seconds)
    return composer.trace()


def test_a_visit_is_watched_from_beginning_to_end():
    outcome = played(
        scenes(
            *((presence.EMPTY, 60), (presence.MOVING, 30), (presence.STILL, 60)),
            *((presence.MOVING, 10), (presence.EMPTY, 60)),
        ),
        "ld2410",
    )
    assert outcome.kinds() == ["watch", "left", "watch"]


@pytest.mark.parametrize(
    ("then", "cause"), [(presence.STILL, "no_movement"), (presence.LOST, "vanished")]
)
def test_somebody_who_no_longer_moves_is_asked_after_three_minutes(then, cause):
    # LOST: this radar loses people who sit still.
    outcome = played(
        scenes(*((presence.EMPTY, 60), (presence.MOVING, 30), (presence.STILL, 30)), (then, 240)),
        "ld2410",
    )
    assert outcome.kinds() == ["watch", "prompt", "stillness"]
    assert 269_000 <= outcome.summary["first_prompt_ms"] <= 272_000
    assert outcome.of("stillness", cause=cause)


def test_an_exit_that_nobody_noticed_does_not_call():
    outcome = played(
        scenes(
            *((presence.EMPTY, 90), (presence.MOVING, 30), (presence.STILL, 120)),
            (presence.EMPTY, 300),
        ),
        "ld2410",
    )
    assert outcome.kinds() == ["watch", "left", "watch"]


def test_still_energy_that_fades_slowly_is_somebody_still_in_there():
    steps = [
        presence.Scene(
            presence.EMPTY.moving,
            presence.EMPTY.moving_sd,
            tuple(
                there + (gone - there) * second / 60
                for there, gone in zip(presence.STILL.still, presence.EMPTY.still, strict=True)
            ),
            presence.EMPTY.still_sd,
            0,
        )
        for second in range(60)
    ]
    outcome = played(
        scenes(
            *((presence.EMPTY, 90), (presence.MOVING, 30), (presence.STILL, 40)),
            *((step, 1) for step in steps),
            (presence.EMPTY, 150),
        ),
        "ld2410",
    )
    assert outcome.kinds() == ["watch", "prompt", "stillness"]


def test_a_fan_is_not_a_person():
    outcome = played(
        scenes((presence.VACANT_BED, 120), (presence.VACANT_BED_FAN_ON, 600)), "ld2410"
    )
    assert outcome.kinds() == []


# --- the command ----------------------------------------------------------------------------------


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "from sim.cli import sim; sim()", "replay", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )


def test_json_is_one_object_a_line_and_the_summary_last():
    done = command(DATA / "a121_breathing_sitting.csv", "--radar", "mr60bha2", "--json")
    assert done.returncode == 0, done.stderr
    *events, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(list(event)[:3] == ["t_ms", "device", "event"] for event in events)
    assert list(last) == ["summary"]
    assert last["summary"]["frames"] == 2 * 773
    assert last["summary"]["bytes"] == 773 * 32
    assert last["summary"]["duration_ms"] == 38_598


def test_times_are_those_of_the_trace_wherever_it_begins(tmp_path):
    made = breathing_then_apnoea(recording("mr60bha2_human_60cm"), 40, Apnoea(60))
    outputs = []
    for name, begins_ms in (("at_zero.csv", 0), ("cut_out.csv", 3_600_000)):
        rows = [(t_ms + begins_ms, *rest) for t_ms, *rest in made.rows]
        lines = [",".join(trace.BREATHING_HEADER), *(",".join(map(str, row)) for row in rows)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        done = command(tmp_path / name, "--radar", "mr60bha2", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        outputs.append([json.loads(line) for line in done.stdout.splitlines()])
    at_zero, cut_out = outputs
    for line in at_zero[:-1]:
        line["t_ms"] += 3_600_000
    for first in ("first_prompt_ms", "first_call_ms"):
        at_zero[-1]["summary"][first] += 3_600_000
    assert cut_out == at_zero


def test_whoever_waits_is_told_how_far_a_long_one_is():
    made = Composer(recording("a121_breathing_sitting")).breathing(250).trace()
    told = []
    replay(made, "mr60bha2", on_way=told.append)
    assert told == [made.rows[number][0] for number in range(0, len(made.rows), 1000)]
    assert len(told) > 3


def test_without_json_it_is_a_timeline_for_people():
    done = command(
        *(DATA / "mr60bha2_human_60cm.csv", "--radar", "mr60bha2", "--mode", "home"),
    )
    assert done.returncode == 0, done.stderr
    assert "0:00:00.0  watch      state started, by resident" in done.stdout
    assert "61.7 s, 302 samples" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv", "--radar", "mr60bha2"], "cannot be opened: no such file"),
        ([DATA / "effort_br1.csv", "--radar", "mr60bha2"], "line 3: the header is"),
        ([DATA / "mr60bha2_human_60cm.csv", "--radar", "ld2410"], "of the breathing tier"),
        (
            [DATA / "mr60bha2_human_60cm.csv", "--radar", "ld6002", "--set", "answer_s=900"],
            "answer_s must be a whole number from 10 to 60 s, not 900.",
        ),
        (
            [DATA / "mr60bha2_human_60cm.csv", "--radar", "ld6002", "--set", "answer_s=soon"],
            "answer_s must be a whole number, not 'soon'.",
        ),
        (
            [DATA / "mr60bha2_human_60cm.csv", "--radar", "ld6002", "--set", "answer_s"],
            "A setting is NAME=VALUE",
        ),
        ([DATA / "mr60bha2_human_60cm.csv", "--radar", "ld9999"], "Invalid value for '--radar'"),
        ([DATA / "mr60bha2_human_60cm.csv"], "Missing option '--radar'"),
    ],
)
def test_wrong_use_is_told_in_a_sentence_and_ends_with_2(arguments, said):
    done = command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_radar_of_the_other_tier_is_refused():
    with pytest.raises(WrongUse, match="recording of the breathing tier, and the ld2410"):
        replay(recording("mr60bha2_human_60cm"), "ld2410")


def test_settings_are_named_values():
    assert settings_of(["answer_s=20", "still_prompt_s=30"]) == {
        "answer_s": 20,
        "still_prompt_s": 30,
    }
