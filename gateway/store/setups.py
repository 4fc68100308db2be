"""SQL about devices that are being set up: what was wanted, and how far it has come."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.store.events import upsert
from gateway.store.schema import setups


def find(connection: Connection, device: str) -> Any:
    """The row of this device, or None."""
    return connection.execute(select(setups).where(setups.c.device == device)).one_or_none()


def every(connection: Connection) -> Sequence[Any]:
    """All of them, in the order in which they were begun."""
    return connection.execute(select(setups).order_by(setups.c.begun_at, setups.c.device)).all()


def begin(connection: Connection, device: str, wanted: dict[str, Any], now_ms: int) -> None:
    """Begins anew."""
    row = {"device": device, "wanted": wanted, "done": [], "begun_at": now_ms, "ready_at": None}
    upsert(connection, setups, [row])


def done(connection: Connection, device: str, step: str) -> None:
    """This step is done."""
    row = find(connection, device)
    if row is not None and step not in row.done:
        values = {"done": [*row.done, step]}
        connection.execute(update(setups).where(setups.c.device == device).values(**values))


def ready(connection: Connection, device: str, now_ms: int) -> None:
    """All of them are."""
    connection.execute(update(setups).where(setups.c.device == device).values(ready_at=now_ms))


def want(connection: Connection, device: str, wanted: dict[str, Any]) -> None:
    """What is wanted has changed, and is so by now."""
    connection.execute(update(setups).where(setups.c.device == device).values(wanted=wanted))
