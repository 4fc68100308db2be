"""Releases for simulated boards: our firmware under another version, changed as a test wants."""

import hashlib
from pathlib import Path

import doorknock
from cryptography.hazmat.primitives.asymmetric import rsa
from doorknock import wire

from gateway.release.keys import ReleaseKey
from gateway.release.release_file import Release, sign
from sim.building.releases import application

FIRMWARE = Path(doorknock.__path__[0]).parent
KEY = ReleaseKey(rsa.generate_private_key(65537, 3072))
ANOTHER_KEY = ReleaseKey(rsa.generate_private_key(65537, 3072))


def release(version: str, *changes: tuple[str, str], key: ReleaseKey = KEY, **rest) -> Release:
    """Our firmware as this version, changed so (sim/building/releases.py), signed."""
    return sign(key, version, {"x64": application(FIRMWARE, version, *changes)}, **rest)


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
