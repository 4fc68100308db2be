"""Opens a database so that what is committed stays: SQLite by default, PostgreSQL for many sites.

Used by the gateway's store and by the backend's. On SQLite writers take the write lock at once
(BEGIN IMMEDIATE): two that read first and write later would fail each other half-way. Those of
one process queue at a lock of ours, which is fair; SQLite's own is not.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.util
import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from gateway.errors import StoreError

# Longer than any of our transactions, shorter than a device's patience before its light says
# "cannot send".
BUSY_TIMEOUT_MS = 4_000
# Whoever scrubs waits for readers, and writers wait for whoever scrubs.
_SCRUB_TIMEOUT_MS = 200
_MIGRATIONS = Path(__file__).parent / "migrations"
# A replica that starts while another migrates waits for it. Any number, the same in all.
_MIGRATION_LOCK = 0x0D007


class Store:
    """A database, with its two ways in: `write()` and `read()`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(reads=True)
        one_writer = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[Any] = threading.Lock() if one_writer else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed, durably, when the block ends; undone when it raises."""
        with self._turn, self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; takes no write lock."""
        with self._reader.connect() as connection:
            yield connection

    def scrub(self) -> None:
        """What was deleted is gone from SQLite's log as well: it holds a copy of each page that was
        changed until that is written over, days later in a quiet house. To be called after
        something was forgotten; where somebody reads at this moment, the next call does it."""
        if self.engine.dialect.name != "sqlite":
            return
        with (
            self._turn,
            contextlib.suppress(sqlite3.Error),
            # Not by connect(): within a transaction there is no checkpoint.
            contextlib.closing(self.engine.raw_connection()) as raw,
        ):
            cursor = raw.cursor()
            try:
                cursor.execute(f"PRAGMA busy_timeout = {_SCRUB_TIMEOUT_MS}")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()


def open_store(url: str, migrations: Path = _MIGRATIONS) -> Store:
    """The store at the SQLAlchemy URL *url*, made or migrated: the gateway's, or the one whose
    alembic *migrations* are given. Raises StoreError, one sentence."""
    engine = open_engine(url)
    migrate(engine, migrations)
    return Store(engine)


def open_engine(url: str) -> Engine:
    """An engine whose commits survive a power cut. Raises StoreError, one sentence."""
    try:
        address = sqlalchemy.make_url(url)
        if address.drivername in ("postgres", "postgresql"):
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreError(
                f"A {address.get_backend_name()} database cannot be used; write the address of a "
                "SQLite or PostgreSQL database."
            )
        if address.get_backend_name() == "sqlite" and address.database:
            _make_private(Path(address.database))
        engine = sqlalchemy.create_engine(
            address,
            pool_pre_ping=address.get_backend_name() != "sqlite",
            # Secrets are among them, and errors are logged.
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        raise StoreError(
            "PostgreSQL needs the package psycopg; install it with: pip install "
            "'doorknock[postgresql]'."
        ) from None
    except SQLAlchemyError:
        # Not the address itself: it may carry a password.
        raise StoreError(
            "The database address cannot be read; write something like "
            "sqlite:////var/lib/doorknock/gateway.db or postgresql://user@host/name."
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine, scripts: Path) -> None:
    """Brings the database to the newest of the alembic migrations in *scripts*, all or nothing.

    Raises StoreError, one sentence.
    """
    settings = alembic.config.Config()
    # "%" begins an interpolation in alembic's configuration.
    settings.set_main_option("script_location", str(scripts).replace("%", "%%"))
    where = engine.url.render_as_string(hide_password=True)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(
                    sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"),
                    {"lock": _MIGRATION_LOCK},
                )
            settings.attributes["connection"] = connection
            alembic.command.upgrade(settings, "head")
    except alembic.util.CommandError:
        raise StoreError(
            f"The store {where} was made by a newer Doorknock; install that version, or name "
            "another data directory."
        ) from None
    except SQLAlchemyError as error:
        if _is_held(error):
            # Nobody may bring a backup back for this: the store is well.
            raise StoreError(
                f"The store {where} is held by another program ({_first_line(error)}); try again, "
                "and if it stays so, end that program."
            ) from None
        raise StoreError(
            f"The store {where} cannot be opened: {_first_line(error)}; see that "
            + (
                "the disk has room and the file is whole, or restore it from a backup."
                if engine.dialect.name == "sqlite"
                else "the server runs and lets us in."
            )
        ) from None


def is_store_trouble(error: BaseException) -> bool:
    """Whether the store itself does not work (full, locked, broken, away), as opposed to a
    statement that this store will never take."""
    if isinstance(error, OperationalError | InterfaceError | OSError):
        return True
    about_a_statement = (IntegrityError, DataError, ProgrammingError)
    return isinstance(error, DatabaseError) and not isinstance(error, about_a_statement)


def _make_private(path: Path) -> None:
    """An empty file only its owner can read; SQLite gives its journals the same mode.

    A file that is there is never opened here: closing it would take from this process every lock
    that SQLite holds on it elsewhere in it (POSIX), and the next program to look in would think
    itself alone and remove the log of what is committed.
    """
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be opened: {error.strerror}; see that the folder exists and "
            "may be written to."
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL loses committed rows at a power cut (500 of 500 in a simulated one); FULL none.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten. Debian's SQLite does so by itself, others do not.
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _is_held(error: SQLAlchemyError) -> bool:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    # The low byte: there are several kinds of each (sqlite.org/rescode.html).
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
