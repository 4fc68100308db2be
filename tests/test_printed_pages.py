"""What is handed over on paper: one sheet for residents, two for a signature, no link left over."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

PRINT = Path(__file__).parents[1] / "docs" / "print"
PAGES = sorted(PRINT.glob("*.html"))
# A sheet has two sides.
MOST_SIDES = {"residents": 2, "consent": 4, "staff": 4}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if program is None:
        pytest.skip("Chromium is not installed; on Debian: sudo apt install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_is_printed_on_so_many_sides_and_nothing_is_cut_off(
    chromium: Browser, page: Path
) -> None:
    shown = chromium.new_page(viewport={"width": 360, "height": 640})
    shown.goto(page.as_uri())
    # On a phone it is read without moving it sideways.
    assert shown.evaluate("document.documentElement.scrollWidth") <= 360
    paper = shown.pdf(prefer_css_page_size=True)
    shown.close()

    kind = "consent" if "consent" in page.stem else page.stem.partition("-")[0]
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= MOST_SIDES[kind]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_is_one_file_that_asks_for_nothing_else(page: Path) -> None:
    text = page.read_text("utf-8")

    assert re.findall(r'<img|<script|<link|src="|href="(?!https://)|url\(', text) == []
    assert re.search(r'<html lang="(en|es|fr)">', text)


def test_each_language_has_its_page_and_its_sheet() -> None:
    assert {page.stem for page in PAGES} >= {
        *("residents-en", "residents-es", "residents-fr"),
        *("residents-consent", "residents-consent.es", "residents-consent.fr"),
    }
