"""Releases for simulated boards: our firmware under another version, changed as a test wants."""

import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

import doorknock
from cryptography.hazmat.primitives.asymmetric import rsa
from doorknock import wire

from gateway.provision.image import package
from gateway.release.keys import ReleaseKey
from gateway.release.release_file import Release, sign

FIRMWARE = Path(doorknock.__path__[0])
KEY = ReleaseKey(rsa.generate_private_key(65537, 3072))
ANOTHER_KEY = ReleaseKey(rsa.generate_private_key(65537, 3072))


@lru_cache(maxsize=32)
def application(folder: Path, version: str, *changes: tuple[str, str]) -> dict[str, bytes]:
    """Our firmware compiled for x64, saying that it is `version`. changes: (file of the package,
    text put at its end)."""
    work = folder / hashlib.sha256(repr((version, changes)).encode()).hexdigest()[:8]
    shutil.copytree(FIRMWARE, work / "doorknock", ignore=shutil.ignore_patterns("__pycache__"))
    changed = (("version.py", f'FIRMWARE = "{version}"\n'), *changes)
    for name, text in changed:
        path = work / "doorknock" / name
        path.write_text(path.read_text() + "\n" + text)
    return package("x64", work)


def release(
    folder: Path, version: str, *changes: tuple[str, str], key: ReleaseKey = KEY, **rest
) -> Release:
    """The same, signed."""
    return sign(key, version, {"x64": application(folder, version, *changes)}, **rest)


def order_of(made: Release) -> dict[str, int | str]:
    """The details of an `update` order for it."""
    signed = made.manifests["x64"]
    return {"manifest": hashlib.sha256(signed).hexdigest(), "size": len(signed)}


def piece_of(made: Release, want: wire.Message, number: int) -> bytes:
    """The data of the n-th piece (from 0) that a `want` asks for; b"" beyond the end."""
    file, at = int(want.details["file"]), int(want.details["at"])
    if file == wire.MANIFEST_FILE:
        content = made.manifests["x64"]
    else:
        content = made.contents[made.read("x64").file(file - 1).digest.hex()]
    return content[at + number * wire.PIECE_BYTES :][: wire.PIECE_BYTES]
