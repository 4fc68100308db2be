"""SQL of the way back: the newest light of each device, and how far the stream has been read."""

from typing import Any

from sqlalchemy import Connection, select

from gateway.store.events import upsert
from gateway.store.schema import cursors, lights


def save(
    connection: Connection,
    *,
    device: str,
    boot: int,
    seq: int,
    state: str,
    alert: str,
    now_ms: int,
) -> None:
    """What the newest alert of this device has come to."""
    upsert(
        connection,
        lights,
        [
            {
                "device": device,
                "boot": boot,
                "seq": seq,
                "state": state,
                "alert": alert,
                "received_at": now_ms,
            }
        ],
    )


def find(connection: Connection, device: str) -> Any:
    """The row of `lights` of this device, or None."""
    return connection.execute(select(lights).where(lights.c.device == device)).one_or_none()


def cursor(connection: Connection, name: str) -> str:
    """How far the stream *name* has been read; "" from the beginning."""
    value = connection.execute(
        select(cursors.c.value).where(cursors.c.name == name)
    ).scalar_one_or_none()
    return value or ""


def save_cursor(connection: Connection, name: str, value: str) -> None:
    """The stream *name* has been read up to and with *value*."""
    upsert(connection, cursors, [{"name": name, "value": value}])
