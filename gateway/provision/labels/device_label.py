"""What is on a device's label: its unit, its id, and its id as a QR code. Nothing else.

Nothing of it is secret, and nothing of it opens anything: whoever reads it can neither quieten a
sensor nor see a plan. The resident's page has a card of its own (resident_card.py).
"""

from dataclasses import dataclass

from gateway.errors import LabelError
from gateway.provision.labels.canvas import MM, Canvas, Fonts, png
from gateway.provision.labels.fitting import Fitted, fit
from gateway.provision.labels.sheets import Sheet

# Printers are off by so much.
_MARGIN_MM = 0.9
# Below, a telephone's camera does not read it (three dots at 300 dpi).
_SMALLEST_MODULE_MM = 0.25
_LARGEST_CODE_MM = 30.0
_UNIT_PT = 34.0
# Lines and size of the id, what is liked best first: in one line, if that can be read; in letters
# of less than 5 pt nobody reads it.
_SIZES_PT = (11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.5, 5.0)
_ID = tuple((lines, size) for lines in (1, 2, 3) for size in _SIZES_PT)
_UNIT_OVER_ID = 1.3
_GAP_MM = 0.8
# Of the id's digits.
_GROUP = 4


@dataclass(frozen=True)
class DeviceLabel:
    """device: 12 hex digits. kind: what it is, in the language of whoever reads the label."""

    device: str
    unit: str
    kind: str

    @property
    def code(self) -> str:
        """What the QR code holds: the id alone, in capitals, which need a smaller code."""
        return self.device.upper()

    @property
    def groups(self) -> str:
        """The id as it is easily typed: "d002 0000 0204"."""
        digits = self.device
        return " ".join(digits[i : i + _GROUP] for i in range(0, len(digits), _GROUP))


def draw(
    canvas: Canvas, label: DeviceLabel, x: float, y: float, width: float, height: float
) -> None:
    """Draws a label at x, y (mm). Raises LabelError where something does not fit."""
    side = min(height, 0.45 * width, _LARGEST_CODE_MM)
    module = canvas.qr(x, y + (height - side) / 2, side, label.code)
    if module < _SMALLEST_MODULE_MM:
        raise LabelError(
            f"A QR code on a label of {width:g} × {height:g} mm would be too small to be read; "
            "take a larger label with --sheet."
        )
    left, room_mm = x + side, width - side - _MARGIN_MM
    unit, device, kind = _lines(canvas.fonts, label, room_mm * MM, (height - 2 * _MARGIN_MM) * MM)
    used = (unit.height + device.height + (kind.height if kind else 0)) / MM
    gaps = 2 if kind else 1
    down = y + (height - used - gaps * _GAP_MM) / 2
    down = canvas.text(left, down, unit, bold=True) + _GAP_MM
    down = canvas.text(left, down, device) + _GAP_MM
    if kind:
        canvas.text(left, down, kind)


def _lines(
    fonts: Fonts, label: DeviceLabel, width: float, height: float
) -> tuple[Fitted, Fitted, Fitted | None]:
    """Unit, id, and what it is where there is room for that too. Raises LabelError."""
    for text in (label.unit, label.kind):
        fonts.check(text)

    def bold(text: str, size: float) -> float:
        return fonts.width(text, size, bold=True)

    gap = _GAP_MM * MM
    for words in (label.kind, ""):
        for lines, size in _ID:
            device = fit(label.groups, fonts.width, width, height, size, size, most_lines=lines)
            kind = fit(words, fonts.width, width, height, size, size) if words else None
            if device is None or (words and kind is None):
                continue
            left = height - device.height - gap - (kind.height + gap if kind else 0)
            # The room is what one looks for: it is larger than the rest, if that can be.
            least = size * _UNIT_OVER_ID if (lines, size) != _ID[-1] else size
            unit = fit(label.unit, bold, width, left, _UNIT_PT, least, most_lines=3)
            if unit is not None:
                return unit, device, kind
    raise LabelError(
        f"{label.unit!r} does not fit on a label with {width / MM:.0f} × {height / MM:.0f} mm for "
        "text; take a larger label with --sheet, or give the unit a shorter name."
    )


def pdf(
    labels: list[DeviceLabel], sheet: Sheet, start: int, fonts: Fonts, *, outline: bool
) -> bytes:
    """Sheets of labels, from place *start* of the first on. Raises LabelError."""
    canvas = Canvas(sheet.page, "Doorknock: labels", fonts)
    page = 0
    for label, (on, place) in zip(labels, sheet.deal(len(labels), start), strict=True):
        if on != page:
            canvas.next_page()
            page = on
        x, y = sheet.place(place)
        if outline:
            canvas.box(x, y, *sheet.label)
        draw(canvas, label, x, y, *sheet.label)
    return canvas.pdf()


def picture(label: DeviceLabel, size: tuple[float, float], dpi: int, fonts: Fonts) -> bytes:
    """One label as a PNG. Raises LabelError."""
    canvas = Canvas(size, f"Doorknock: {label.device}", fonts)
    draw(canvas, label, 0, 0, *size)
    return png(canvas.pdf(), dpi)
