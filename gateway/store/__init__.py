"""The gateway's store: the one place that speaks SQL."""

from gateway.store.engine import Store, migrate, open_engine, open_store

__all__ = ["Store", "migrate", "open_engine", "open_store"]
