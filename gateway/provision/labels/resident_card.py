"""The resident's card: a QR code and a PIN, to be cut out and handed over in person.

Inside the line is what the resident keeps; nothing there says which room it is of.
"""

from dataclasses import dataclass, field

from gateway.errors import LabelError
from gateway.provision.labels.canvas import MM, Canvas, Fonts
from gateway.provision.labels.door_card import PAPERS, WORDS
from gateway.provision.labels.fitting import Fitted, fit

# A6, across.
_WIDTH_MM, _HEIGHT_MM = 148.0, 105.0
_EDGE_MM = 20.0
_INSIDE_MM = 7.0
_CODE_MM = 52.0
_GAP_MM = 3.0


@dataclass(frozen=True)
class ResidentCard:
    """address: of the page. heading: for staff, outside the line."""

    address: str
    pin: str = field(repr=False)
    language: str
    heading: str


def pdf(card: ResidentCard, paper: str, fonts: Fonts) -> bytes:
    """One page. Raises LabelError where something does not fit."""
    canvas = Canvas(PAPERS[paper], "Doorknock", fonts)
    fonts.check(card.heading)
    heading = _fit(fonts, card.heading, _WIDTH_MM, 9, 11, 6, 2)
    canvas.text(_EDGE_MM, _EDGE_MM - 11, heading)
    canvas.box(_EDGE_MM, _EDGE_MM, _WIDTH_MM, _HEIGHT_MM, dashed=True)
    left, top = _EDGE_MM + _INSIDE_MM, _EDGE_MM + _INSIDE_MM
    canvas.qr(left, top, _CODE_MM, card.address)
    address = _fit_anywhere(fonts, card.address, _CODE_MM)
    canvas.text(left, top + _CODE_MM + 1, address)

    def say(key: str) -> str:
        return WORDS.say(card.language, f"card_{key}")

    x = left + _CODE_MM + _GAP_MM
    width = _WIDTH_MM - 2 * _INSIDE_MM - _CODE_MM - _GAP_MM
    y = canvas.text(x, top + 2, _fit(fonts, say("title"), width, 12, 22, 12, 1), bold=True)
    y = canvas.text(x, y + _GAP_MM, _fit(fonts, say("scan"), width, 16, 11, 8, 3))
    pin = f"{card.pin[:3]} {card.pin[3:]}"
    y = canvas.text(x, y + _GAP_MM, _fit(fonts, pin, width, 14, 34, 20, 1), bold=True)
    canvas.text(x, y + _GAP_MM, _fit(fonts, say("what"), width, 30, 9, 7, 7))
    below = top + _CODE_MM + 1 + address.height / MM + _GAP_MM
    room = _EDGE_MM + _HEIGHT_MM - _INSIDE_MM - below
    keep = _fit(fonts, say("keep"), _WIDTH_MM - 2 * _INSIDE_MM, room, 12, 8, 4)
    canvas.text(left, below, keep)
    return canvas.pdf()


def _fit(
    fonts: Fonts,
    text: str,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    lines: int,
) -> Fitted:
    # Measured as bold, which is the wider.
    fitted = fit(
        text,
        lambda line, size: fonts.width(line, size, bold=True),
        width * MM,
        height * MM,
        largest,
        smallest,
        most_lines=lines,
    )
    if fitted is None:
        raise LabelError(f"{text!r} does not fit on the card.")
    return fitted


def _fit_anywhere(fonts: Fonts, text: str, width: float, size: float = 6.5) -> Fitted:
    """An address has no spaces: broken where the line is full, and typed without a break."""
    lines = [""]
    for letter in text:
        if fonts.width(lines[-1] + letter, size) > width * MM:
            lines.append("")
        lines[-1] += letter
    if len(lines) > 3:
        raise LabelError(f"The address {text} is too long for a card; shorten 'base_url'.")
    return Fitted(tuple(lines), size)
