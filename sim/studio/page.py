"""The page, rendered on the server in the visitor's language."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from doorknock.signals import PATTERNS, SHORT
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from gateway.backend.catalogue import Catalogue
from gateway.settings import LANGUAGES
from sim.studio.situations import Situation

HERE = Path(__file__).parent
STATIC = HERE / "static"
CATALOGUE = Catalogue(HERE / "languages")
# What the scenarios of the library show, by their files' names; they are written in English.
_LIBRARY = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
    for file in (HERE / "languages" / "library").glob("*.toml")
}
# The texts that the script fills in itself.
_SCRIPTS = (
    "live_",
    "news_",
    "sees_",
    "does_",
    "light_",
    "posture_",
    "breath_",
    "alert_",
    "why_",
    "break_",
)

_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(), trim_blocks=True
)


def page(language: str, situations: Sequence[Situation]) -> HTMLResponse:
    """The page with all its texts; the script draws what moves."""

    def say(key: str, **values: object) -> str:
        return CATALOGUE.say(language, key, **values)

    texts = {**CATALOGUE.texts["en"], **CATALOGUE.texts[language]}
    told = {
        # As on the device: the page plays the same rhythms, in real time at any speed.
        "patterns": {name: pattern[0] for name, pattern in (PATTERNS | SHORT).items()},
        "sounds": {name: [pattern[1], pattern[2]] for name, pattern in (PATTERNS | SHORT).items()},
        "words": {key: text for key, text in texts.items() if key.startswith(_SCRIPTS)},
    }
    html = _pages.get_template("studio.html").render(
        say=say,
        language=language,
        languages=[(code, CATALOGUE.say(code, "language_name")) for code in LANGUAGES],
        situations=[_told(one, language) for one in situations],
        told=json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"),
    )
    return HTMLResponse(html)


def _told(situation: Situation, language: str) -> Situation:
    """One of the library in the visitor's language; one that is the visitor's own as it is."""
    texts = {} if situation.own else _LIBRARY.get(language, {}).get(situation.name, {})
    return replace(situation, **texts)
