"""The backend's own store: of the same make as the gateway's, with tables of its own.

PostgreSQL serves any number of replicas; SQLite one.
"""

from pathlib import Path

from gateway.store import Store, open_store

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Store:
    """The backend's store at this SQLAlchemy URL, made or migrated. Raises StoreError."""
    return open_store(url, _MIGRATIONS)
