"""What people type: whether it is text at all; and where a passphrase or password comes from: the
terminal, or a file; never the command line, where every process of the machine can read it."""

import getpass
import os
import sys
from pathlib import Path

from gateway.errors import GatewayError

# Where the terminal itself cannot read what was typed.
NO_TEXT = "What was typed is not UTF-8 text; set the terminal to UTF-8, and type it anew."


def why_no_text(given: str) -> str:
    """A sentence without its full stop, or "" where it is text. A byte that is no UTF-8 is kept by
    Python as half of a surrogate pair (PEP 383), which no store and no page takes."""
    try:
        given.encode()
    except UnicodeEncodeError:
        shown = given.encode(errors="surrogateescape").decode(errors="replace")
        return f"{shown!r} is not UTF-8 text; set the terminal to UTF-8, and type it anew"
    return ""


def typed_in(
    what: str,
    file: Path | None,
    descriptor: int | None,
    error: type[GatewayError],
    *,
    new: bool,
    shortest: int,
    option: str,
) -> str:
    """what: as the prompt names it, "passphrase of the backup". new: one that is being chosen:
    asked twice, and of *shortest* letters. option: the one for a file. Raises *error*."""
    if file is not None or descriptor is not None:
        given = _first_line(file, descriptor, what, error)
    elif sys.stdin.isatty():
        try:
            given = getpass.getpass(f"{what[0].upper()}{what[1:]}: ")
            again = getpass.getpass("The same again: ") if new else given
        except UnicodeDecodeError:
            raise error(NO_TEXT) from None
        if again != given:
            raise error("The two were not the same; try again.")
    else:
        raise error(f"There is no terminal to ask for the {what.split()[0]}; add {option} FILE.")
    if new and len(given) < shortest:
        raise error(
            f"A {what.split()[0]} of {shortest} letters at least is needed: take four or five "
            "words."
        )
    return given


def _first_line(
    file: Path | None, descriptor: int | None, what: str, error: type[GatewayError]
) -> str:
    try:
        if file is not None:
            text = file.read_text(encoding="utf-8")
        else:
            with os.fdopen(descriptor or 0, encoding="utf-8") as opened:
                text = opened.readline()
        return text.splitlines()[0]
    except (OSError, UnicodeError, IndexError):
        raise error(
            f"The {what.split()[0]} cannot be read; put it on the first line of the file."
        ) from None
