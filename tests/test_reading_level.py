"""What residents read is as plain as a book for a child of twelve, by the formula of each language.

The formulas count words to a sentence and syllables to a word, and nothing else: they find long
sentences and long words, not whether something is true, kind or clear. People who live there have
to read the page as well.
"""

import re
from pathlib import Path

import pytest

RESIDENTS = Path(__file__).parents[1] / "docs" / "residents"
# 80 and more is "easy", the sixth year of school, on the scale of all three (Flesch 1948 for
# English; Fernández Huerta 1959; Kandel and Moles 1958).
EASY = 80.0
# Nobody keeps a longer sentence in mind who reads slowly, or is in a hurry.
MOST_WORDS = 20
# A sheet that is printed on both sides.
MOST_WORDS_OF_A_PAGE = 900

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_VOWELS = {
    # Of English: each group of vowels, but for a silent e at the end.
    "en": re.compile(r"[aeiouy]+"),
    # Of Spanish: two strong vowels part, an accent parts a weak one; qu and gu before e, i are one.
    "es": re.compile(r"[iuü]?[aeoáéó](?:[iuy](?![aeoáéó]))?|[íú]|[iuy]+"),
    # Of French: a group is one; e at the end is silent, as are -es and -ent of verbs.
    "fr": re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+"),
}


def syllables(word: str, language: str) -> int:
    """About how many; at least one."""
    plain = word.lower().replace("’", "'")
    if language == "en":
        # The silent e within: some-body.
        plain = re.sub(r"^some(?=.)", "som", plain)
    if language == "es":
        plain = re.sub(r"(?<=[qg])u(?=[eiéí])", "", plain)
    if language == "fr":
        plain = re.sub(r"(?<=[a-zéèêçàùœ]{2})(?:e|es)$", "", plain)
        plain = re.sub(r"(?<=[qg])u", "", plain)
    count = len(_VOWELS[language].findall(plain))
    if language == "en" and re.search(r"[^aeiouyl]e$|[^aeiouytdsxzc]es$|[^td]ed$", plain):
        count -= 1
    return max(1, count)


def ease(sentences: list[list[str]], language: str) -> float:
    """0 hard to 100 easy; sentences: words of each."""
    words = [word for sentence in sentences for word in sentence]
    per_sentence = len(words) / len(sentences)
    per_word = sum(syllables(word, language) for word in words) / len(words)
    match language:
        case "en":
            return 206.835 - 1.015 * per_sentence - 84.6 * per_word
        case "es":
            return 206.84 - 1.02 * per_sentence - 60 * per_word
        case _:
            return 207 - 1.015 * per_sentence - 73.6 * per_word


def sentences(page: str) -> list[list[str]]:
    """The words of each sentence of the running text; headings and tables are no sentences."""
    found = []
    for block in re.split(r"\n\s*\n|\n(?=- |\d+\. )", page):
        lines = [line for line in block.splitlines() if not line.startswith(("#", "|", "<", "!"))]
        text = re.sub(r"`[^`]*`|\]\([^)]*\)|[*_\[\]]", " ", " ".join(lines))
        for sentence in re.split(r"[.!?…]+(?=[\s»\")]|$)", text):
            words = _WORD.findall(sentence)
            if words:
                found.append(words)
    return found


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"somebody": 3, "take": 1, "breathing": 2, "table": 2, "asked": 1, "needed": 2}),
        ("es", {"aquí": 2, "sobredosis": 4, "quien": 1, "día": 2, "habitación": 4, "caído": 3}),
        ("fr", {"chambre": 1, "personne": 2, "quelqu'un": 2, "appelle": 2, "médical": 3}),
    ],
)
def test_syllables_are_counted_as_they_are_spoken(language: str, words: dict[str, int]) -> None:
    assert {word: syllables(word, language) for word in words} == words


@pytest.mark.parametrize(
    ("language", "easy", "hard"),
    [
        (
            "en",
            "Press once. Somebody looks in.",
            "Notification of designated individuals is initiated automatically.",
        ),
        (
            "es",
            "Pulsa una vez. Alguien viene a ver.",
            "La notificación a determinadas personas autorizadas se inicia automáticamente.",
        ),
        (
            "fr",
            "Pressez une fois. Quelqu'un passe voir.",
            "La notification de certaines personnes autorisées intervient automatiquement.",
        ),
    ],
)
def test_the_formula_tells_plain_words_from_those_of_an_office(
    language: str, easy: str, hard: str
) -> None:
    assert ease(sentences(easy), language) > EASY > 40 > ease(sentences(hard), language)


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_page_for_residents_is_easy_to_read(language: str) -> None:
    found = sentences((RESIDENTS / f"{language}.md").read_text("utf-8"))

    assert ease(found, language) >= EASY
    too_long = [" ".join(sentence) for sentence in found if len(sentence) > MOST_WORDS]
    assert too_long == []


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_page_for_residents_is_one_sheet(language: str) -> None:
    text = (RESIDENTS / f"{language}.md").read_text("utf-8")

    assert len(_WORD.findall(re.sub(r"`[^`]*`|<[^>]*>", "", text))) <= MOST_WORDS_OF_A_PAGE
