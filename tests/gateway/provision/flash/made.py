"""MicroPython images that esptool and we take for real: bootloader, partition table, a program.

The formats are ESP-IDF's: "Firmware Image Format" of esptool's documentation, gen_esp32part.py.
"""

import hashlib
import random
import struct

CHIP_ID = {"esp32": 0, "esp32s3": 9, "esp32c3": 5, "esp32c6": 13}
OFFSET = {"esp32": 0x1000, "esp32s3": 0, "esp32c3": 0, "esp32c6": 0}
PROGRAM = 0x10000
FILES = 0x200000


def program(chip: str, size: int, seed: int = 0) -> bytes:
    """A program for `chip` with one segment of `size` bytes, checksum and hash right."""
    chance = random.Random(seed)
    # Half of it compresses, as code does.
    data = b"".join(chance.randbytes(16) + b"doorknock " * 2 for _ in range(size // 36))
    data = data.ljust(-(-len(data) // 4) * 4, b"\0")
    head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40000000)
    extended = struct.pack(
        "<B3sHBHH4sB", 0xEE, b"\0\0\0", CHIP_ID[chip], 0, 0, 0xFFFF, b"\0" * 4, 1
    )
    body = head + extended + struct.pack("<II", 0x3FFB0000, len(data)) + data
    checksum = 0xEF
    for byte in data:
        checksum ^= byte
    body += b"\0" * (15 - len(body) % 16) + bytes([checksum])
    return body + hashlib.sha256(body).digest()


def table(*, files: bool = False) -> bytes:
    """MicroPython's own table; with files, as before 1.26, or without."""
    rows = [
        (1, 2, 0x9000, 0x6000, b"nvs"),
        (1, 1, 0xF000, 0x1000, b"phy_init"),
        (0, 0, PROGRAM, FILES - PROGRAM, b"factory"),
    ]
    if files:
        rows.append((1, 0x81, FILES, 0x200000, b"vfs"))
    entries = [
        struct.pack("<HBBII16sI", 0x50AA, kind, sub, start, size, label, 0)
        for kind, sub, start, size, label in rows
    ]
    joined = b"".join(entries)
    return joined + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(joined, usedforsecurity=False).digest()


def micropython(chip: str, size: int = 60_000, *, seed: int = 0, files: bool = False) -> bytes:
    """An image as micropython.org publishes them."""
    offset = OFFSET[chip]
    image = program(chip, 4_000).ljust(0x8000 - offset, b"\xff") + table(files=files)
    return image.ljust(PROGRAM - offset, b"\xff") + program(chip, size, seed)
