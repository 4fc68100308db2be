"""Texts in the languages we speak: one TOML file a language, `{name}` where a value goes."""

import tomllib
from pathlib import Path

from gateway.settings import LANGUAGES

# What a text that is missing elsewhere falls back to. A test sees to it that none is.
_FALLBACK = "en"


class Catalogue:
    """The texts of one folder. Of an unknown language: English; of an unknown key: the key."""

    def __init__(self, folder: Path) -> None:
        self.texts: dict[str, dict[str, str]] = {
            language: tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
            for language in LANGUAGES
        }

    def say(self, language: str, key: str, **values: object) -> str:
        """The text *key* with its values filled in. Never raises: a message must go out."""
        texts = self.texts.get(language, self.texts[_FALLBACK])
        text = texts.get(key) or self.texts[_FALLBACK].get(key) or key
        try:
            return text.format(**values)
        except (KeyError, IndexError, ValueError):
            return text
