"""The two stores, what waits in them, and the newest backup."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

import gateway.backend.database
from gateway.backup.mark import last_backup
from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.patient import Patient
from gateway.store import engine, parcels
from gateway.store.read_only import (
    faults,
    knows,
    messages_set_aside,
    oldest_waiting_ms,
    open_read_only,
    versions,
)

GATEWAY_MIGRATIONS = Path(engine.__file__).parent / "migrations"
BACKEND_MIGRATIONS = Path(gateway.backend.database.__file__).parent / "migrations"
# Twice the outbox's longest wait, and some: a backend that works has taken it by then.
WAITS_TOO_LONG_MS = 180_000
# Devices come and go by the week; a backup older than that lacks some of them.
BACKUP_OLD_DAYS = 14
_DAY_MS = 86_400_000


def both(patient: Patient) -> Iterator[Finding]:
    """Each store: opens, is whole, is of this version."""
    yield from _one("gateway's store", patient.gateway_store, GATEWAY_MIGRATIONS)
    if not patient.settings.backend.embedded:
        return
    if patient.backend_store is None:
        yield look(
            "backend's store", "is on a database server", "see to its backups on that server"
        )
        return
    yield from _one("backend's store", patient.backend_store, BACKEND_MIGRATIONS)


def _one(name: str, path: Path, migrations: Path) -> Iterator[Finding]:
    try:
        store = open_read_only(path)
    except FileNotFoundError:
        yield look(name, f"{path} is not there yet", "start the gateway once: it makes the store")
        return
    try:
        with store.read() as connection:
            found = faults(connection)
            has, newest = versions(connection, migrations)
    except (SQLAlchemyError, OSError) as error:
        why = str(getattr(error, "orig", error)).splitlines()[0]
        yield wrong(name, f"{path} cannot be read: {why}", "restore the newest backup")
        return
    finally:
        store.close()
    if found:
        yield wrong(name, f"{path} is damaged: {found[0]}", "restore the newest backup")
    elif has == newest:
        yield well(name, "opens, is whole, and is of this version")
    elif knows(migrations, has):
        yield look(name, "is of an older version", "start the gateway: it brings it up to date")
    else:
        yield wrong(
            name, "was made by a newer Doorknock", "install that version, or restore a backup"
        )


def waiting(patient: Patient) -> Iterator[Finding]:
    """Events that wait for the backend, and what nobody could take."""
    store = open_read_only(patient.gateway_store)
    try:
        with store.read() as connection:
            waits, refused = parcels.depth(connection)
            oldest = oldest_waiting_ms(connection)
            aside = messages_set_aside(connection)
    finally:
        store.close()
    age_ms = 0 if oldest is None else patient.now_ms - oldest
    if waits and age_ms > WAITS_TOO_LONG_MS:
        yield wrong(
            "events",
            f"{waits} wait for the backend, the oldest for {ago(age_ms)}",
            "see to the backend; look in on the units that called",
        )
    else:
        yield well("events", f"{waits} on their way to the backend" if waits else "none waits")
    if refused or aside:
        yield look(
            "events",
            f"{refused} refused by the backend, {aside} that could not be handled",
            "report this with the gateway's log of that day",
        )


def backup(patient: Patient) -> Iterator[Finding]:
    """How old the newest backup is."""
    made_at_ms = last_backup(patient.settings.data)
    do = "run: sudo doorknock backup --to FILE, and keep the file elsewhere"
    if made_at_ms is None:
        yield look("backup", "none has been made", do)
        return
    day = datetime.fromtimestamp(made_at_ms / 1000, UTC)
    said = f"the newest is of {day:%Y-%m-%d}"
    if patient.now_ms - made_at_ms > BACKUP_OLD_DAYS * _DAY_MS:
        yield look("backup", said, do)
    else:
        yield well("backup", said)


def ago(ms: int) -> str:
    """120000 is "2 min"."""
    minutes = ms // 60_000
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
