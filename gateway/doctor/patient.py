"""What every check is given: an installation, the time, and whether its gateway runs."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.settings import Settings


@dataclass(frozen=True)
class Patient:
    """gateway_pid: the process that holds the lock; None: no gateway runs."""

    settings: Settings
    now_ms: int
    gateway_pid: int | None

    @property
    def runs(self) -> bool:
        """Whether a gateway uses this data directory now."""
        return self.gateway_pid is not None

    @property
    def gateway_store(self) -> Path:
        """The gateway's store."""
        return self.settings.data / "gateway.db"

    @property
    def backend_store(self) -> Path | None:
        """The backend's store, where it is a file; None: it is a server's."""
        return sqlite_file(self.settings.backend_database)


def sqlite_file(url: str) -> Path | None:
    """The file that an SQLAlchemy URL of SQLite names; None for any other database."""
    try:
        address = make_url(url)
    except SQLAlchemyError:
        return None
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    return Path(address.database)
