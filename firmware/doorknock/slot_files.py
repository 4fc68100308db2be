"""Files of an application in its slot: looked at, copied, cleared away. Raises OSError.

No file is ever in memory as a whole, but the manifest, which is bounded.
"""

import hashlib
import os

from doorknock import manifest

_CHUNK_BYTES = 512
_WHOLE = "whole"
_FOLDER = 0x4000
# What littlefs takes for a file and its folder's share, at the most, beside whole blocks.
_BLOCK_BYTES = 4096


def content(path: str, size: int) -> bytes:
    """The whole of a file of this size; b"" where it is none."""
    try:
        with open(path, "rb") as file:
            found = file.read(size + 1)
    except OSError:
        return b""
    return found if len(found) == size else b""


def digest(path: str) -> bytes:
    """The SHA-256 of a file; b"" where there is none."""
    hashed = hashlib.sha256()
    buffer = bytearray(_CHUNK_BYTES)
    view = memoryview(buffer)
    try:
        with open(path, "rb") as file:
            while True:
                count = file.readinto(buffer)
                if not count:
                    return hashed.digest()
                hashed.update(view[:count])
    except OSError:
        return b""


def copy(path: str, to: str) -> None:
    """Copies a file over another."""
    make_folder(to)
    buffer = bytearray(_CHUNK_BYTES)
    view = memoryview(buffer)
    with open(path, "rb") as source, open(to, "wb") as file:
        while True:
            count = source.readinto(buffer)
            if not count:
                return
            file.write(view[:count])


def make_folder(path: str) -> None:
    """Makes the folders that a file of this path lies in."""
    at = path.find("/")
    while at > 0:
        if not _is_there(path[:at]):
            os.mkdir(path[:at])
        at = path.find("/", at + 1)


def clear(slot: str, wanted) -> None:
    """The slot is whole no more, and holds no file that the manifest `wanted` does not name."""
    _remove(slot + "/" + _WHOLE)
    named = [slot + "/" + wanted.file(index).path for index in range(wanted.count)]
    _clear(slot, named)


def _clear(folder: str, named: list) -> None:
    try:
        found = [(one[0], one[1]) for one in os.ilistdir(folder)]
    except OSError:
        return
    for name, kind in found:
        path = folder + "/" + name
        if kind == _FOLDER:
            _clear(path, named)
        elif path not in named:
            _remove(path)


def mark_whole(slot: str, signed: str) -> None:
    """The slot holds a whole application, with the manifest in the file `signed`."""
    copy(signed, slot + "/" + _WHOLE)


def next_key(slot: str) -> bytes:
    """The key that the manifest of a whole slot names; b"" for none."""
    try:
        with open(slot + "/" + _WHOLE, "rb") as file:
            return manifest.Manifest(file.read(manifest.LONGEST_BYTES)).next_key
    except (OSError, manifest.BadManifest):
        return b""


def lacking_bytes(slot: str, wanted) -> int:
    """How much flash the application takes beyond what lies in the slot already, in whole blocks.

    What lies there under the name of a file is overwritten; what is wrong about this is on the safe
    side, for littlefs keeps small files within their folder."""
    lacking = 0
    for index in range(wanted.count):
        one = wanted.file(index)
        lacking += _blocks(one.size) - _blocks(_size(slot + "/" + one.path))
    return max(lacking, 0)


def free() -> int:
    """Bytes that are free on flash."""
    found = os.statvfs(".")
    return found[0] * found[3]


def _blocks(size: int) -> int:
    return (size + _BLOCK_BYTES - 1) // _BLOCK_BYTES * _BLOCK_BYTES


def _size(path: str) -> int:
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def _is_there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _remove(path: str) -> None:
    if _is_there(path):
        os.remove(path)
