"""The store: durable, private, and told in one sentence when it cannot be used."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import StoreError
from gateway.store import Store, engine, open_store
from gateway.store.schema import metadata


def test_migrations_make_exactly_the_schema(store: Store) -> None:
    with store.read() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)

    assert difference == []


def test_a_commit_survives_a_power_cut(store: Store) -> None:
    with store.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL


def test_only_the_owner_can_read_it(store: Store, tmp_path: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert "gateway.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_opening_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    again = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    with again.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM devices")).scalar() == 1
    again.close()


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    with store.write() as writing:
        writing.execute(text("UPDATE devices SET unit = 'x'"))
        with store.read() as reading:
            assert reading.execute(text("SELECT unit FROM devices")).scalar() == "204"


def test_what_raises_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as connection:  # noqa: PT012
        connection.execute(text("UPDATE devices SET unit = 'x'"))
        raise RuntimeError

    with store.read() as connection:
        assert connection.execute(text("SELECT unit FROM devices")).scalar() == "204"


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    path.write_bytes(b"this is not a database, and long enough to be looked at" * 20)

    with pytest.raises(StoreError, match=r"gateway\.db cannot be opened: file is not a database"):
        open_store(f"sqlite:///{path}")


def test_a_store_that_another_program_holds_is_not_told_to_be_broken(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 1)

    with (
        store.write(),
        pytest.raises(StoreError, match=r"held by another program.*try again") as held,
    ):
        open_store(f"sqlite:///{tmp_path / 'gateway.db'}")

    assert "backup" not in str(held.value)


def test_a_store_of_a_newer_version_is_told(store: Store, tmp_path: Path) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match="newer Doorknock"):
        open_store(f"sqlite:///{tmp_path / 'gateway.db'}")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: No such file"):
        open_store(f"sqlite:///{tmp_path / 'none' / 'gateway.db'}")


def test_a_process_killed_after_a_commit_has_lost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    script = (
        "import os, sys\n"
        "from gateway.store import open_store\n"
        "from sqlalchemy import text\n"
        "store = open_store(sys.argv[1])\n"
        "with store.write() as c: c.execute(text(\"INSERT INTO counters VALUES ('a', 1)\"))\n"
        "c = store.engine.connect()\n"
        "c.execute(text(\"INSERT INTO counters VALUES ('b', 1)\"))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    url = f"sqlite:///{path}"
    killed = subprocess.run([sys.executable, "-c", script, url], check=False)

    opened = open_store(url)
    with opened.read() as connection:
        names = connection.execute(text("SELECT name FROM counters")).scalars().all()
    opened.close()

    assert killed.returncode == -9
    assert names == ["a"]


def test_an_error_of_the_store_does_not_tell_what_was_to_be_stored(store: Store) -> None:
    with pytest.raises(SQLAlchemyError) as caught, store.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:it)"), {"it": "hush-hush"})

    assert "hush-hush" not in str(caught.value)


_HOLD = """
import sys
from gateway.store import open_store
address = sys.argv[1]
first, second = open_store(address), open_store(address)
held = first.engine.connect()
print("open", flush=True)
sys.stdin.read()
"""
_LOOK_IN = """
import sys
from gateway.store import open_store
open_store(sys.argv[1]).close()
"""


def test_a_store_opened_twice_by_the_gateway_is_not_taken_from_it(tmp_path: Path) -> None:
    # The embedded backend's pages open the gateway's store beside the gateway itself. A file that
    # is opened and closed by hand loses the process's locks on it (POSIX), and then the next
    # program that looks in takes itself for the last one and removes the log of what is committed.
    address = f"sqlite:///{tmp_path / 'gateway.db'}"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as gateway:
        assert gateway.stdout is not None
        assert gateway.stdout.readline() == "open\n"
        log = (tmp_path / "gateway.db-wal").stat().st_ino
        subprocess.run([sys.executable, "-c", _LOOK_IN, address], check=True)

        assert (tmp_path / "gateway.db-wal").exists()
        assert (tmp_path / "gateway.db-wal").stat().st_ino == log
        gateway.communicate()


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def written_and_deleted(store: Store) -> None:
    for statement in ("UPDATE devices SET unit = 'Room 204 west'", "UPDATE devices SET unit = ''"):
        with store.write() as connection:
            connection.execute(text(statement))


def test_what_was_deleted_is_in_no_file_any_more(store: Store, tmp_path: Path) -> None:
    written_and_deleted(store)
    assert b"Room 204 west" in files(tmp_path)

    store.scrub()

    assert b"Room 204 west" not in files(tmp_path)


def test_who_reads_meanwhile_is_not_disturbed_and_the_next_time_does_it(
    store: Store, tmp_path: Path
) -> None:
    with store.read() as reading:
        assert reading.execute(text("SELECT unit FROM devices")).scalar() == "204"
        written_and_deleted(store)
        store.scrub()
        assert reading.execute(text("SELECT unit FROM devices")).scalar() == "204"
    written_and_deleted(store)

    store.scrub()

    assert b"Room 204 west" not in files(tmp_path)
