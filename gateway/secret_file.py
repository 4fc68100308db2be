"""secrets.toml in the data directory: what gateway and backend must not show to anybody.

Made at the first start, mode 0600, and never changed again; what an older version did not know
is added once. A backend elsewhere needs the same webhook_secret and stream_token, and its replicas
all the same vault_key: somebody carries the file there.
"""

import base64
import fcntl
import os
import secrets
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

from gateway.errors import SettingsError
from gateway.settings import Settings

FILE_NAME = "secrets.toml"
# 32 bytes: the strength of the HMAC-SHA256 that it keys.
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Secrets:
    """None of these is ever printed: they are kept out of repr()."""

    # Standard Webhooks, "whsec_" and base64: signs what gateway sends to backend.
    webhook_secret: str = field(repr=False)
    # Bearer token of the stream from backend to gateway.
    stream_token: str = field(repr=False)
    # Signs the cookies and links of the backend's pages.
    session_key: str = field(repr=False)
    # The gateway's own password at the broker.
    broker_password: str = field(repr=False)
    # Encrypts what residents have written, and seasons the hashes of passwords and PINs. "": of
    # an older version, which had none; load_secrets() adds it.
    vault_key: str = field(default="", repr=False)


def load_secrets(settings: Settings) -> Secrets:
    """The secrets of this installation; makes them, and the data directory, where there are none.

    Raises SettingsError, one sentence.
    """
    make_data_directory(settings.data)
    path = settings.data / FILE_NAME
    if not path.exists():
        _make(path)
    found = read_secrets(settings)
    if not found.vault_key:
        _add_vault_key(settings, path)
        found = read_secrets(settings)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return found


def read_secrets(settings: Settings) -> Secrets:
    """The secrets that there are; makes and changes nothing. Raises SettingsError."""
    path = settings.data / FILE_NAME
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Secrets(
            **{
                one.name: values[one.name]
                for one in fields(Secrets)
                if one.default is MISSING or one.name in values
            }
        )
    except (OSError, ValueError) as error:
        # Not the error's own words: a TOML error may quote the line, and the line is a secret.
        raise SettingsError(
            f"The secrets in {path} cannot be read ({type(error).__name__}); restore the file from "
            "a backup, or delete it to have new ones made."
        ) from None
    except KeyError as error:
        raise SettingsError(
            f"The secrets in {path} lack {error.args[0]!r}; add it, or delete the file to have "
            "new ones made."
        ) from None


def reveal(settings: Settings, text: str) -> str:
    """*text* itself, or, where it is "file:NAME", the first line of NAME in the data directory."""
    if not text.startswith("file:"):
        return text
    path = settings.data / text.removeprefix("file:")
    try:
        # -sig: without the mark that Windows' editors write before it.
        return path.read_text(encoding="utf-8-sig").splitlines()[0].strip()
    except (OSError, UnicodeError, IndexError):
        raise SettingsError(
            f"The configuration file {settings.path} points to {path}, which cannot be read; put "
            "the secret on its first line."
        ) from None


def make_data_directory(path: Path) -> None:
    """Makes *path*, open to its owner alone. Raises SettingsError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"The data directory {path} cannot be made: {error.strerror}; name another as 'data' "
            "under [gateway]."
        ) from None


def write_private(path: Path, content: str) -> None:
    """Writes *path* whole or not at all, readable by its owner alone."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _make(path: Path) -> None:
    key = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    try:
        write_private(
            path,
            f'webhook_secret = "whsec_{key}"\n'
            f'stream_token = "{secrets.token_urlsafe(_SECRET_BYTES)}"\n'
            f'session_key = "{secrets.token_urlsafe(_SECRET_BYTES)}"\n'
            f'broker_password = "{secrets.token_urlsafe(_SECRET_BYTES)}"\n' + _vault_key_line(),
        )
    except OSError as error:
        raise SettingsError(f"The secrets cannot be written to {path}: {error.strerror}.") from None


def _vault_key_line() -> str:
    return f'vault_key = "{secrets.token_urlsafe(_SECRET_BYTES)}"\n'


def _add_vault_key(settings: Settings, path: Path) -> None:
    """Once, whoever comes first: a second key would make what the first has locked unreadable."""
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever waited for the lock may hold a file that has been replaced meanwhile.
            if not read_secrets(settings).vault_key:
                text = path.read_text(encoding="utf-8")
                write_private(path, text.rstrip("\n") + "\n" + _vault_key_line())
    except OSError as error:
        raise SettingsError(f"The secrets cannot be written to {path}: {error.strerror}.") from None
