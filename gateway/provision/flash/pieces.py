"""What is to be written, cut into pieces, each written, verified and remembered by itself."""

import hashlib
from dataclasses import dataclass, field

from gateway.provision.flash.layout import Layout

# The chip erases by 4 KB.
SECTOR = 4096
# Some 6 s at 460,800 baud: what is written again at the most after a cable was pulled.
_LONGEST = 256 * 1024
# Blank sectors between two used ones that are not worth a piece of their own: each costs the chip
# half a second of talk, and 16 sectors are erased in less.
_GAP = 16 * SECTOR
_BLANK = b"\xff" * SECTOR


@dataclass(frozen=True)
class Piece:
    """`content` for the flash at byte `offset`; part: "micropython", "application", "settings"."""

    part: str
    offset: int
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def cut(
    layout: Layout,
    image_offset: int,
    image: bytes,
    files: bytes,
    settings: bytes | None,
) -> tuple[Piece, ...]:
    """The pieces of MicroPython `image`, file system `files` and `settings` (None: left alone).

    What the image holds where the settings lie is never written: it is padding there, and would
    wipe them. The settings come last: whoever has them has everything.
    """
    program = image.ljust(len(image) + -len(image) % 4, b"\xff")
    before = program[: max(0, layout.settings.start - image_offset)]
    after = program[layout.settings.end - image_offset :]
    pieces = [
        *_cut_one("micropython", image_offset, before),
        *_cut_one("micropython", layout.settings.end, after),
        *_cut_one("application", layout.files.start, files),
    ]
    if settings is not None:
        whole = settings.ljust(layout.settings.size, b"\xff")
        pieces.append(Piece("settings", layout.settings.start, whole))
    return tuple(pieces)


def _cut_one(part: str, offset: int, content: bytes) -> list[Piece]:
    """The used stretches of `content`, none longer than _LONGEST."""
    pieces = []
    for start, end in _used(content):
        for at in range(start, end, _LONGEST):
            pieces.append(Piece(part, offset + at, content[at : min(end, at + _LONGEST)]))
    return pieces


def _used(content: bytes) -> list[tuple[int, int]]:
    """(start, end) of the stretches that are not blank; small gaps between them are taken in."""
    stretches: list[tuple[int, int]] = []
    for at in range(0, len(content), SECTOR):
        sector = content[at : at + SECTOR]
        if sector == _BLANK[: len(sector)]:
            continue
        end = at + len(sector)
        if stretches and at - stretches[-1][1] <= _GAP:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((at, end))
    return stretches
