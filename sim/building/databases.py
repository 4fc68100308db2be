"""The databases of a simulated building: real files, of processes that may end at any moment."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from gateway.store import Store, open_engine, open_store

# SQLite's own words for it.
FULL = "database or disk is full"


class ProcessEnded(BaseException):
    """The process has ended in this moment: nothing of it goes on, and nothing of it can catch
    this, as nothing can catch kill -9."""


class MortalStore(Store):
    """A store whose process can be killed: from then on nothing is read or written, by whatever
    may still be on its way through the process that is no more."""

    _dead = False
    # The disk is full: what is there can be read, and nothing is written.
    full = False
    # Called instead of the next commit, once: the process ends there. What was done in the
    # transaction has been done, and is not in the database.
    at_commit: Callable[[], None] | None = None

    def die(self) -> None:
        """The process has ended."""
        self._dead = True

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See Store. Raises OSError for the dead, OperationalError where the disk is full, and
        ProcessEnded where it is to end at its commit."""
        self._live()
        if self.full:
            raise OperationalError("COMMIT", None, sqlite3.OperationalError(FULL))
        with super().write() as connection:
            yield connection
            if self.at_commit is not None:
                end, self.at_commit = self.at_commit, None
                end()
                raise ProcessEnded

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See Store. Raises OSError for the dead."""
        self._live()
        with super().read() as connection:
            yield connection

    def _live(self) -> None:
        if self._dead:
            raise OSError("the process has ended")


def open_database(path: Path, migrations: Path, *, durable: bool) -> MortalStore:
    """The store in the file *path*, made where there is none.

    durable: commits survive a power cut, as everywhere else. False: they survive the end of a
    process alone, and a day of virtual time does not wait for the disk.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty(migrations))
    engine = open_engine(f"sqlite:///{path}")
    if not durable:
        event.listen(engine, "connect", _do_not_wait)
    return MortalStore(engine)


@cache
def _empty(migrations: Path) -> bytes:
    """A database without rows: migrating takes longer than most scenarios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_store(f"sqlite:///{path}", migrations).close()
        return path.read_bytes()


def _do_not_wait(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")
