"""Brings a gateway back from a backup: all is checked before anything is written in place."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway import devices
from gateway.backend.database import open_database
from gateway.backup.archive import Archive, Manifest
from gateway.backup.exchange import exchange
from gateway.backup.mark import note_backup
from gateway.backup.rejoin import rejoin_backend, rejoin_gateway
from gateway.backup.sealed import DAMAGED, Opener
from gateway.backup.take import sync
from gateway.errors import BackupError, StoreError
from gateway.lock import holder
from gateway.secret_file import read_secrets
from gateway.settings import Settings, parse
from gateway.store import open_store
from gateway.store.read_only import faults

_STAGE = ".doorknock-restore-"


@dataclass(frozen=True)
class BroughtBack:
    """What was restored. kept_aside: what was there before, by its new name; None: nothing was."""

    manifest: Manifest
    devices: int
    open_alerts: int
    data: Path
    kept_aside: Path | None


def bring_back(
    backup: Path,
    config: Path,
    ask_passphrase: Callable[[], str],
    *,
    replace: bool,
    keep_config: bool,
    now_ms: int,
) -> BroughtBack:
    """Restores *backup* to where *config* says, or says itself. Raises GatewayError, and then all
    is as it was."""
    config = config.absolute()
    try:
        with backup.open("rb") as source:
            archive = Archive(Opener(source, ask_passphrase()))
            settings, text = _configuration(archive, config, keep_config=keep_config)
            _may_begin(settings, archive.manifest, text, replace=replace, now_ms=now_ms)
            return _in_place(archive, settings, text, now_ms)
    except OSError as error:
        where = error.filename or backup
        raise BackupError(
            f"The backup cannot be brought back: {where}: {error.strerror}; nothing was changed."
        ) from None


def _configuration(
    archive: Archive, config: Path, *, keep_config: bool
) -> tuple[Settings, str | None]:
    """The settings to be, and the text to be written; None: the file stays as it is."""
    if keep_config:
        return parse(config, config.read_text(encoding="utf-8")), None
    settings = parse(config, archive.configuration)
    same = config.exists() and config.read_bytes() == archive.configuration.encode()
    return settings, None if same else archive.configuration


def _may_begin(
    settings: Settings, manifest: Manifest, text: str | None, *, replace: bool, now_ms: int
) -> None:
    if now_ms < manifest.made_at_ms:
        made = datetime.fromtimestamp(manifest.made_at_ms / 1000, UTC)
        raise BackupError(
            f"This computer's clock is before the backup's time ({made:%Y-%m-%d %H:%M} UTC); set "
            "the clock, or devices would take no word from this gateway."
        )
    pid = holder(settings.data)
    if pid is not None:
        raise BackupError(
            f"A gateway uses {settings.data}, process {pid}; end it: sudo systemctl stop doorknock."
        )
    if replace:
        return
    if text is not None and settings.path.exists():
        raise BackupError(
            f"There is another configuration {settings.path}; add --replace to have the backup's "
            "(the old one is kept beside it), or --keep-config to keep it."
        )
    if settings.data.exists() and any(settings.data.iterdir()):
        raise BackupError(
            f"There is a gateway in {settings.data} already; add --replace to have the backup's "
            "instead (the old one is kept beside it)."
        )


def _in_place(archive: Archive, settings: Settings, text: str | None, now_ms: int) -> BroughtBack:
    data = settings.data
    data.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=data.parent))
    try:
        _unpack(archive, stage)
        open_alerts, count = _checked(stage, settings, now_ms)
        note_backup(stage, archive.manifest.made_at_ms)
        _give_to_owner(stage, data if data.exists() else data.parent)
        for path in (*stage.rglob("*"), stage):
            if path.is_dir():
                sync(path)
        moment = f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%d-%H%M%S}"
        if text is not None:
            _stage_config(settings.path, text)
        aside = None
        if data.exists():
            exchange(stage, data)
            aside = data.with_name(f"{data.name}.before-{moment}")
            stage.rename(aside)
        else:
            stage.rename(data)
        sync(data.parent)
        if text is not None:
            _use_config(settings.path, moment)
    finally:
        _fresh(settings.path).unlink(missing_ok=True)
        shutil.rmtree(stage, ignore_errors=True)
    return BroughtBack(archive.manifest, count, open_alerts, data, aside)


def _unpack(archive: Archive, stage: Path) -> None:
    for name, content in archive.files():
        path = stage / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            content.copy_to(out)
            out.flush()
            os.fsync(out.fileno())


def _checked(stage: Path, settings: Settings, now_ms: int) -> tuple[int, int]:
    """Opens, migrates and readies the stores where they are staged; (open alerts, devices)."""
    if not (stage / "gateway.db").is_file():
        raise BackupError(DAMAGED)
    staged = settings.gateway.model_copy(update={"data": stage})
    read_secrets(settings.model_copy(update={"gateway": staged}))
    store = open_store(f"sqlite:///{stage / 'gateway.db'}")
    open_alerts = 0
    try:
        with store.write() as connection:
            if faults(connection):
                raise StoreError(DAMAGED)
            rejoin_gateway(connection, now_ms)
        count = len(devices.in_service(store))
    finally:
        store.close()
    if (stage / "backend.db").is_file():
        backend = open_database(f"sqlite:///{stage / 'backend.db'}")
        try:
            with backend.write() as connection:
                if faults(connection):
                    raise StoreError(DAMAGED)
                open_alerts = rejoin_backend(connection, now_ms)
        finally:
            backend.close()
    return open_alerts, count


def _give_to_owner(stage: Path, like: Path) -> None:
    """Restored by root, it still belongs to the gateway's own user."""
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for path in (stage, *stage.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def _fresh(path: Path) -> Path:
    return path.with_name(f"{path.name}.restored")


def _stage_config(path: Path, text: str) -> None:
    """Writes it beside, with the rights of the one that it will replace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _fresh(path)
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    # A configuration holds no secret; /etc/doorknock belongs to root and the gateway's group.
    like = path if path.exists() else path.parent
    fresh.chmod(like.stat().st_mode & 0o777 if path.exists() else 0o640)
    if os.geteuid() == 0:
        os.chown(fresh, like.stat().st_uid, like.stat().st_gid)


def _use_config(path: Path, moment: str) -> None:
    if path.exists():
        shutil.copy2(path, path.with_name(f"{path.name}.before-{moment}"))
    _fresh(path).replace(path)
    sync(path.parent)
