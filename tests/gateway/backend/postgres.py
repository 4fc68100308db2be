"""A private PostgreSQL server for tests, from whatever binaries are installed here."""

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

# Debian keeps the server's programs apart, one folder a version.
_DEBIAN = Path("/usr/lib/postgresql")
# initdb and postgres refuse to run as root.
_NOT_ROOT = ("postgres", "nobody")


class PostgresServer:
    """A server on a free port of loopback, with its data in a temporary folder."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = itertools.count(1)

    def new_database(self) -> str:
        """An empty database; its SQLAlchemy address."""
        name = f"doorknock_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://doorknock@127.0.0.1:{self.port}/{name}"

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator["PostgresServer"]:
        """Starts it, and ends it. Skips the test only where there is no PostgreSQL to start."""
        programs = _programs()
        if programs is None:
            pytest.skip("PostgreSQL is not installed; on Debian: sudo apt install postgresql")
        # Not in pytest's own folder: that lets nobody else in, and root may not run a server.
        folder = Path(tempfile.mkdtemp(prefix="doorknock-postgresql-"))
        user = _somebody_else() if os.geteuid() == 0 else None
        data = folder / "data"
        if user is not None:
            shutil.chown(folder, user)
        _run(
            user,
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "doorknock",
                "--auth=trust",
                "-E",
                "UTF8",
                "-N",
            ],
        )
        port = _free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        )
        control = [programs / "pg_ctl", "-D", data, "-w", "-t", "60"]
        _run(user, [*control, "-l", folder / "log", "-o", options, "start"])
        try:
            yield cls(port)
        finally:
            _run(user, [*control, "-m", "immediate", "stop"])
            shutil.rmtree(folder)


def _programs() -> Path | None:
    for folder in sorted(_DEBIAN.glob("*/bin"), key=_version, reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _somebody_else() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _NOT_ROOT if name in known)


def _run(user: str | None, arguments: list[Path | str]) -> None:
    done = subprocess.run(
        [str(one) for one in arguments],
        user=user,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{arguments[0]} failed: {done.stderr}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
