"""The card by the door says what the document says, on one page, and no more than is true."""

import re
from pathlib import Path

import pytest

from gateway.errors import LabelError
from gateway.provision.labels import door_card
from gateway.provision.labels.canvas import Fonts
from gateway.provision.labels.door_card import BLANK, PAPERS, WORDS, DoorCard
from gateway.settings import LANGUAGES

from .conftest import codes, pages, seen

PAGE = Path(__file__).parents[4] / "docs/residents/door-card.md"


def plain(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


def words(card: DoorCard, language: str) -> str:
    return plain(" ".join("".join(text for text, _ in p) for p in card.paragraphs(language)))


def test_the_document_and_the_card_have_the_same_words() -> None:
    in_document = [plain(re.sub(r"[*]", "", one)) for one in PAGE.read_text().split("\n---\n")[1:4]]
    card = DoorCard(LANGUAGES, breathing=True)
    assert [words(card, one) for one in LANGUAGES] == in_document


@pytest.mark.parametrize("paper", sorted(PAPERS))
@pytest.mark.parametrize("breathing", [True, False])
def test_all_of_it_is_on_one_page(paper: str, breathing: bool) -> None:
    card = DoorCard(LANGUAGES, breathing, "in the red box, ground floor", "first floor")
    pdf = door_card.pdf(card, paper, Fonts())
    [text] = pages(pdf)
    for language in LANGUAGES:
        assert words(card, language).replace(" ", "") in plain(text).replace(" ", "")
    assert codes(seen(pdf, 150)) == []  # no link, no code
    assert BLANK not in text


def test_of_a_radar_that_does_not_see_breathing_it_does_not_say_so() -> None:
    [text] = pages(door_card.pdf(DoorCard(LANGUAGES, breathing=False), "a4", Fonts()))
    for said in ("breathing", "respirar", "respirer"):
        assert said not in text
    assert text.count(BLANK) == 6


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(LabelError, match="does not fit"):
        door_card.pdf(DoorCard(LANGUAGES, True, "by the stairs " * 120), "a4", Fonts())
    with pytest.raises(LabelError, match="does not fit"):
        door_card.pdf(DoorCard(("en",), True, "x" * 200), "a4", Fonts())


def test_what_is_written_in_is_text_and_no_markup() -> None:
    card = DoorCard(("en",), True, "<b>&amp;", "</para>")
    [text] = pages(door_card.pdf(card, "a4", Fonts()))
    assert "<b>&amp;" in text
    assert "</para>" in text


def test_every_language_has_every_word() -> None:
    assert len({frozenset(texts) for texts in WORDS.texts.values()}) == 1
    assert all(text for texts in WORDS.texts.values() for text in texts.values())
