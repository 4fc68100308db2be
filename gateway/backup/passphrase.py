"""Where a passphrase comes from: the terminal, or a file; never the command line, where every
process of the machine can read it."""

import getpass
import os
import sys
from pathlib import Path

from gateway.errors import BackupError

# Whoever finds the file may try as often as they like, a second each: four or five words.
SHORTEST = 12


def passphrase(file: Path | None, descriptor: int | None, *, new: bool) -> str:
    """new: one that is being chosen: asked twice, and of SHORTEST letters. Raises BackupError."""
    if file is not None or descriptor is not None:
        given = _first_line(file, descriptor)
    elif sys.stdin.isatty():
        given = getpass.getpass("Passphrase of the backup: ")
        if new and getpass.getpass("The same again: ") != given:
            raise BackupError("The two were not the same; try again.")
    else:
        raise BackupError(
            "There is no terminal to ask for the passphrase; add --passphrase-file FILE."
        )
    if new and len(given) < SHORTEST:
        raise BackupError(
            f"A passphrase of {SHORTEST} letters at least is needed: take four or five words."
        )
    return given


def _first_line(file: Path | None, descriptor: int | None) -> str:
    try:
        if file is not None:
            text = file.read_text(encoding="utf-8")
        else:
            with os.fdopen(descriptor or 0, encoding="utf-8") as opened:
                text = opened.readline()
        return text.splitlines()[0]
    except (OSError, UnicodeError, IndexError):
        raise BackupError(
            "The passphrase cannot be read; put it on the first line of the file."
        ) from None
