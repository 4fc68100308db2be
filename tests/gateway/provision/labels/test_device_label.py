"""A label as it comes out of the printer: read by a telephone, read by a person, never cut."""

from pathlib import Path

import numpy
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.errors import LabelError
from gateway.provision.labels import device_label
from gateway.provision.labels.canvas import Fonts, png
from gateway.provision.labels.device_label import DeviceLabel
from gateway.provision.labels.fitting import fit
from gateway.provision.labels.sheets import sheet, sheets

from .conftest import codes, pages, seen

FONTS = Fonts()
ONE = DeviceLabel("d00200000204", "204", "Button")


@pytest.mark.parametrize("name", sorted(sheets()))
def test_a_telephone_reads_the_id_on_every_paper_and_nothing_else(name: str) -> None:
    labels = [DeviceLabel(f"d0020000{n:04x}", str(200 + n), "Button") for n in range(4)]
    pdf = device_label.pdf(labels, sheet(name), 2, FONTS, outline=False)
    assert codes(seen(pdf)) == sorted(one.device.upper() for one in labels)
    [text] = pages(pdf)
    for one in labels:
        assert one.unit in text
        assert one.device in text.replace(" ", "")


def test_the_first_label_is_where_the_start_says(tmp_path: Path) -> None:
    paper = sheet("avery-l7160")
    page = numpy.asarray(seen(device_label.pdf([ONE], paper, 5, FONTS, outline=False), 254))
    dark = numpy.argwhere(page < 128) / 10  # mm, at 10 dots a mm
    x, y = paper.place(5)
    assert dark[:, 1].min() >= x
    assert dark[:, 0].min() >= y
    assert dark[:, 1].max() <= x + paper.label[0]
    assert dark[:, 0].max() <= y + paper.label[1]


def test_more_labels_than_a_sheet_has_go_on_the_next() -> None:
    labels = [DeviceLabel(f"{n:012x}", str(n), "Sensor") for n in range(12)]
    found = pages(device_label.pdf(labels, sheet("avery-5163"), 10, FONTS, outline=False))
    assert len(found) == 3
    assert "0000 0000 0000" in found[0]
    assert "0000 0000 000b" in found[2]


def test_the_picture_is_the_same_label_at_the_size_that_was_asked_for() -> None:
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(device_label.picture(ONE, (35.6, 16.9), 300, FONTS)))
    assert picture.size == pytest.approx((35.6 / 25.4 * 300, 16.9 / 25.4 * 300), abs=1)
    assert codes(picture) == ["D00200000204"]


def test_the_same_labels_are_the_same_file() -> None:
    twice = [device_label.pdf([ONE], sheet("avery-5160"), 1, FONTS, outline=False) for _ in "ab"]
    assert twice[0] == twice[1]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    unit=st.text("ABCWgjpq 0123456789.-ñé", min_size=1, max_size=64).filter(str.strip),
    name=st.sampled_from(sorted(sheets())),
)
@example(unit="A-", name="avery-5160")
def test_a_unit_is_printed_whole_and_within_its_label_or_refused(unit: str, name: str) -> None:
    paper = sheet(name)
    label = DeviceLabel("d00200000204", unit, "Button")
    try:
        pdf = device_label.pdf([label], paper, 1, FONTS, outline=False)
    except LabelError:
        return
    assert "".join(unit.split()) in pages(pdf)[0].replace(" ", "")
    page = numpy.asarray(seen(pdf, 127))
    dark = numpy.argwhere(page < 128) / 5
    x, y = paper.place(1)
    assert dark[:, 1].max() <= x + paper.label[0]
    assert dark[:, 0].max() <= y + paper.label[1]
    assert min(dark[:, 1].min() - x, dark[:, 0].min() - y) >= -0.2


def test_a_unit_that_is_too_long_is_refused_with_what_to_do() -> None:
    long = DeviceLabel("d00200000204", "Donaudampfschifffahrtsgesellschaft", "Button")
    with pytest.raises(LabelError, match=r"does not fit .* take a larger label"):
        device_label.pdf([long], sheet("avery-l4731"), 1, FONTS, outline=False)
    assert device_label.pdf([long], sheet("avery-5163"), 1, FONTS, outline=False)


def test_a_letter_that_the_font_lacks_is_refused_and_never_printed_as_a_box(
    tmp_path: Path,
) -> None:
    brought = Fonts(installed=tmp_path)
    with pytest.raises(LabelError, match="no letter 'Ж'"):
        device_label.pdf(
            [DeviceLabel("d00200000204", "Ж1", "Button")],
            sheet("avery-5160"),
            1,
            brought,
            outline=False,
        )
    assert device_label.pdf([ONE], sheet("avery-5160"), 1, brought, outline=False)


def test_a_font_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.ttf").write_text("no font")
    for path in (tmp_path / "no.ttf", tmp_path / "missing.ttf"):
        with pytest.raises(LabelError, match="cannot be used"):
            Fonts(path)


def test_a_code_too_small_to_be_read_is_refused() -> None:
    with pytest.raises(LabelError, match="too small to be read"):
        device_label.picture(ONE, (40, 6), 300, FONTS)


def width_of(text: str, size: float) -> float:
    return len(text) * size / 2


@given(
    text=st.text("ab ", min_size=1, max_size=60).filter(str.strip),
    width=st.floats(5, 300),
    height=st.floats(5, 300),
    lines=st.integers(1, 4),
)
def test_what_fits_is_whole_and_within_its_room(
    text: str, width: float, height: float, lines: int
) -> None:
    fitted = fit(text, width_of, width, height, 30, 5, most_lines=lines)
    if fitted is None:
        return
    assert " ".join(fitted.lines).split() == text.split()
    assert len(fitted.lines) <= lines
    assert max(width_of(line, fitted.size) for line in fitted.lines) <= width
    assert fitted.height <= height
    assert 5 <= fitted.size <= 30


def test_a_picture_of_a_page_is_a_png() -> None:
    pdf = device_label.pdf([ONE], sheet("avery-5160"), 1, FONTS, outline=True)
    assert png(pdf, 150)[:8] == b"\x89PNG\r\n\x1a\n"
