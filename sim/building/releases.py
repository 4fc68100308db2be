"""Releases for simulated boards: their own firmware under a newer version, well or with a fault.

Signed with a key that is made anew for each run of the process, and is worth nothing.
"""

import tempfile
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from doorknock import manifest

from gateway.provision.image import package
from gateway.release.keys import ReleaseKey
from gateway.release.release_file import Release, sign

# What simulated boards run.
ARCH = "x64"
# What may be wrong with a release: (file of the package, text put at its end).
FAULTS: Mapping[str, tuple[str, str]] = {
    "falls": ("start.py", "raise RuntimeError('this release falls')"),
    "hangs": ("start.py", "def main():\n    while True:\n        pass"),
    "deaf": (
        "link.py",
        "async def _nowhere(self, report):\n"
        "    while True:\n"
        "        report()\n"
        "        await asyncio.sleep_ms(500)\n"
        "Link.run = _nowhere",
    ),
    # After it was put in force (doorknock/trial.py: 30 s), again and again.
    "restless": (
        "app.py",
        "async def _hangs():\n"
        "    await asyncio.sleep(75)\n"
        "    while True:\n"
        "        pass\n"
        "_tick = App._tick\n"
        "async def _for_a_while(self, report):\n"
        "    asyncio.create_task(_hangs())\n"
        "    await _tick(self, report)\n"
        "App._tick = _for_a_while",
    ),
}


@cache
def key() -> ReleaseKey:
    """The key that boards of a world with updates are set up with."""
    return ReleaseKey(rsa.generate_private_key(manifest.EXPONENT, manifest.KEY_BYTES * 8))


@lru_cache(maxsize=8)
def release(firmware: Path, version: str, fault: str | None) -> Release:
    """The firmware in this folder as a release. fault: of FAULTS. ReleaseError or ImageError."""
    changes = () if fault is None else (FAULTS[fault],)
    return sign(key(), version, {ARCH: application(firmware, version, *changes)})


@lru_cache(maxsize=32)
def application(firmware: Path, version: str, *changes: tuple[str, str]) -> dict[str, bytes]:
    """The firmware in this folder, compiled for ARCH, saying that it is `version`. changes: (file
    of the package, text put at its end). ImageError."""
    with tempfile.TemporaryDirectory(prefix="doorknock-") as folder:
        changed = Path(folder) / "doorknock"
        changed.mkdir()
        for name, text in (("version.py", f'FIRMWARE = "{version}"'), *changes):
            before = changed / name if (changed / name).exists() else firmware / "doorknock" / name
            source = before.read_text(encoding="utf-8")
            (changed / name).write_text(f"{source}\n{text}\n", encoding="utf-8")
        return _as_it_is(firmware) | package(ARCH, Path(folder))


@cache
def _as_it_is(firmware: Path) -> dict[str, bytes]:
    # Sixty files, which take longer to compile than a release takes to be fetched.
    return package(ARCH, firmware)
