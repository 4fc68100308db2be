"""SQL of answers that residents gave on their pages, until their sensors have heard them."""

from typing import Any

from sqlalchemy import Connection, delete, select, tuple_

from gateway.store.events import upsert
from gateway.store.schema import said_oks


def save(connection: Connection, device: str, boot: int, seq: int, until_ms: int) -> None:
    """The question (boot, seq) of this device has been answered; it may be told until then."""
    row = {"device": device, "boot": boot, "seq": seq, "until_ms": until_ms}
    upsert(connection, said_oks, [row])


def find(connection: Connection, device: str) -> Any:
    """The row of this device, or None."""
    mine = said_oks.c.device == device
    return connection.execute(select(said_oks).where(mine)).one_or_none()


def forget(connection: Connection, device: str) -> None:
    """It need not be told any more."""
    connection.execute(delete(said_oks).where(said_oks.c.device == device))


def over(connection: Connection, device: str, boot: int, seq: int) -> None:
    """The device has said since, by the event (boot, seq), that its question is over."""
    older = tuple_(said_oks.c.boot, said_oks.c.seq) < tuple_(boot, seq)
    connection.execute(delete(said_oks).where(said_oks.c.device == device, older))
