"""The releases that a gateway has: added by staff, handed to its devices piece by piece.

    data/release.pub                       the key that this gateway trusts, and gives its devices
    data/releases/VERSION/manifests/ARCH
    data/releases/VERSION/files/SHA256

Whoever writes here has verified it all before; a device verifies it again.
"""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from doorknock import manifest, wire
from doorknock.manifest import BadManifest, Manifest

from gateway.errors import ReleaseError
from gateway.release.keys import load_public, public_text
from gateway.release.release_file import FILES, MANIFESTS, Release
from gateway.secret_file import make_data_directory, write_private

_TRUSTED = "release.pub"
_RELEASES = "releases"
# A device that asks for what is not there must not have the disk searched each time.
_LOOK_AGAIN_S = 2.0


@dataclass(frozen=True)
class Version:
    """A release that is there. manifests: instruction set to the SHA-256 of its manifest, in hex;
    sizes: to its bytes. total: bytes of the application, the largest of them."""

    version: str
    over: str
    manifests: dict[str, str]
    sizes: dict[str, int]
    total: int
    new_key: bool


class Library:
    """The releases in this data directory. Any thread."""

    def __init__(self, data: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._data = data
        self._folder = data / _RELEASES
        self._clock = clock
        self._found: dict[str, tuple[Path, Manifest, bytes]] = {}
        self._looked = -_LOOK_AGAIN_S

    # --- the key ---------------------------------------------------------------------------

    @property
    def trusted(self) -> bytes:
        """The key that devices are set up with (the setting `release_key`); b"" for none.

        Raises ReleaseError."""
        path = self._data / _TRUSTED
        return load_public(path) if path.exists() else b""

    def trust(self, public: bytes) -> None:
        """From now on this key is trusted. What was added before stays: its devices verify it."""
        make_data_directory(self._data)
        write_private(self._data / _TRUSTED, public_text(public))

    # --- releases --------------------------------------------------------------------------

    def add(self, release: Release) -> bool:
        """Takes in a release that has been verified; False where it is there already. Raises
        ReleaseError where another of the same version is there."""
        folder = self._folder / release.version
        if folder.exists():
            for arch, signed in release.manifests.items():
                if _content(folder / MANIFESTS / arch) != signed:
                    raise ReleaseError(
                        f"Another release {release.version} is here already; a release that "
                        "differs needs another version."
                    )
            return False
        fresh = folder.with_name(f".{release.version}.new")
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            make_data_directory(self._folder)
            for kind, contents in ((MANIFESTS, release.manifests), (FILES, release.contents)):
                (fresh / kind).mkdir(parents=True)
                for name, content in contents.items():
                    _write(fresh / kind / name, content)
            fresh.rename(folder)
        except OSError as error:
            raise ReleaseError(
                f"The release cannot be kept in {self._folder}: {error.strerror}."
            ) from None
        self._looked = -_LOOK_AGAIN_S
        return True

    def remove(self, version: str) -> None:
        """Forgets a release. Raises ReleaseError where there is none."""
        self.get(version)
        shutil.rmtree(self._folder / version, ignore_errors=True)
        self._found.clear()

    def all(self) -> list[Version]:
        """The releases that are there, oldest version first."""
        found = []
        for folder in self._folder.glob("*") if self._folder.is_dir() else ():
            if manifest.parts(folder.name) is not None:
                with contextlib.suppress(BadManifest, OSError):
                    found.append(_version(folder))
        return sorted(found, key=lambda one: manifest.parts(one.version) or ())

    def get(self, version: str) -> Version:
        """The release of this version. Raises ReleaseError."""
        for one in self.all():
            if one.version == version:
                return one
        there = ", ".join(one.version for one in self.all()) or "none"
        raise ReleaseError(
            f"There is no release {version} here (there is {there}); add it with "
            "`doorknock release add FILE`."
        )

    # --- pieces ----------------------------------------------------------------------------

    def piece(self, digest: str, file: int, at: int) -> bytes | None:
        """Up to wire.PIECE_BYTES of a file from the byte *at* on; None where there is nothing.

        digest: of the manifest, SHA-256 in hex. file: wire.MANIFEST_FILE, or 1 for the first that
        it names."""
        found = self._of(digest)
        if found is None or at < 0:
            return None
        folder, one, signed = found
        if file == wire.MANIFEST_FILE:
            content = signed
        elif 1 <= file <= one.count:
            content = _content(folder / FILES / one.file(file - 1).digest.hex())
        else:
            return None
        return content[at : at + wire.PIECE_BYTES] or None

    def size(self, digest: str) -> int:
        """The bytes of all files of this manifest; 0 where it is unknown."""
        found = self._of(digest)
        return found[1].size if found is not None else 0

    def _of(self, digest: str) -> tuple[Path, Manifest, bytes] | None:
        if digest not in self._found and self._clock() - self._looked >= _LOOK_AGAIN_S:
            self._looked = self._clock()
            for path in self._folder.glob(f"*/{MANIFESTS}*"):
                signed = _content(path)
                with contextlib.suppress(BadManifest):
                    read = (path.parent.parent, Manifest(signed), signed)
                    self._found[hashlib.sha256(signed).hexdigest()] = read
        return self._found.get(digest)


def _version(folder: Path) -> Version:
    manifests = {}
    sizes = {}
    one = None
    total = 0
    for path in sorted((folder / MANIFESTS).iterdir()):
        signed = path.read_bytes()
        one = Manifest(signed)
        manifests[path.name] = hashlib.sha256(signed).hexdigest()
        sizes[path.name] = len(signed)
        total = max(total, one.size)
    if one is None:
        raise BadManifest("content")
    return Version(one.version, one.over, manifests, sizes, total, bool(one.next_key))


@lru_cache(maxsize=64)
def _cached(path: Path) -> bytes:
    return path.read_bytes()


def _content(path: Path) -> bytes:
    """A file's bytes, b"" where there is none. Files lie under their digests, so a few are kept."""
    try:
        return _cached(path) if path.parent.name + "/" == FILES else path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
