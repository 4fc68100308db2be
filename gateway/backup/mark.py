"""When the newest backup was made, noted beside the store so that the doctor can tell its age."""

import os
from pathlib import Path

from gateway.secret_file import write_private

_FILE = "last_backup"


def last_backup(data: Path) -> int | None:
    """Unix ms; None: never, or the note cannot be read."""
    try:
        return int((data / _FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def note_backup(data: Path, made_at_ms: int) -> None:
    """A backup of this data directory was made."""
    note = data / _FILE
    write_private(note, f"{made_at_ms}\n")
    if os.geteuid() == 0:
        # Made by root, who may write to a memory stick; it is the gateway's own all the same.
        owner = data.stat()
        os.chown(note, owner.st_uid, owner.st_gid)
