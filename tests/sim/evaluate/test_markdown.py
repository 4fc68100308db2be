"""The results in a page: in their place, and nowhere else."""

import datetime

import pytest

from sim.evaluate import markdown
from sim.evaluate.play import DOORKNOCK, Result, Task
from sim.evaluate.truth import Score

DAY = datetime.date(2026, 1, 2)


def result(kind="seated", index=0, system=DOORKNOCK, ok=True):
    scored = Score(ok, None, None, 0, 0, 0, 0, (), ())
    return Result(Task(kind, index, 7, "test"), system, scored, None, "rest", 3600.0, 0.0, 0, "")


def test_results_take_the_place_of_those_before_and_leave_the_rest_alone(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"before\n{markdown.BEGIN}\nof before\n{markdown.END}\nafter\n")
    for _ in range(2):
        markdown.write([result()], file, "So.", DAY)
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"before\n{markdown.BEGIN}\nMeasured on 2026-01-02: So.\n")
        assert text.endswith(f"{markdown.END}\nafter\n")
        assert "of before" not in text
        assert text.count("| seated | simulated | 1 of 1 |") == 1


def test_a_page_that_is_not_there_is_made(tmp_path):
    file = tmp_path / "page.md"
    markdown.check(file)
    markdown.write([result()], file, "So.", DAY)
    markdown.write([result(), result(index=1, ok=False)], file, "So.", DAY)
    assert "| seated | simulated | 1 of 2 |" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "a page", markdown.BEGIN, f"{markdown.END}{markdown.BEGIN}"])
def test_a_page_without_a_place_is_refused_and_left_alone(tmp_path, text):
    file = tmp_path / "page.md"
    file.write_text(text)
    with pytest.raises(markdown.NoPlace, match="has no place for the results"):
        markdown.check(file)
    assert file.read_text() == text


def test_how_they_were_made_is_said():
    said = markdown.made_by([result(), result(index=1), result(system="without drift")])
    assert said == "2 cases, 2 h of input, split `test`, seed 7."


def test_a_missed_target_is_marked_and_others_stand_beside():
    results = [result(ok=False), result(system="without drift")]
    text = markdown.page(results, "So.", DAY)
    assert "**missed**" in text
    assert "| without drift |" in text
    assert "100 (0)" in text


def test_a_page_stays_as_it_was_where_there_is_no_room_for_the_new_one(tmp_path, monkeypatch):
    file = tmp_path / "page.md"
    file.write_text(before := f"before\n{markdown.BEGIN}\nof before\n{markdown.END}\nafter\n")

    def half(path, text, **how):
        path.write_bytes(text.encode()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(file), "write_text", half)
    with pytest.raises(OSError, match="No space left"):
        markdown.write([result()], file, "So.", DAY)
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]
    assert file.read_text() == before
