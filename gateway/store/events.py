"""SQL of the intake: events, what has been seen, clocks, counters, what was set aside."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.happened import StoredEvent
from gateway.placement import Clock
from gateway.seen import Seen
from gateway.store.schema import clocks, counters, events, outbox, seen, set_aside, watches

Boot = tuple[str, int]  # (device, boot)


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts *rows*, overwriting those with the same primary key."""
    if not rows:
        return
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows)
    )


def _of_boots(table: Table, boots: Collection[Boot]) -> Any:
    by_device: dict[str, list[int]] = {}
    for device, boot in boots:
        by_device.setdefault(device, []).append(boot)
    return or_(
        *(and_(table.c.device == device, table.c.boot.in_(of)) for device, of in by_device.items())
    )


def seen_in(connection: Connection, boots: Collection[Boot]) -> dict[Boot, Seen]:
    """What has been seen of each of *boots*; empty where nothing has."""
    ranges: dict[Boot, list[tuple[int, int]]] = {boot: [] for boot in boots}
    if boots:
        for row in connection.execute(select(seen).where(_of_boots(seen, boots))):
            ranges[row.device, row.boot].append((row.first, row.last))
    return {boot: Seen(found) for boot, found in ranges.items()}


def save_seen(
    connection: Connection, boot: Boot, before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    """Writes what differs between the ranges *before* and *after*."""
    device, number = boot
    kept = {first for first, _ in after}
    gone = [first for first, _ in before if first not in kept]
    if gone:
        connection.execute(
            delete(seen).where(
                seen.c.device == device, seen.c.boot == number, seen.c.first.in_(gone)
            )
        )
    old = set(before)
    upsert(
        connection,
        seen,
        [
            {"device": device, "boot": number, "first": first, "last": last}
            for first, last in after
            if (first, last) not in old
        ],
    )


def clocks_of(connection: Connection, boots: Collection[Boot]) -> dict[Boot, Clock]:
    """What is known of the clock of each of *boots*."""
    if not boots:
        return {}
    return {
        (row.device, row.boot): Clock(row.arrival_ms, row.uptime_ms, row.confirmed)
        for row in connection.execute(select(clocks).where(_of_boots(clocks, boots)))
    }


def save_clocks(connection: Connection, known: dict[Boot, Clock]) -> None:
    """Keeps what is known of each boot's clock now."""
    upsert(
        connection,
        clocks,
        [
            {
                "device": device,
                "boot": boot,
                "arrival_ms": clock.arrival_ms,
                "uptime_ms": clock.uptime_ms,
                "confirmed": clock.confirmed,
            }
            for (device, boot), clock in known.items()
        ],
    )


def signatures(connection: Connection, device: str, boot: int, seq: int) -> set[bytes]:
    """The signatures of all kept events with this identity."""
    found = connection.execute(
        select(events.c.signature).where(
            events.c.device == device, events.c.boot == boot, events.c.seq == seq
        )
    )
    return {bytes(row.signature) for row in found}


def insert_event(
    connection: Connection, event: StoredEvent, uptime_ms: int, signature: bytes
) -> int:
    """Keeps an event; returns its row."""
    row = connection.execute(
        events.insert()
        .values(
            device=event.device,
            boot=event.boot,
            seq=event.seq,
            copy=event.copy,
            kind=event.kind,
            details=dict(event.details),
            uptime_ms=uptime_ms,
            signature=signature,
            received_at=event.received_at_ms,
            occurred=event.placement.occurred.value,
            occurred_at=event.placement.occurred_at_ms,
            unsure_ms=event.placement.unsure_ms,
        )
        .returning(events.c.id)
    ).scalar_one()
    return int(row)


def insert_parcels(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Puts parcels into the outbox, in the transaction of their events."""
    if rows:
        connection.execute(outbox.insert(), list(rows))


def set_watch(connection: Connection, device: str, boot: int, seq: int, *, on: bool) -> None:
    """The sensor looks after somebody from now on, or no longer. Keeps no trace of the last."""
    newest = connection.execute(
        select(watches.c.boot, watches.c.seq).where(watches.c.device == device)
    ).one_or_none()
    if newest is not None and (newest.boot, newest.seq) > (boot, seq):
        return
    if on:
        upsert(connection, watches, [{"device": device, "boot": boot, "seq": seq}])
    else:
        connection.execute(delete(watches).where(watches.c.device == device))


def count(connection: Connection, added: Mapping[str, int]) -> None:
    """Adds to counters, by name."""
    for name, number in added.items():
        done = connection.execute(
            update(counters).where(counters.c.name == name).values(value=counters.c.value + number)
        )
        if done.rowcount == 0:
            connection.execute(counters.insert().values(name=name, value=number))


def counted(connection: Connection, prefix: str) -> dict[str, int]:
    """The counters whose names begin with *prefix*, which is left off."""
    rows = connection.execute(
        select(counters).where(counters.c.name.startswith(prefix, autoescape=True))
    )
    return {row.name.removeprefix(prefix): row.value for row in rows}


def put_aside(
    connection: Connection, at_ms: int, way: str, device: str, payload: bytes, why: str
) -> None:
    """Keeps a message that made the intake fail."""
    connection.execute(
        set_aside.insert().values(at=at_ms, way=way, device=device, payload=payload, why=why)
    )
