"""A house with devices to label, and eyes for what was printed."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from gateway import devices
from gateway.store import Store, open_store

CONFIG = '[web]\nlanguage = "es"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A gateway's configuration; its data is in `data`, where no store is yet."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """Its store: a button and a sensor in 204, a sensor in the washroom, one retired."""
    opened = open_store(f"sqlite:///{home / 'data' / 'gateway.db'}")
    new = [
        ("d00200000204", "204", "button"),
        ("d00200001204", "204", "sensor"),
        ("d00200000001", "Washroom", "sensor"),
        ("d00200000009", "209", "button"),
    ]
    for number, (device, unit, kind) in enumerate(new):
        devices.register(opened, device, bytes([number, 255] * 16), unit, kind, now_ms=1)
    devices.retire(opened, "d00200000009", now_ms=2)
    yield opened
    opened.close()


def pages(pdf: bytes) -> list[str]:
    """The text of each page. A hyphen at a line's end, which PDFium marks as U+0002, is one."""
    document = pypdfium2.PdfDocument(pdf)
    found = [page.get_textpage().get_text_bounded().replace("\x02", "-") for page in document]
    document.close()
    return [" ".join(text.split()) for text in found]


def codes(picture: Image.Image) -> list[str]:
    """What a telephone reads in it."""
    return sorted(one.text for one in zxingcpp.read_barcodes(picture))


def seen(pdf: bytes, dpi: int = 300, page: int = 0) -> Image.Image:
    """A page as a printer of so many dots an inch prints it."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[page].render(scale=dpi / 72).to_pil().convert("L")
    document.close()
    return picture
