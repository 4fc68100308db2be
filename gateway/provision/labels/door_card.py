"""The card by the door of a shared washroom, in as many languages as are asked for.

A sensor may look after whoever enters only where this hangs. Nothing else belongs on it: no link,
no code. Of a radar that does not see breathing it does not say that it does.
"""

import html
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Paragraph

from gateway.backend.catalogue import Catalogue
from gateway.errors import LabelError
from gateway.provision.labels.canvas import MM, Canvas, Fonts

WORDS = Catalogue(Path(__file__).with_name("languages"))
PAPERS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
BLANK = "_" * 20

_MARGIN_MM = 16.0
# To be read from where one stands before a door.
_LARGEST_PT, _SMALLEST_PT = 24.0, 11.0
_STEP_PT = 0.5
_TITLE = 1.35
_LEADING = 1.3
_BETWEEN_MM = 7.0


@dataclass(frozen=True)
class DoorCard:
    """breathing: whether the radar sees breathing. naloxone, elsewhere: where it is, where else
    one can go; "" leaves a line to write on."""

    languages: tuple[str, ...]
    breathing: bool
    naloxone: str = ""
    elsewhere: str = ""

    def paragraphs(self, language: str) -> list[list[tuple[str, bool]]]:
        """The lines of one language, each as (text, bold): the title first."""

        def say(key: str) -> str:
            return WORDS.say(language, f"door_{key}")

        asks = "asks_breathing" if self.breathing else "asks_presence"
        return [
            [(say("title"), True)],
            [(say("is"), False)],
            [
                (f"{say(asks)} ", False),
                (say("press"), True),
                (f" {say('then')}", False),
            ],
            [
                (f"{say('not')} ", False),
                (say("can_miss"), True),
                (say("alone"), False),
            ],
            [(f"{say('naloxone')} {self.naloxone or BLANK}", False)],
            [(f"{say('elsewhere')} {self.elsewhere or BLANK}", False)],
        ]


def pdf(card: DoorCard, paper: str, fonts: Fonts) -> bytes:
    """One page to hang up. Raises LabelError where it does not fit in letters one can read."""
    page = PAPERS[paper]
    for text in (card.naloxone, card.elsewhere):
        fonts.check(text)
    # So that <b> in a paragraph finds the bold one.
    pdfmetrics.registerFontFamily(
        fonts.plain, normal=fonts.plain, bold=fonts.bold, italic=fonts.plain, boldItalic=fonts.bold
    )
    width, height = ((side - 2 * _MARGIN_MM) * MM for side in page)
    size = _LARGEST_PT
    while (blocks := _wrapped(card, size, fonts.plain, width, height)) is None:
        size -= _STEP_PT
        if size < _SMALLEST_PT:
            raise LabelError(
                "The card does not fit on one page in letters that can be read before a door; "
                "write less with --naloxone and --elsewhere, or take one language a card."
            )
    canvas = Canvas(page, "Doorknock: the card by the door", fonts)
    spare = height - sum(block.height for block in blocks)
    between_mm = spare / (len(blocks) - 1) / MM if len(blocks) > 1 else 0
    down = _MARGIN_MM if len(blocks) > 1 else _MARGIN_MM + spare / 3 / MM
    for number, block in enumerate(blocks):
        if number:
            canvas.line(_MARGIN_MM, down + between_mm / 2, width / MM)
            down += between_mm
        for paragraph, its_height in block.parts:
            canvas.paragraph(_MARGIN_MM, down, paragraph, its_height)
            down += (its_height + block.gap) / MM
        down -= block.gap / MM
    return canvas.pdf()


@dataclass(frozen=True)
class _Block:
    """What one language has to say: paragraphs with their heights, and the gap between, in pt."""

    parts: list[tuple[Paragraph, float]]
    gap: float

    @property
    def height(self) -> float:
        return sum(one for _, one in self.parts) + self.gap * (len(self.parts) - 1)


def _wrapped(
    card: DoorCard, size: float, font: str, width: float, height: float
) -> list[_Block] | None:
    """A block for each language; None where that is too much for the page."""
    blocks = []
    for language in card.languages:
        parts = []
        for number, line in enumerate(card.paragraphs(language)):
            letters = size if number else size * _TITLE
            style = ParagraphStyle(
                "door",
                fontName=font,
                fontSize=letters,
                leading=letters * _LEADING,
                splitLongWords=0,
            )
            paragraph = Paragraph(_markup(line), style)
            if paragraph.minWidth() > width:
                return None
            parts.append((paragraph, float(paragraph.wrap(width, height)[1])))
        blocks.append(_Block(parts, size * 0.5))
    gaps = (len(blocks) - 1) * _BETWEEN_MM * 2 * MM
    return blocks if sum(block.height for block in blocks) + gaps <= height else None


def _markup(line: list[tuple[str, bool]]) -> str:
    safe = [(html.escape(text), bold) for text, bold in line]
    return "".join(f"<b>{text}</b>" if bold else text for text, bold in safe)
