"""Draws on PDF pages in mm from the top left: text in an embedded font, QR codes, lines.

What there is as a picture is a rendering of the same page, so the two cannot differ.
"""

import io
from functools import cache
from pathlib import Path

import pypdfium2
import segno
from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas as _Canvas

from gateway.errors import LabelError
from gateway.provision.labels.fitting import LEADING, Fitted

MM = 72 / 25.4
# DejaVu where Debian has it (fonts-dejavu-core): Latin, Greek, Cyrillic. Else what it was made
# from, and looks like, which comes with reportlab: the letters of Western Europe alone.
_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
_INSTALLED = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_BROUGHT = ("Vera.ttf", "VeraBd.ttf")
# Light modules around a QR code, without which readers miss it (ISO/IEC 18004: 4).
QUIET_MODULES = 4


@cache
def _font(file: str) -> TTFont:
    """A font, known to reportlab by the name of its file."""
    try:
        font = TTFont(file, file)
    except (TTFError, OSError) as error:
        raise LabelError(f"The font {file} cannot be used ({error}); name a .ttf file.") from None
    pdfmetrics.registerFont(font)
    return font


class Fonts:
    """A plain and a bold font; *given*: a .ttf file that is used for both. installed: where fonts
    of the system may be."""

    def __init__(self, given: Path | None = None, *, installed: Path = _DEJAVU) -> None:
        if given:
            self.plain = self.bold = str(given)
        elif all((installed / name).is_file() for name in _INSTALLED):
            self.plain, self.bold = (str(installed / name) for name in _INSTALLED)
        else:
            self.plain, self.bold = _BROUGHT
        _font(self.plain)
        _font(self.bold)

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """In points."""
        return float(pdfmetrics.stringWidth(text, self.bold if bold else self.plain, size))

    def check(self, text: str) -> None:
        """Raises LabelError where a letter is in none of the fonts: it would print as a box."""
        known = _font(self.bold).face.charToGlyph
        for letter in text:
            if ord(letter) not in known:
                raise LabelError(
                    f"The font has no letter {letter!r}, which is in {text!r}; name one that has, "
                    "with --font, or install some: sudo apt install fonts-dejavu-core."
                )


class Canvas:
    """Pages of one size in mm. `pdf()` ends it."""

    def __init__(self, page: tuple[float, float], title: str, fonts: Fonts) -> None:
        rl_config.invariant = 1  # the same labels are the same file
        self.page = page
        self.fonts = fonts
        self._out = io.BytesIO()
        self._canvas = _Canvas(self._out, pagesize=(page[0] * MM, page[1] * MM), invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("Doorknock")

    def next_page(self) -> None:
        self._canvas.showPage()

    def text(self, x: float, y: float, fitted: Fitted, *, bold: bool = False) -> float:
        """Draws the lines with their upper left corner at x, y; their lower edge, in mm."""
        self._canvas.setFont(self.fonts.bold if bold else self.fonts.plain, fitted.size)
        for place, line in enumerate(fitted.lines):
            # The baseline is where capitals stand: about 0.8 of the size below the top.
            baseline = y * MM + fitted.size * (0.8 + place * LEADING)
            self._canvas.drawString(x * MM, self.page[1] * MM - baseline, line)
        return y + fitted.height / MM

    def qr(self, x: float, y: float, side: float, content: str) -> float:
        """A QR code with its quiet zone within side × side; the size of one module, in mm."""
        code = segno.make(content, error="m", micro=False, boost_error=True)
        rows = [bytes(row) for row in code.matrix]
        module = side / (len(rows) + 2 * QUIET_MODULES)
        left, top = x + QUIET_MODULES * module, y + QUIET_MODULES * module
        path = self._canvas.beginPath()
        for down, row in enumerate(rows):
            # Runs, not modules: between two rectangles side by side printers leave a hair.
            for start, length in _runs(row):
                path.rect(
                    (left + start * module) * MM,
                    (self.page[1] - top - (down + 1) * module) * MM,
                    length * module * MM,
                    module * MM,
                )
        self._canvas.setFillGray(0)
        self._canvas.drawPath(path, stroke=0, fill=1)
        return module

    def box(self, x: float, y: float, width: float, height: float, *, dashed: bool = False) -> None:
        """An outline: where a label ends, or where to cut."""
        self._canvas.saveState()
        self._canvas.setLineWidth(0.3)
        self._canvas.setStrokeGray(0.5)
        if dashed:
            self._canvas.setDash(3, 3)
        self._canvas.rect(
            x * MM, (self.page[1] - y - height) * MM, width * MM, height * MM, stroke=1, fill=0
        )
        self._canvas.restoreState()

    def line(self, x: float, y: float, width: float) -> None:
        """A horizontal line."""
        self._canvas.setLineWidth(1.2)
        down = (self.page[1] - y) * MM
        self._canvas.line(x * MM, down, (x + width) * MM, down)

    def paragraph(self, x: float, y: float, drawn: object, height: float) -> None:
        """A reportlab paragraph that was wrapped to *height* points."""
        drawn.drawOn(self._canvas, x * MM, self.page[1] * MM - y * MM - height)  # type: ignore[attr-defined]

    def pdf(self) -> bytes:
        """The whole file."""
        self._canvas.save()
        return self._out.getvalue()


def _runs(row: bytes) -> list[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((place, 1))
    return runs


def png(pdf: bytes, dpi: int) -> bytes:
    """The first page of a PDF as a picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        out = io.BytesIO()
        picture = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
        picture.save(out, format="PNG", dpi=(dpi, dpi), optimize=True)
        return out.getvalue()
    finally:
        document.close()
