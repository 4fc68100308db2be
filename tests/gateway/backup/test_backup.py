"""Backup and restore of an installation whose gateway is off."""

import os
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import devices
from gateway.backend.database import open_database
from gateway.backup import bring_back as room
from gateway.backup.bring_back import BroughtBack, bring_back
from gateway.backup.exchange import exchange
from gateway.backup.mark import last_backup
from gateway.backup.rejoin import BOOTS_LEFT_FREE
from gateway.backup.take import take
from gateway.errors import BackupError, GatewayError
from gateway.lock import Lock
from gateway.secret_file import load_secrets
from gateway.settings import load
from gateway.store import open_store
from tests.gateway.process import DEVICE, NOW_MS, SECRET

PASSPHRASE = "four words are enough"
LATER_MS = NOW_MS + 3_600_000
COST = 10


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with one device in unit 204, and a phone's address in a file."""
    path = tmp_path / "old" / "gateway.toml"
    path.parent.mkdir()
    path.write_text('[gateway]\nname = "house-1"\n')
    made = load(path)
    load_secrets(made)
    (made.data / "ana-phone").write_text("ntfy://ntfy.example/topic\n")
    store = open_store(made.gateway_database)
    devices.register(store, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    store.close()
    open_database(made.backend_database).close()
    return path


@pytest.fixture
def file(config: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "backup"
    take(load(config), path, PASSPHRASE, now_ms=NOW_MS, cost=COST)
    return path


def back(file: Path, config: Path, **how: bool) -> BroughtBack:
    given = {"replace": False, "keep_config": False, **how}
    return bring_back(file, config, lambda: PASSPHRASE, now_ms=LATER_MS, **given)


def photograph(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_everything_comes_back_on_another_computer(
    file: Path, config: Path, tmp_path: Path
) -> None:
    old = load(config)
    there = tmp_path / "new" / "gateway.toml"

    done = back(file, there)

    new = load(there)
    assert there.read_bytes() == config.read_bytes()
    assert load_secrets(new) == load_secrets(old)
    assert (new.data / "ana-phone").read_text() == "ntfy://ntfy.example/topic\n"
    store = open_store(new.gateway_database)
    assert devices.get(store, DEVICE).secret == SECRET
    store.close()
    assert (done.devices, done.open_alerts, done.kept_aside) == (1, 0, None)
    assert stat.S_IMODE(new.data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in new.data.iterdir() if p.is_file()} == {0o600}
    assert last_backup(old.data) == last_backup(new.data) == NOW_MS


def test_the_file_is_for_its_owner_alone_and_shows_nothing(file: Path, config: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    raw = file.read_bytes()
    assert SECRET not in raw
    assert load_secrets(load(config)).webhook_secret.encode() not in raw
    assert b"ntfy" not in raw


def test_a_store_that_is_being_written_is_copied_whole(config: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(load(config).data / "gateway.db")
    writer.execute("INSERT INTO counters VALUES ('committed', 1)")
    writer.commit()
    writer.execute("INSERT INTO counters VALUES ('not yet', 1)")

    take(load(config), tmp_path / "b", PASSPHRASE, now_ms=NOW_MS, cost=COST)

    writer.rollback()
    writer.close()
    back(tmp_path / "b", tmp_path / "new" / "gateway.toml")
    with sqlite3.connect(tmp_path / "new" / "data" / "gateway.db") as copy:
        assert [row[0] for row in copy.execute("SELECT name FROM counters")] == ["committed"]


def test_the_numbers_handed_out_after_the_backup_are_not_handed_out_again(
    file: Path, tmp_path: Path
) -> None:
    back(file, tmp_path / "new" / "gateway.toml")

    with sqlite3.connect(tmp_path / "new" / "data" / "gateway.db") as store:
        (boot, command, given) = store.execute(
            "SELECT highest_boot, command_number, number_given FROM devices"
        ).fetchone()

    assert boot >= BOOTS_LEFT_FREE
    assert command >= LATER_MS
    assert given is None


def test_over_a_gateway_it_goes_only_when_told_and_the_old_one_is_kept(
    file: Path, config: Path
) -> None:
    before = photograph(config.parent)

    with pytest.raises(BackupError, match="--replace"):
        back(file, config)
    assert photograph(config.parent) == before

    done = back(file, config, replace=True)
    assert done.kept_aside is not None
    assert (done.kept_aside / "gateway.db").read_bytes() == before[
        str(config.parent / "data" / "gateway.db")
    ]


def test_another_configuration_is_kept_beside_or_kept(file: Path, tmp_path: Path) -> None:
    there = tmp_path / "new" / "gateway.toml"
    there.parent.mkdir()
    there.write_text('[gateway]\nname = "house-2"\ndata = "elsewhere"\n')
    with pytest.raises(BackupError, match="--keep-config"):
        back(file, there)

    kept = back(file, there, keep_config=True)
    assert kept.data == tmp_path / "new" / "elsewhere"
    assert "house-2" in there.read_text()

    back(file, there, replace=True)
    assert "house-1" in there.read_text()
    (aside,) = there.parent.glob("gateway.toml.before-*")
    assert "house-2" in aside.read_text()


def test_while_a_gateway_runs_it_is_refused(file: Path, config: Path) -> None:
    lock = Lock(load(config).data)
    try:
        with pytest.raises(BackupError, match=f"process {os.getpid()}"):
            back(file, config, replace=True)
    finally:
        lock.release()


def test_a_clock_before_the_backup_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="clock"):
        bring_back(
            file,
            tmp_path / "new" / "gateway.toml",
            lambda: PASSPHRASE,
            replace=False,
            keep_config=False,
            now_ms=NOW_MS - 1,
        )


def spoil_at(at: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize("where", range(12))
def test_a_damaged_or_cut_off_file_is_one_sentence_and_touches_nothing(
    file: Path, config: Path, where: int
) -> None:
    raw = file.read_bytes()
    at = random.Random(where).randrange(len(raw))
    file.write_bytes(raw[:at] if where % 2 else spoil_at(at)(raw))
    before = photograph(config.parent)

    with pytest.raises(GatewayError) as told:
        back(file, config, replace=True)

    assert "\n" not in str(told.value)
    assert photograph(config.parent) == before


def test_a_wrong_passphrase_touches_nothing(file: Path, config: Path) -> None:
    before = photograph(config.parent)

    with pytest.raises(BackupError, match="passphrase"):
        bring_back(
            file, config, lambda: "another", replace=True, keep_config=False, now_ms=LATER_MS
        )

    assert photograph(config.parent) == before


def test_what_fails_in_the_last_moment_touches_nothing(
    file: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "data")

    monkeypatch.setattr(room, "exchange", fail)
    before = photograph(config.parent)

    with pytest.raises(BackupError, match="No space left"):
        back(file, config, replace=True)

    assert photograph(config.parent) == before


def test_a_backup_of_a_newer_doorknock_touches_nothing(config: Path, tmp_path: Path) -> None:
    with sqlite3.connect(load(config).data / "gateway.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    take(load(config), tmp_path / "b", PASSPHRASE, now_ms=NOW_MS, cost=COST)
    before = photograph(config.parent)

    with pytest.raises(GatewayError, match="newer"):
        back(tmp_path / "b", config, replace=True)

    assert photograph(config.parent) == before


def test_a_file_that_is_there_is_not_written_over(file: Path, config: Path) -> None:
    raw = file.read_bytes()

    with pytest.raises(BackupError, match="name another"):
        take(load(config), file, PASSPHRASE, now_ms=NOW_MS, cost=COST)

    assert file.read_bytes() == raw


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(config: Path) -> None:
    before = photograph(config.parent)

    with pytest.raises(BackupError, match="name another place"):
        take(load(config), config.parent / "none" / "b", PASSPHRASE, now_ms=NOW_MS, cost=COST)

    assert photograph(config.parent) == before


def test_two_folders_take_each_others_place(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "new").touch()

    exchange(one, other)

    assert (other / "new").exists()
    assert not (one / "new").exists()


def test_what_no_folder_can_hold_is_not_restored(config: Path, tmp_path: Path) -> None:
    """A symbolic link, or a path that leads out, is never in a backup of ours."""
    (load(config).data / "link").symlink_to("/etc/passwd")

    take(load(config), tmp_path / "b", PASSPHRASE, now_ms=NOW_MS, cost=COST)
    shutil.rmtree(config.parent)
    back(tmp_path / "b", config)

    assert not (load(config).data / "link").exists()


@pytest.mark.parametrize("store", ["gateway.db", "backend.db"])
@pytest.mark.parametrize("content", [b"", bytes(5000)])
def test_a_store_that_is_none_any_more_is_not_backed_up_as_if_it_were_whole(
    config: Path, tmp_path: Path, store: str, content: bytes
) -> None:
    (load(config).data / store).write_bytes(content)

    with pytest.raises(BackupError, match=rf"{store} is damaged .* keep the backups you have"):
        take(load(config), tmp_path / "backup", PASSPHRASE, now_ms=NOW_MS, cost=COST)

    assert not (tmp_path / "backup").exists()
    assert last_backup(load(config).data) is None
