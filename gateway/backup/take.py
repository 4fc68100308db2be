"""Makes a backup, while the gateway runs or not."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gateway.backup.archive import CONFIGURATION, DATA, Archive, Manifest, describe, write_archive
from gateway.backup.mark import note_backup
from gateway.backup.sealed import COST, Opener, Sealer
from gateway.doctor.patient import sqlite_file
from gateway.errors import BackupError
from gateway.settings import Settings

# Written anew by the gateway, or meaningless without it.
LEFT_OUT = frozenset({"broker", "gateway.lock"})
_STORE_SIDES = ("-wal", "-shm", "-journal")
_SNAPSHOTS = ".backup-"
# The first bytes of every such file (sqlite.org/fileformat2.html, 1.3).
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Taken:
    """A backup that was made, and read back. left_out: what is not in it and should be kept
    elsewhere, as a sentence; "" for nothing."""

    files: int
    size: int
    left_out: str


def take(settings: Settings, to: Path, passphrase: str, *, now_ms: int, cost: int = COST) -> Taken:
    """Writes the whole gateway into the new file *to*, and reads it back. Raises BackupError."""
    if not (settings.data / "gateway.db").is_file():
        raise BackupError(
            f"There is no gateway's store in {settings.data}; start the gateway once before."
        )
    if to.exists():
        raise BackupError(f"There is a file {to} already; name another.")
    fresh = to.with_name(to.name + ".new")
    try:
        with tempfile.TemporaryDirectory(prefix=_SNAPSHOTS, dir=settings.data) as folder:
            files = _gather(settings, Path(folder))
            manifest = Manifest(
                now_ms,
                version("doorknock"),
                settings.gateway.name,
                settings.gateway.site,
                {name: describe(path) for name, path in files.items()},
            )
            _write(fresh, manifest, files, passphrase, cost)
        _read_back(fresh, passphrase)
        fresh.replace(to)
        sync(to.parent)
        note_backup(settings.data, now_ms)
    except sqlite3.Error as error:
        raise BackupError(f"A store cannot be copied: {error}; run: doorknock doctor.") from None
    except OSError as error:
        raise BackupError(
            f"The backup {to} cannot be written: {error.strerror}; name another place."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()
    return Taken(len(files), to.stat().st_size, _elsewhere(settings))


def check(path: Path, passphrase: str) -> Manifest:
    """Reads the whole of a backup, and keeps nothing of it. Raises BackupError."""
    try:
        return _read_back(path, passphrase)
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be read: {error.strerror}.") from None


def _gather(settings: Settings, snapshots: Path) -> dict[str, Path]:
    """Name in the archive to the file that holds it."""
    # The gateway's store first: an event that comes in between is then in the backend's store and
    # waits in the gateway's, and the second delivery is told for what it is. The other way round
    # the gateway would think that the backend had it.
    store = settings.data / "gateway.db"
    files = {CONFIGURATION: settings.path}
    stores = _stores(settings)
    for path in [store, *(one for one in _kept(settings.data) if one != store)]:
        name = f"{DATA}/{path.relative_to(settings.data).as_posix()}"
        if _is_sqlite(path):
            copy = snapshots / str(len(files))
            snapshot(path, copy)
            files[name] = copy
        elif path in stores:
            # Its first page is gone, or all of it: what a faulty disk, or a full one, leaves.
            raise BackupError(
                f"The store {path} is damaged (no database is in it); keep the backups you have."
            )
        elif path != settings.path:
            files[name] = path
    return files


def _stores(settings: Settings) -> list[Path]:
    """Those of this installation that are files in its data directory."""
    own = [settings.data / "gateway.db"]
    if settings.backend.embedded:
        backend = sqlite_file(settings.backend_database)
        own += [backend.absolute()] if backend is not None else []
    return own


def snapshot(store: Path, copy: Path) -> None:
    """A consistent copy of a live SQLite store, one file, readable by its owner alone."""
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source = sqlite3.connect(f"{store.absolute().as_uri()}?mode=rw", uri=True)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(copy)) as out:
        source.backup(out)
        out.execute("PRAGMA journal_mode = DELETE")
        found = out.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(f"The store {store} is damaged ({found}); keep the backups you have.")


def _kept(data: Path) -> Iterator[Path]:
    """What of the data directory belongs into a backup."""
    for path in sorted(data.rglob("*")):
        first = path.relative_to(data).parts[0]
        if first in LEFT_OUT or first.startswith(_SNAPSHOTS) or path.name.endswith(_STORE_SIDES):
            continue
        if path.is_file() and not path.is_symlink():
            yield path


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _write(
    fresh: Path, manifest: Manifest, files: dict[str, Path], passphrase: str, cost: int
) -> None:
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        sealer = Sealer(out, passphrase, cost)
        write_archive(sealer, manifest, files)
        sealer.finish()
        out.flush()
        os.fsync(out.fileno())


def _read_back(path: Path, passphrase: str) -> Manifest:
    with path.open("rb") as source, Path(os.devnull).open("wb") as nowhere:
        archive = Archive(Opener(source, passphrase))
        for _, content in archive.files():
            content.copy_to(nowhere)
        return archive.manifest


def _elsewhere(settings: Settings) -> str:
    if not settings.backend.embedded:
        return "The alert backend is elsewhere: its store has to be backed up there."
    store = sqlite_file(settings.backend_database)
    if store is None or settings.data not in store.absolute().parents:
        return "The backend's store is not in the data folder: back it up where it is."
    return ""


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
