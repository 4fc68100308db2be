"""A release as one file: what is made on one computer and brought to gateways.

A ZIP with `manifests/ARCH` for each instruction set and `files/SHA256` for each content that they
name. Nothing in it is believed before a manifest's signature is verified and each content has been
compared with its digest; what it unpacks to is bounded before it is unpacked.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doorknock import manifest, wire
from doorknock.manifest import BadManifest, Manifest

from gateway.errors import ReleaseError
from gateway.release.keys import ReleaseKey

SUFFIX = ".doorknock"
MANIFESTS = "manifests/"
FILES = "files/"
# Five instruction sets of 60 files that share most of them; two chips of ours are two.
_MOST_ENTRIES = 1000
_LONGEST_BYTES = 16 << 20


@dataclass(frozen=True)
class Release:
    """One version of the application. manifests: instruction set to signed bytes. contents: by
    their SHA-256, in hex."""

    version: str
    over: str
    manifests: Mapping[str, bytes]
    contents: Mapping[str, bytes]

    def read(self, arch: str) -> Manifest:
        """The manifest for an instruction set, verified when the release was read."""
        return Manifest(self.manifests[arch])

    @property
    def next_key(self) -> bytes:
        """The key that devices trust once they run this; b"" where that does not change."""
        return self.read(min(self.manifests)).next_key


def sign(
    key: ReleaseKey,
    version: str,
    applications: Mapping[str, Mapping[str, bytes]],
    *,
    over: str = "",
    next_key: bytes = b"",
) -> Release:
    """A release of these applications: instruction set to path to content. ReleaseError."""
    manifests = {}
    contents = {}
    for arch, files in applications.items():
        listed = {}
        for path, content in files.items():
            digest = hashlib.sha256(content)
            contents[digest.hexdigest()] = content
            listed[path] = (len(content), digest.digest())
        try:
            manifests[arch] = key.sign(manifest.body(arch, version, listed, over, next_key))
        except ValueError as error:
            raise ReleaseError(
                f"The application cannot be released: {error}; a version is three numbers such as "
                "1.4.0, a file is at most 64 KB."
            ) from None
    return Release(version, over, manifests, contents)


def write(release: Release, path: Path) -> None:
    """Writes the new file *path*. Raises ReleaseError."""
    try:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            for arch in sorted(release.manifests):
                archive.writestr(_entry(MANIFESTS + arch), release.manifests[arch])
            for digest in sorted(release.contents):
                archive.writestr(_entry(FILES + digest), release.contents[digest])
    except FileExistsError:
        raise ReleaseError(f"There is a file {path} already; name another.") from None
    except OSError as error:
        raise ReleaseError(f"The release {path} cannot be written: {error.strerror}.") from None


def _entry(name: str) -> zipfile.ZipInfo:
    # Without the hour at which it was made: the same release is the same file.
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def read(path: Path, public: bytes) -> Release:
    """The release in the file *path*, every byte of it verified. Raises ReleaseError."""
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            raise ReleaseError(f"{path} is too large to be a release; name another file.")
        return read_bytes(path.read_bytes(), public, str(path))
    except OSError as error:
        raise ReleaseError(f"The release {path} cannot be read: {error.strerror}.") from None


def read_bytes(content: bytes, public: bytes, name: str) -> Release:
    """The same of the bytes of such a file."""
    manifests, contents = _unpacked(content, name)
    read_manifests = {}
    for arch, signed in manifests.items():
        try:
            read_manifests[arch] = manifest.read(signed, public)
        except BadManifest as bad:
            why = "is not signed with the key that this gateway trusts"
            if str(bad) != "signature":
                why = "is damaged, or of another Doorknock"
            raise ReleaseError(f"The release {name} {why}; do not use it.") from None
        if read_manifests[arch].arch != arch:
            raise ReleaseError(f"The release {name} is damaged; take another copy of it.")
    first = read_manifests[min(read_manifests)]
    for one in read_manifests.values():
        if (one.version, one.over, one.next_key) != (first.version, first.over, first.next_key):
            raise ReleaseError(f"The release {name} is of several versions; do not use it.")
        _check_contents(one, contents, name)
    return Release(first.version, first.over, manifests, contents)


def _check_contents(one: Manifest, contents: Mapping[str, bytes], name: str) -> None:
    for index in range(one.count):
        file = one.file(index)
        content = contents.get(file.digest.hex())
        if (
            content is None
            or len(content) != file.size
            or hashlib.sha256(content).digest() != file.digest
        ):
            raise ReleaseError(
                f"The release {name} lacks {file.path}, or it is damaged; take another copy of it."
            )


def _unpacked(content: bytes, name: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    manifests: dict[str, bytes] = {}
    contents: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES or sum(e.file_size for e in entries) > _LONGEST_BYTES:
                raise ReleaseError(f"{name} is too large to be a release; name another file.")
            for entry in entries:
                folder, slash, last = entry.filename.partition("/")
                if folder + slash == MANIFESTS and last in wire.ARCHES:
                    manifests[last] = archive.read(entry)
                elif folder + slash == FILES and _is_digest(last):
                    contents[last] = archive.read(entry)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):
        manifests = {}
    if not manifests:
        raise ReleaseError(
            f"{name} is no release, or damaged; name a file that `doorknock release make` has made."
        )
    return manifests, contents


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)
