"""Reads an NVS partition as the chip does: what a flashed board finds at its first start.

The format is ESP-IDF's ("NVS internals" of its documentation): pages of 4 KB, each a header, a
bitmap of which entries are written, and 126 entries of 32 bytes. Of all that it knows we read what
MicroPython does: numbers of 32 bits and blobs.
"""

import struct
import zlib
from collections.abc import Iterator

_PAGE, _ENTRY, _ENTRIES = 4096, 32, 126
_ACTIVE, _FULL = 0xFFFFFFFE, 0xFFFFFFFC
_WRITTEN = 0b10
_U8, _I32, _BLOB_DATA, _BLOB_INDEX = 0x01, 0x14, 0x42, 0x48
_CRC_START = 0xFFFFFFFF


class BadPartition(Exception):
    """The chip would not read this either."""


def read(partition: bytes, namespace: str) -> dict[str, int | bytes]:
    """The settings in this namespace. Raises BadPartition."""
    spaces: dict[str, int] = {}
    numbers: dict[tuple[int, str], int] = {}
    parts: dict[tuple[int, str], dict[int, bytes]] = {}
    wanted: dict[tuple[int, str], tuple[int, int, int]] = {}
    for space, kind, chunk, key, data, rest in _entries(partition):
        if kind == _U8 and space == 0:
            spaces[key] = data[0]
        elif kind == _I32:
            numbers[space, key] = struct.unpack_from("<i", data)[0]
        elif kind == _BLOB_DATA:
            size, _, crc = struct.unpack("<HHI", data)
            if crc != _crc(rest[:size]):
                raise BadPartition(f"the content of {key} is damaged")
            parts.setdefault((space, key), {})[chunk] = rest[:size]
        elif kind == _BLOB_INDEX:
            wanted[space, key] = struct.unpack("<IBB2x", data)
    mine = spaces.get(namespace)
    found: dict[str, int | bytes] = {key: n for (space, key), n in numbers.items() if space == mine}
    for (space, key), (size, count, first) in wanted.items():
        if space == mine:
            whole = b"".join(parts[space, key][first + n] for n in range(count))
            if len(whole) != size:
                raise BadPartition(f"{key} has {len(whole)} bytes and not {size}")
            found[key] = whole
    return found


def _entries(partition: bytes) -> Iterator[tuple[int, int, int, str, bytes, bytes]]:
    """(namespace, type, chunk, key, 8 bytes of data, what follows it) of each written entry."""
    for at in range(0, len(partition), _PAGE):
        page = partition[at : at + _PAGE]
        state = int.from_bytes(page[:4], "little")
        if state not in (_ACTIVE, _FULL):
            continue
        if int.from_bytes(page[28:32], "little") != _crc(page[4:28]):
            raise BadPartition(f"the header of the page at {at:#x} is damaged")
        bitmap = int.from_bytes(page[32:64], "little")
        number = 0
        while number < _ENTRIES:
            if bitmap >> 2 * number & 3 != _WRITTEN:
                number += 1
                continue
            start = 64 + number * _ENTRY
            raw = page[start : start + _ENTRY]
            space, kind, span, chunk = raw[:4]
            if int.from_bytes(raw[4:8], "little") != _crc(raw[:4] + raw[8:]):
                raise BadPartition(f"entry {number} of the page at {at:#x} is damaged")
            key = raw[8:24].split(b"\0")[0].decode()
            rest = page[start + _ENTRY : start + span * _ENTRY]
            yield space, kind, chunk, key, raw[24:], rest
            number += max(span, 1)


def _crc(content: bytes) -> int:
    """The ROM's CRC-32: zlib's, begun with all ones."""
    return zlib.crc32(content, _CRC_START) & 0xFFFFFFFF
