"""SQL about what was answered for a unit when it was set up."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from gateway.store.events import upsert
from gateway.store.schema import answers


def find(connection: Connection, unit: str) -> Any:
    """The row of this unit, or None where nobody was asked."""
    row = connection.execute(select(answers).where(answers.c.unit == unit)).one_or_none()
    return row if row is not None and row.first is not None else None


def save(
    connection: Connection,
    unit: str,
    first: Sequence[str],
    ambulance_min: int | None,
    now_ms: int,
) -> None:
    """What was answered; the backend is to be told."""
    row = {"unit": unit, "first": list(first), "ambulance_min": ambulance_min}
    upsert(connection, answers, [{**row, "answered_at": now_ms, "told": False, "refused": None}])


def forget(connection: Connection, unit: str, now_ms: int) -> None:
    """Nothing is answered for this unit any more; the backend is to be told that as well."""
    if find(connection, unit) is not None:
        save(connection, unit, [], None, now_ms)
        connection.execute(update(answers).where(answers.c.unit == unit).values(first=None))


def untold(connection: Connection) -> Sequence[Any]:
    """The rows that the backend does not have, and has not refused."""
    return connection.execute(
        select(answers).where(answers.c.told.is_(False), answers.c.refused.is_(None))
    ).all()


def settle(connection: Connection, row: Any, refused: str | None) -> None:
    """The backend has taken this row, or says why not. What has changed since stays untold."""
    same = (answers.c.unit == row.unit) & (answers.c.answered_at == row.answered_at)
    if refused is None and row.first is None:
        connection.execute(delete(answers).where(same, answers.c.first.is_(None)))
    else:
        values = {"told": refused is None, "refused": refused}
        connection.execute(update(answers).where(same).values(**values))
