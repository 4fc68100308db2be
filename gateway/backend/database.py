"""Opens the backend's database, SQLite or PostgreSQL, and hands out transactions.

SQLite: WAL and synchronous FULL, because what has been answered with 2xx must outlive a power cut
(NORMAL lost committed rows there); one writer at a time, which takes its lock at the start.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from gateway.errors import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"
# Another process may hold SQLite's lock for a group of commits, never for a send.
_SQLITE_WAIT_MS = 10_000
# A replica that starts while another migrates waits for it. Any number, the same in all.
_MIGRATION_LOCK = 0x0D007


class Database:
    """One database. Raises StoreError, one sentence, when it cannot be opened."""

    def __init__(self, url: str) -> None:
        self._one_writer = threading.Lock()
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        shown = self.engine.url.render_as_string(hide_password=True)
        try:
            self._migrate()
        except DBAPIError as error:
            why = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "unknown"
            raise StoreError(
                f"The backend's database {shown} cannot be opened: {why}; correct 'database' under "
                "[backend], or see to it that the server runs and lets us in."
            ) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it, or nothing."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._one_writer, self.engine.connect() as connection:
            connection = connection.execution_options(doorknock_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK}
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreError(
                f"The backend cannot use a {parsed.get_backend_name()} database; write a sqlite or "
                "postgresql address as 'database' under [backend]."
            )
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    except ArgumentError:
        # Not the address itself: it may carry a password.
        raise StoreError(
            "The address of the backend's database cannot be read; write 'database' under "
            "[backend] like postgresql://user@host/name."
        ) from None
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            "PostgreSQL needs the package psycopg; install it with: pip install "
            "'doorknock[postgresql]'."
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions of its own: _begin_sqlite does.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_SQLITE_WAIT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("doorknock_writes")
    # IMMEDIATE: a reader that turns writer half-way would be refused, not made to wait.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
