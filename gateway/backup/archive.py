"""What is in a backup, under its seal: a tar file (POSIX pax).

    manifest.json    {"format": 1, "made_at_ms", "doorknock", "gateway", "site", "files": {name:
                     {"bytes", "sha256"}}}
    gateway.toml     the configuration
    data/…           the data directory: the stores as consistent copies by SQLite, secrets.toml,
                     and all that staff have put there (addresses of phones, keys)

Not in it: what the gateway writes anew (the broker's folder, the lock).
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from gateway.backup.sealed import DAMAGED
from gateway.errors import BackupError

FORMAT = 1
MANIFEST = "manifest.json"
CONFIGURATION = "gateway.toml"
DATA = "data"
# A house's manifest is some KiB, its configuration too.
_LONGEST_TEXT_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. files: name in the archive to (bytes, SHA-256 in hex)."""

    made_at_ms: int
    doorknock: str
    gateway: str
    site: str
    files: dict[str, tuple[int, str]]

    def to_json(self) -> bytes:
        files = {name: {"bytes": size, "sha256": sha} for name, (size, sha) in self.files.items()}
        body = {
            "format": FORMAT,
            "made_at_ms": self.made_at_ms,
            "doorknock": self.doorknock,
            "gateway": self.gateway,
            "site": self.site,
            "files": files,
        }
        return json.dumps(body, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        try:
            body: Any = json.loads(text)
            if body["format"] != FORMAT:
                raise BackupError(
                    f"The backup is of format {body['format']}; a newer Doorknock can read it."
                )
            files = {
                str(name): (int(one["bytes"]), str(one["sha256"]))
                for name, one in body["files"].items()
            }
            return cls(
                int(body["made_at_ms"]),
                str(body["doorknock"]),
                str(body["gateway"]),
                str(body["site"]),
                files,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupError(DAMAGED) from None


def describe(path: Path) -> tuple[int, str]:
    """(bytes, SHA-256) of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def write_archive(out: Any, manifest: Manifest, files: dict[str, Path]) -> None:
    """Writes the archive to *out*. files: name in the archive to the file that holds it."""
    # Buffered: a raw file need not take all it is given.
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        text = manifest.to_json()
        archive.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
        for name, path in files.items():
            with path.open("rb") as file:
                archive.addfile(_entry(name, manifest.files[name][0]), file)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


class Archive:
    """Reads an archive front to back: `manifest` and `configuration` first, then `files()`."""

    def __init__(self, source: Any) -> None:
        try:
            self._source = source
            self._archive = tarfile.open(fileobj=source, mode="r|")  # noqa: SIM115  closed below
            self.manifest = Manifest.from_json(self._text(MANIFEST))
            text = self._text(CONFIGURATION)
            self._expect(CONFIGURATION, len(text), hashlib.sha256(text).hexdigest())
            self.configuration = text.decode()
        except (tarfile.TarError, UnicodeError, EOFError):
            raise BackupError(DAMAGED) from None

    def files(self) -> Iterator[tuple[PurePosixPath, "Content"]]:
        """(path below the data directory, content) of each; a content is to be copied, and is
        verified by it. Raises BackupError at whatever is wrong, at the latest at the end."""
        wanted = {name for name in self.manifest.files if name != CONFIGURATION}
        try:
            while (entry := self._archive.next()) is not None:
                file = self._archive.extractfile(entry)
                path = PurePosixPath(entry.name)
                safe = path.parts[:1] == (DATA,) and len(path.parts) > 1 and ".." not in path.parts
                if file is None or not safe or entry.name not in wanted:
                    raise BackupError(DAMAGED)
                wanted.discard(entry.name)
                content = Content(file, self.manifest.files[entry.name])
                yield path.relative_to(DATA), content
            # To the very end: what is cut off behind the last file is cut off as well.
            while self._source.read(_BLOCK_BYTES):
                pass
        except (tarfile.TarError, EOFError):
            raise BackupError(DAMAGED) from None
        if wanted:
            raise BackupError(DAMAGED)

    def _text(self, name: str) -> bytes:
        entry = self._archive.next()
        if entry is None or entry.name != name or entry.size > _LONGEST_TEXT_BYTES:
            raise BackupError(DAMAGED)
        file = self._archive.extractfile(entry)
        if file is None:
            raise BackupError(DAMAGED)
        return file.read()

    def _expect(self, name: str, size: int, sha256: str) -> None:
        if self.manifest.files.get(name) != (size, sha256):
            raise BackupError(DAMAGED)


class Content:
    """One file of an archive."""

    def __init__(self, source: Any, expected: tuple[int, str]) -> None:
        self._source = source
        self._expected = expected

    def copy_to(self, out: BinaryIO) -> None:
        """Raises BackupError where it is not what the manifest promised."""
        digest, size = hashlib.sha256(), 0
        while block := self._source.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            out.write(block)
        if (size, digest.hexdigest()) != self._expected:
            raise BackupError(DAMAGED)
