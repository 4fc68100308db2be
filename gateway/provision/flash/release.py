"""MicroPython for a board: a file somebody brought, or the published one, fetched once and kept."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway.provision.chips import Image as Release
from gateway.provision.flash.trouble import BadImage, NoImage

# Twice the largest image there is; more is no MicroPython.
_MOST_BYTES = 8 << 20
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class MicroPython:
    """An image. vouched: its hash is the one we know; where not, a person has to compare."""

    content: bytes
    sha256: str
    vouched: bool


Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """Downloads a file. Raises httpx.HTTPError, also where it is too long."""
    content = bytearray()
    with httpx.stream("GET", url, timeout=_PATIENCE_S, follow_redirects=True) as answer:
        answer.raise_for_status()
        for some in answer.iter_bytes():
            content += some
            if len(content) > _MOST_BYTES:
                raise httpx.DecodingError("far too long for a MicroPython image")
    return bytes(content)


class Releases:
    """The images that were fetched, in `folder`; each stays there for the next board."""

    def __init__(self, folder: Path, *, fetched_by: Fetch = fetch) -> None:
        self._folder = folder
        self._fetch = fetched_by

    def from_file(self, brought: Path, release: Release, *, unpinned: bool = False) -> MicroPython:
        """The image somebody brought: a file, or a folder that has it under its published name.

        It is kept for the next board, as a fetched one is. unpinned: it need not be the release
        that the board is known with, and is not kept. Raises BadImage, NoImage.
        """
        file = brought / release.file_name if brought.is_dir() else brought
        try:
            content = file.read_bytes()
        except OSError as error:
            raise NoImage(
                f"The image {file} cannot be read ({error.strerror}): see that the stick is in and "
                "the name right."
            ) from None
        if unpinned:
            return MicroPython(content, hashlib.sha256(content).hexdigest(), vouched=False)
        image = self._checked(content, release, f"The file {file}")
        self._keep(image, release)
        return image

    def of(self, release: Release) -> MicroPython:
        """The published image: from the folder, else fetched. Raises BadImage, NoImage."""
        kept = self._folder / release.file_name
        try:
            content = kept.read_bytes()
        except OSError:
            return self._fetched(release)
        try:
            return self._checked(content, release, f"The file {kept}")
        except BadImage:
            # Spoilt on this computer's disk: fetched once more, which says what is wrong.
            return self._fetched(release)

    def _fetched(self, release: Release) -> MicroPython:
        try:
            content = self._fetch(release.url)
        except httpx.HTTPError as error:
            raise NoImage(
                f"MicroPython cannot be fetched from {release.url} ({_reason(error)}): on a "
                f"computer with a network open {release.page}, take {release.file_name}, bring it "
                "on a stick, and run this again with --image and where it lies."
            ) from None
        image = self._checked(content, release, f"What {release.url} gave")
        self._keep(image, release)
        return image

    def _keep(self, image: MicroPython, release: Release) -> None:
        """For the next board; and, where nobody has pinned it, what later ones must be."""
        kept = self._folder / release.file_name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if release.sha256 is None:
                self._noted(release).write_text(image.sha256 + "\n", encoding="ascii")
            fresh = kept.with_suffix(".part")
            fresh.write_bytes(image.content)
            fresh.replace(kept)
        except OSError as error:
            raise NoImage(
                f"The folder {self._folder} cannot be written ({error.strerror}): make room there, "
                "then run this again."
            ) from None

    def _checked(self, content: bytes, release: Release, what: str) -> MicroPython:
        digest = hashlib.sha256(content).hexdigest()
        known = release.sha256 or self._first_seen(release)
        if known is not None and known != digest:
            raise BadImage(
                f"{what} is not MicroPython {release.version} as it was checked for this board "
                f"(SHA-256 {digest[:12]}…, it should be {known[:12]}…): take {release.file_name} "
                f"from {release.page} once more."
            )
        return MicroPython(content, digest, vouched=release.sha256 is not None)

    def _noted(self, release: Release) -> Path:
        return self._folder / (release.file_name + ".sha256")

    def _first_seen(self, release: Release) -> str | None:
        """What the first of it was, on this computer: fetched, or brought."""
        try:
            return self._noted(release).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    if isinstance(error, httpx.TimeoutException):
        return "it does not answer in time"
    if isinstance(error, httpx.ConnectError):
        return "there is no network, or it cannot be found"
    return str(error) or type(error).__name__
