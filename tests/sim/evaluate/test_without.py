"""Parts are taken out of a copy, and a part that is not where it was is an error."""

import pytest

from sim import interpreter
from sim.apnoea import Apnoea, Composer
from sim.evaluate import recordings
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.truth import score
from sim.evaluate.without import AS_IT_IS, PARTS, TELLING, Edit, Part, PartMissing, made
from sim.replay import replay


@pytest.mark.parametrize("part", [*PARTS, TELLING], ids=lambda part: part.name)
def test_every_part_is_where_it_was_and_leaves_firmware_that_can_be_read(part, tmp_path):
    copy = made(part, tmp_path)
    for edit in part.edits:
        changed = (copy / "doorknock" / edit.file).read_text(encoding="utf-8")
        whole = (interpreter.firmware_folder() / "doorknock" / edit.file).read_text("utf-8")
        assert changed != whole
        compile(changed, edit.file, "exec")


def test_a_part_that_is_not_there_is_named_and_never_half_made(tmp_path):
    part = Part("nothing", "is not there", "both", (Edit("watch.py", "no such line", ""),))
    for _ in range(2):
        with pytest.raises(PartMissing, match=r"'nothing' cannot be taken out.*watch\.py 0 times"):
            made(part, tmp_path)
    missing = Part("file", "is not there", "both", (Edit("no_such_file.py", "x", ""),))
    with pytest.raises(PartMissing, match="no_such_file"):
        made(missing, tmp_path)


def played(part, tmp_path):
    trace = (
        Composer(recordings.recording("a121_breathing_sitting"), 1)
        .breathing(90)
        .apnoea(Apnoea(90, gate_shuts_after_s=5))
        .trace()
    )
    lines = replay(trace, "mr60bha2", "washroom", firmware=made(part, tmp_path))
    return [line for line in lines if "event" in line]


def test_without_the_rule_of_the_vanished_nobody_calls_for_them(tmp_path):
    (vanished,) = [part for part in PARTS if part.name == "vanished"]
    assert [e["event"] for e in played(AS_IT_IS, tmp_path)].count("stillness") == 1
    assert [e["event"] for e in played(vanished, tmp_path)].count("stillness") == 0


def test_a_firmware_that_tells_says_what_it_takes_the_room_to_be(tmp_path):
    told = [line for line in played(TELLING, tmp_path) if line["event"] == "room"]
    assert {"breathing", "still"} <= {line["room"] for line in told}
    whole = [line for line in played(TELLING, tmp_path) if line["event"] != "room"]
    assert whole == played(AS_IT_IS, tmp_path)


# What each part of the presence tier is for: a case that goes right with it and wrong without.
NEEDED = {
    "floors learned on site": "presence: curtain",
    "gone": "presence: visits",
    "fading": "presence: still, and fades",
    "tireless movement": "presence: curtain",
}


def test_every_part_of_the_presence_tier_is_held_against_a_case_of_its_own():
    assert set(NEEDED) == {part.name for part in PARTS if part.tier == "presence"}


@pytest.mark.parametrize("name", NEEDED)
def test_each_part_of_the_presence_tier_makes_a_difference(name, tmp_path):
    (part,) = [part for part in PARTS if part.name == name]
    case = BY_NAME[NEEDED[name]].case("tune", 1, 0)

    def right(firmware):
        lines = replay(case.trace, "ld2410", case.mode, case.settings, firmware=firmware)
        return score(case.truth, [line for line in lines if "event" in line]).ok

    assert right(made(AS_IT_IS, tmp_path))
    assert not right(made(part, tmp_path))
