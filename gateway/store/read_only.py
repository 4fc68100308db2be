"""Looks into a SQLite store and changes nothing, whether a gateway has it open or not.

A store in WAL mode cannot be read without its -shm file, which SQLite would make: a check list
that leaves files behind, of another owner perhaps, could keep the gateway out. Where no gateway
runs and nothing waits in the -wal, the file itself is all there is, and is read as such.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import alembic.config
import alembic.script
import sqlalchemy
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select
from sqlalchemy.pool import NullPool

from gateway.store.engine import Store
from gateway.store.schema import outbox, set_aside


def open_read_only(path: Path) -> Store:
    """The store in the file *path*, for `read()` alone. Raises OSError where there is none."""
    if not path.is_file():
        raise FileNotFoundError(path)
    waiting = path.with_name(path.name + "-wal")
    whole = not waiting.exists() or waiting.stat().st_size == 0
    shared = path.with_name(path.name + "-shm").exists()
    how = "immutable=1" if whole and not shared else "mode=ro"
    address = f"{path.absolute().as_uri()}?{how}"
    engine = sqlalchemy.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool
    )
    return Store(engine)


def faults(connection: Connection) -> Sequence[str]:
    """What SQLite finds broken in the file; empty: it is whole."""
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(3)")]
    return [] if found == ["ok"] else found


def versions(connection: Connection, migrations: Path) -> tuple[str, str]:
    """(the migration that this store is at, the newest that this Doorknock has)."""
    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(migrations).replace("%", "%%"))
    newest = alembic.script.ScriptDirectory.from_config(settings).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() or "", newest or ""


def knows(migrations: Path, version: str) -> bool:
    """Whether *version* is one of the *migrations*: if not, a newer Doorknock made the store."""
    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(migrations).replace("%", "%%"))
    script = alembic.script.ScriptDirectory.from_config(settings)
    return version in {one.revision for one in script.walk_revisions()}


def oldest_waiting_ms(connection: Connection) -> int | None:
    """When the oldest parcel that still waits was received, Unix ms; None: none waits."""
    found = connection.execute(select(func.min(outbox.c.received_at)).where(outbox.c.waiting))
    value = found.scalar_one_or_none()
    return None if value is None else int(value)


def messages_set_aside(connection: Connection) -> int:
    """How many messages the intake could not handle."""
    return int(connection.execute(select(func.count()).select_from(set_aside)).scalar_one())
