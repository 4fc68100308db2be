"""The drawings in the documents are readable on a phone: words in their places, none too small."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
DRAWINGS = sorted((ROOT / "docs" / "images").glob("*.svg"))
# As wide as the narrowest phones that are sold.
PHONE_PX = 360
SMALLEST_PX = 12
_SVG = "{http://www.w3.org/2000/svg}"
# Where each text ends up, in the drawing's own units.
_BOXES = """() => [...document.querySelectorAll('text')].map(text => {
    const box = text.getBBox();
    return [text.textContent, box.x, box.y, box.x + box.width, box.y + box.height];
})"""


@pytest.fixture(scope="module")
def phone() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser.new_page(viewport={"width": PHONE_PX, "height": 640})
        browser.close()


def parsed(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own drawings


def size(drawing: ElementTree.Element) -> tuple[float, float]:
    left, top, width, height = map(float, drawing.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    return width, height


def test_there_are_drawings_of_lights_mounting_assembling_flashing_and_calibrating() -> None:
    kinds = {drawing.stem.partition("-")[0] for drawing in DRAWINGS}
    assert kinds >= {"lights", "mounting", "assembling", "flashing", "calibrating"}


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_needs_no_magnifying_glass_and_says_what_it_shows(path: Path) -> None:
    drawing = parsed(path)

    assert size(drawing)[0] <= PHONE_PX
    sizes = [float(one.attrib["font-size"]) for one in drawing.iter() if "font-size" in one.attrib]
    assert min(sizes) >= SMALLEST_PX
    # For those who have it read to them.
    title = drawing.find(f"{_SVG}title")
    assert title is not None
    assert len(title.text or "") > 40


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_no_word_of_a_drawing_runs_out_of_it_or_over_another(path: Path, phone: Page) -> None:
    width, height = size(parsed(path))
    phone.set_content(f"<body style='margin:0'>{path.read_text('utf-8')}</body>")

    boxes = phone.evaluate(_BOXES)

    assert [box[0] for box in boxes if box[1] < 0 or box[3] > width or box[4] > height] == []
    over = [
        (one[0], other[0])
        for number, one in enumerate(boxes)
        for other in boxes[number + 1 :]
        if one[1] < other[3]
        and other[1] < one[3]
        and one[2] + 3 < other[4]
        and other[2] + 3 < one[4]
    ]
    assert over == []


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_on_a_page(path: Path) -> None:
    pages = [page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md")]
    assert any(f"images/{path.name}" in page for page in pages)
