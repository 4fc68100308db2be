"""What has been verified on each board, a file a board: where an interrupted run goes on.

The journal is a hint, never the truth: at the end of every run the chip is asked for the MD5 of
every piece, whoever wrote it. No secret is in it: digests, addresses, the chip's own number.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.provision.flash.pieces import Piece
from gateway.provision.flash.trouble import FlashError


class Journal:
    """The journal of the board with `mac` (12 hex digits) in `folder`."""

    def __init__(self, folder: Path, mac: str) -> None:
        self.path = folder / f"{mac}.json"
        self._verified: dict[str, str] = _read(self.path)

    def has(self, piece: Piece) -> bool:
        """Whether just this content was verified at its place, and nothing written there since."""
        return self._verified.get(f"{piece.offset:#x}") == piece.digest

    def verified(self, piece: Piece) -> None:
        """The chip has confirmed the piece."""
        self._verified[f"{piece.offset:#x}"] = piece.digest
        self._write()

    def forget(self, pieces: Iterable[Piece] | None = None) -> None:
        """These are about to be written, or turned out not to be there. None: all of the board."""
        if pieces is None:
            self._verified = {}
        else:
            for piece in pieces:
                self._verified.pop(f"{piece.offset:#x}", None)
        self._write()

    def _write(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(".new")
            fresh.write_text(json.dumps({"verified": self._verified}, indent=1), encoding="ascii")
            fresh.replace(self.path)
        except OSError as error:
            raise FlashError(
                f"The journal {self.path} cannot be written ({error.strerror}): make room there, "
                "then run this again."
            ) from None


def _read(path: Path) -> dict[str, str]:
    """What the file says; nothing where it is absent or spoilt: then everything is written."""
    try:
        content: Any = json.loads(path.read_text(encoding="ascii"))
        return {str(key): str(value) for key, value in content["verified"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
