"""When the newest backup was made, noted beside the store so that the doctor can tell its age."""

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
    write_private(data / _FILE, f"{made_at_ms}\n")
