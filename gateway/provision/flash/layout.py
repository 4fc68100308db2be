"""Where things lie on the flash, as the MicroPython image itself says by its partition table.

The image and not our own data decides, since MicroPython goes by it. The table's format: ESP-IDF's
`gen_esp32part.py`, 32 bytes an entry, ended by an MD5 or by blank flash.
"""

import struct
from dataclasses import dataclass

from gateway.provision.flash.trouble import BadImage, WrongBoard

# Where ESP-IDF puts the table on every chip (CONFIG_PARTITION_TABLE_OFFSET, as MicroPython has it).
_TABLE = 0x8000
_ENTRY = struct.Struct("<HBBII16sI")
_MAGIC = 0x50AA
_MOST_ENTRIES = 95
# MicroPython looks for its files under either name.
_FILES = ("vfs", "ffat")
_NVS = "nvs"


@dataclass(frozen=True)
class Partition:
    """A span of flash: `start` and `size` in bytes."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.size


@dataclass(frozen=True)
class Layout:
    """Where the settings (NVS), the program and the files lie."""

    settings: Partition
    program: Partition
    files: Partition


def read_layout(image: bytes, image_offset: int, flash_bytes: int) -> Layout:
    """The layout that `image`, which lies at `image_offset`, makes of a flash of `flash_bytes`.

    Raises BadImage where there is no table, WrongBoard where the flash is too small for it.
    """
    table = _entries(image, image_offset)
    program = next((part for kind, _, part in table if kind == 0), None)
    settings = next((part for _, label, part in table if label == _NVS), None)
    if program is None or settings is None:
        raise BadImage(
            "The image has no partition table as MicroPython's have: take the .bin file for this "
            "board from micropython.org."
        )
    last = max(part.end for _, _, part in table)
    files = next((part for _, label, part in table if label in _FILES), None)
    if files is None:
        # Since 1.26 the generic images leave it out, and MicroPython takes what is left over.
        files = Partition(last, flash_bytes - last)
    if max(last, files.end) > flash_bytes or files.size <= 0:
        raise WrongBoard(
            f"The image is for a board with more flash than the {flash_bytes >> 20} MB of this "
            "one: use the image that is named for this board, or a board with more flash."
        )
    return Layout(settings, program, files)


def _entries(image: bytes, image_offset: int) -> list[tuple[int, str, Partition]]:
    """(type, label, partition) of each entry; type 0 is a program, 1 is data."""
    found = []
    at = _TABLE - image_offset
    for _ in range(_MOST_ENTRIES):
        raw = image[at : at + _ENTRY.size]
        if len(raw) < _ENTRY.size:
            break
        magic, kind, _, start, size, label, _ = _ENTRY.unpack(raw)
        if magic != _MAGIC:
            break
        name = label.rstrip(b"\0").decode("ascii", "replace")
        found.append((kind, name, Partition(start, size)))
        at += _ENTRY.size
    return found
