"""What is wrong with a scenario is said in one sentence, with the file and the line."""

import re
from pathlib import Path

import pytest

from sim.scenario.errors import WrongScenario
from sim.scenario.load import load, parse

HERE = Path("mine.toml")
GOOD = """\
title = "A press is answered"
about = "One tap, and somebody comes."
length = "3 min"

[[people]]
name = "sam"
unit = "204"
plan = [
  { at = "0 s", do = "enter" },
  { wait = "20 s", do = "sit" },
  { at = "1 min", do = "collapse", name = "onset" },
]

[[boards]]
board = "button"
unit = "204"

[[responders]]
name = "ana"
answers_after = "20 s"

[[cues]]
at = "20 s"
do = "press"
taps = 2

[[cues]]
after = { that = "light", state = "coming" }
wait = "5 s"
do = "revive"
who = "sam"

[[expect]]
that = "told"
person = "ana"
within = "10 s"
of = "press"
"""


def refused(text: str) -> str:
    with pytest.raises(WrongScenario) as caught:
        parse(text, HERE)
    return str(caught.value)


def changed(before: str, after: str) -> str:
    assert before in GOOD
    return GOOD.replace(before, after, 1)


def test_a_good_scenario_is_read() -> None:
    read = parse(GOOD, HERE).scenario

    assert read.length == 180_000
    assert [step.doing.do for step in read.people[0].plan] == ["enter", "sit", "collapse"]
    assert read.boards[0].called == "204 button"
    assert read.cues[1].who == "sam"
    assert read.expect[0].within == 10_000


