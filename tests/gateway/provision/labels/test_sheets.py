"""Label paper: where each label is, and that none lies over another or beyond the page."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LabelError
from gateway.provision.labels.sheets import sheet, sheets

EVERY = sorted(sheets())


@pytest.mark.parametrize("name", EVERY)
def test_the_margins_of_every_paper_are_the_same_on_both_sides(name: str) -> None:
    # So are the makers' own; a number copied wrongly shows here.
    paper = sheet(name)
    for axis, number in ((0, paper.columns), (1, paper.rows)):
        used = (number - 1) * paper.pitch[axis] + paper.label[axis]
        assert paper.page[axis] - used - paper.corner[axis] == pytest.approx(
            paper.corner[axis], abs=0.3
        )


@pytest.mark.parametrize("name", EVERY)
def test_no_label_touches_another_or_the_edge(name: str) -> None:
    paper = sheet(name)
    places = [paper.place(number) for number in range(1, paper.places + 1)]
    width, height = paper.label
    for x, y in places:
        assert x >= 0
        assert y >= 0
        assert x + width <= paper.page[0] + 0.05
        assert y + height <= paper.page[1] + 0.05
    assert len({(round(x, 2), round(y, 2)) for x, y in places}) == paper.places
    assert places[1][0] == pytest.approx(places[0][0] + paper.pitch[0])
    assert places[paper.columns][1] == pytest.approx(places[0][1] + paper.pitch[1])


@given(
    labels=st.integers(0, 400),
    start=st.integers(1, 80),
    name=st.sampled_from([one for one in EVERY if sheets()[one].places >= 80]),
)
def test_labels_are_dealt_in_order_without_a_gap_from_the_start(
    labels: int, start: int, name: str
) -> None:
    paper = sheet(name)
    dealt = [page * paper.places + place for page, place in paper.deal(labels, start)]
    assert dealt == list(range(start, start + labels))


@pytest.mark.parametrize("start", [0, 81, -3])
def test_a_place_that_the_sheet_has_not_is_told(start: int) -> None:
    with pytest.raises(LabelError, match="places 1 to 80"):
        list(sheet("avery-l4732").deal(1, start))


def test_an_unknown_paper_is_told_with_those_that_are_known() -> None:
    with pytest.raises(LabelError, match="avery-5160"):
        sheet("avery-0000")


@pytest.mark.parametrize(
    "change", [{"columns": 6}, {"rows": 17}, {"pitch": (20.0, 16.9)}, {"corner": (0.0, 13.3)}]
)
def test_a_paper_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LabelError):
        dataclasses.replace(sheet("avery-l4732"), **change)  # type: ignore[arg-type]
