"""The passphrase of a backup."""

from pathlib import Path

from gateway.errors import BackupError
from gateway.typed_in import typed_in

# Whoever finds the file may try as often as they like, a second each: four or five words.
SHORTEST = 12


def passphrase(file: Path | None, descriptor: int | None, *, new: bool) -> str:
    """new: one that is being chosen: asked twice, and of SHORTEST letters. Raises BackupError."""
    return typed_in(
        "passphrase of the backup",
        file,
        descriptor,
        BackupError,
        new=new,
        shortest=SHORTEST,
        option="--passphrase-file",
    )