@pytest.mark.parametrize(
    ("before", "after", "on", "says"),
    [
        ('unit = "204"\nplan', 'unit = "204"\nage = 40\nplan', "age", "there is no key 'age' here"),
        ('length = "3 min"', 'length = "-3 min"', "length", "negative"),
        ('length = "3 min"', "length = 180", "length", "no length of time"),
        ('length = "3 min"', 'length = "90 d"', "length", "more than the 31 d"),
        ('title = "A press is answered"', "", "", "'title' is missing"),
        ('do = "sit"', 'do = "dance"', "dance", "'dance' is not known; known are enter"),
        ("taps = 2", "taps = 0", "taps", "'taps' is 0"),
        ("taps = 2", "fingers = 2", "fingers", "no key 'fingers'"),
        ('that = "told"', 'that = "tolled"', "[[expect]]", "'tolled' is not known"),
        ('{ wait = "20 s", do = "sit" }', '{ do = "sit" }', "sit", "either 'at'"),
        ('unit = "204"\nplan', 'unit = "402"\nplan', "402", "nobody has a unit '402'"),
        ('at = "1 min", do', 'at = "10 s", do', "collapse", "before the step above"),
        ('at = "1 min", do', 'at = "10 min", do', "collapse", "after the end"),
        ('do = "collapse"', 'do = "revive"', "revive", "sam cannot revive: they are conscious"),
        ('do = "sit"', 'do = "leave"', "collapse", "sam cannot collapse: they are not in the room"),
        ('do = "sit"', 'do = "enter"', 'wait = "20 s"', "they are in the room already"),
        ('who = "sam"', 'who = "kim"', "kim", "nobody called 'kim'"),
        ('do = "revive"\nwho = "sam"', 'do = "revive"', "[[cues]]#2", "who = …"),
        ('of = "press"', 'of = "dawn"', "dawn", "no cue and no step is called 'dawn'"),
        ('person = "ana"', 'person = "eve"', "eve", "no responder 'eve'"),
        ('at = "20 s"\ndo', "do", "[[cues]]", "either 'at'"),
        ("taps = 2", 'board = "front"', "front", "no board 'front'"),
        ('do = "press"\ntaps = 2', 'do = "update"\nboard = "front"', "front", "no board 'front'"),
        ('do = "press"\ntaps = 2', 'do = "update"\nto = "new"', "to =", "'new'"),
        ('"coming" }', '"coming", never = true }', "coming", "belongs into an expect"),
        ('board = "button"', 'board = "button"\nradar = "ld2410"', "radar", "button has no radar"),
        ('unit = "204"\n\n', 'unit = "204"\nsettings.volume = 3\n\n', "volume", "no setting"),
        ('unit = "204"\n\n', 'unit = "204"\nsettings.answer_s = 9\n\n', "answer_s", "10 … 60"),
        ("[[responders]]", "[[responders", "[[responders", "no TOML"),
        ('do = "sit"', 'do = "sit", to = "throne"', "throne", "no place 'throne'"),
        ('do = "sit"', 'do = "sit", to = [9, 9]', "[9, 9]", "outside room 204"),
        ('name = "ana"', 'name = "Ana B."', "Ana B.", "small letters"),
        ('name = "ana"', 'name = "ana"\nstaff = "true"', "staff", "'staff' is 'true': write"),
        ('name = "ana"', "name = 7", "name = 7", "'name' is 7: write a text, in quotes"),
        ('"coming" }', '"coming" }\nname = true', "name = true", "'name' is True: write a text"),
        ("taps = 2", 'taps = "2"', "taps", "'taps' is '2': write a number, without quotes"),
        ("taps = 2", "taps = true", "taps", "'taps' is True: write a number"),
        ('"told"\nperson = "ana"', '"radar_power"\non = "true"', "on =", "without quotes"),
        ('person = "ana"', 'person = "ana"\nnever = 0', "never", "'never' is 0: write true"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(before, after, on, says) -> None:
    text = changed(before, after)
    on, _, nth = on.partition("#")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if on in line]

    told = refused(text)

    assert says in told
    assert f"line {lines[int(nth or 1) - 1]}" in told
    assert told.startswith("mine.toml")
    assert "\n" not in told
    assert re.search(r"[^.]\.$", told)


def test_a_name_that_means_two_things_is_refused() -> None:
    twice = '[[cues]]\nat = "30 s"\ndo = "press"\n\n[[expect]]'

    assert "2 cues or steps are called 'press'" in refused(changed("[[expect]]", twice))


AFTER = '[[cues]]\nafter = "{after}"\ndo = "mark"\nname = "{name}"\n\n'


@pytest.mark.parametrize(
    ("waits", "on", "says"),
    [
        ([("a", "b"), ("b", "a")], 0, "'a' waits for 'b', which waits for 'a': none of them ever"),
        ([("a", "b"), ("b", "c"), ("c", "b")], 1, "'b' waits for 'c', which waits for 'b'"),
        ([("a", "b"), ("b", "c"), ("c", "a")], 0, "'b', which waits for 'c', which waits for 'a'"),
        ([("a", "a")], 0, "a cue cannot wait for itself"),
    ],
)
def test_cues_that_wait_for_each_other_are_refused(waits, on, says) -> None:
    cues = "".join(AFTER.format(name=name, after=after) for name, after in waits)
    text = changed("[[expect]]", cues + "[[expect]]")

    told = refused(text)

    line = next(n for n, line in enumerate(text.splitlines(), 1) if f'"{waits[on][1]}"' in line)
    assert f"line {line}: " in told
    assert says in told


def test_cues_that_wait_one_behind_the_other_are_good() -> None:
    cues = AFTER.format(name="b", after="a") + AFTER.format(name="a", after="press")

    assert len(parse(changed("[[expect]]", cues + "[[expect]]"), HERE).scenario.cues) == 4


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongScenario, match=r"nowhere\.toml cannot be read: no such file"):
        load(tmp_path / "nowhere.toml")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(WrongScenario, match="no text in UTF-8"):
        load(tmp_path / "x.toml")


def test_a_mark_at_the_beginning_of_a_file_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(GOOD, encoding="utf-8-sig")

    assert load(tmp_path / "x.toml").scenario.title == "A press is answered"


def test_lists_in_lists_without_end_are_told() -> None:
    assert "lists in lists" in refused("a = " + "[" * 5000 + "]" * 5000)


@pytest.mark.parametrize("unit", ["", "x" * 65, "a\\nb"])
def test_a_unit_has_a_name_that_the_gateway_takes(unit: str) -> None:
    told = refused(GOOD.replace('"204"', f'"{unit}"'))

    assert "1 to 64 characters" in told
    assert "line" in told
