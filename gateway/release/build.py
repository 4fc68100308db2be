"""Makes a release from source: the application compiled for each chip, under its own version."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import doorknock

from gateway.errors import ReleaseError
from gateway.provision.image import arch_of, package
from gateway.release.keys import ReleaseKey
from gateway.release.release_file import Release, sign

# Of the chips that there are boards with (boards/chips.toml).
ARCHES = tuple(sorted({arch_of(chip) for chip in ("esp32", "esp32s3", "esp32c3", "esp32c6")}))
_VERSION = Path("doorknock") / "version.py"


def build(
    key: ReleaseKey,
    *,
    firmware: Path | None = None,
    arches: Iterable[str] = ARCHES,
    over: str = "",
    next_key: bytes = b"",
) -> Release:
    """A signed release of the firmware in this folder; of our own where none is given.

    Its version is the one that the firmware says of itself. over, next_key: see manifest.py.
    Raises ReleaseError or ImageError.
    """
    version = version_of(firmware)
    applications = {arch: package(arch, firmware) for arch in arches}
    return sign(key, version, applications, over=over, next_key=next_key)


def version_of(firmware: Path | None = None) -> str:
    """The version that this firmware says of itself. Raises ReleaseError."""
    path = (firmware or Path(doorknock.__path__[0]).parent) / _VERSION
    try:
        found = re.search(r"^FIRMWARE = (\".*\")$", path.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError as error:
        raise ReleaseError(f"The firmware's {path} cannot be read: {error.strerror}.") from None
    if found is None:
        raise ReleaseError(f'{path} does not say FIRMWARE = "1.2.3"; write it there.')
    return str(ast.literal_eval(found[1]))
