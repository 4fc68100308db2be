"""Every text is there in every language, and says the same things."""

import re
import string

import pytest

from gateway.backend.catalogue import Catalogue
from gateway.backend.happenings import Reason
from gateway.backend.policy import OUTCOMES
from gateway.backend.wording import CATALOGUE as MESSAGES
from gateway.web.wording import CATALOGUE as PAGES


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("catalogue", [MESSAGES, PAGES], ids=["messages", "pages"])
@pytest.mark.parametrize("language", ["es", "fr"])
def test_each_language_has_the_same_texts_with_the_same_values(
    catalogue: Catalogue, language: str
) -> None:
    english, theirs = catalogue.texts["en"], catalogue.texts[language]
    assert set(theirs) == set(english)
    for key, text in english.items():
        assert placeholders(theirs[key]) == placeholders(text), key
        assert bool(theirs[key].strip()) == bool(text.strip()), key


def test_each_reason_to_write_has_its_words() -> None:
    # An alert's first message needs none of its own.
    for reason in set(Reason) - {Reason.ASK}:
        assert reason.value in MESSAGES.texts["en"]


def test_each_outcome_of_ours_has_its_words() -> None:
    for outcome in OUTCOMES:
        assert f"outcome_{outcome}" in PAGES.texts["en"]


# A lock screen is read by whoever stands near it.
UNSAYABLE = re.compile(
    r"overdos|sobredosis|surdose|drug|drog|opio|heroin|naloxon|addict|abus|junk|clean|dirty",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_no_message_names_a_substance_or_a_diagnosis(language: str) -> None:
    for key, text in MESSAGES.texts[language].items():
        assert not UNSAYABLE.search(text), key


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_words_we_do_not_use_are_not_used(language: str) -> None:
    never = re.compile(r"addict|abuser|\bclean\b|\bdirty\b|non-compliant|junkie", re.IGNORECASE)
    for catalogue in (MESSAGES, PAGES):
        for key, text in catalogue.texts[language].items():
            assert not never.search(text), key
