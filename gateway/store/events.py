"""SQL of the intake: events, what has been seen, clocks, counters, what was set aside."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.happened import StoredEvent
from gateway.placement import Clock
from gateway.seen import Seen
from gateway.store.schema import (
    clocks,
    counters,
    events,
    outbox,
    seen,
    set_aside,
    signatures,
    watches,
)

Boot = tuple[str, int]  # (device, boot)
Identity = tuple[str, int, int]  # (device, boot, seq)

# Statements are built once: building one takes longer than SQLite takes to carry it out.
_SEEN = select(seen).where(
    seen.c.device.in_(bindparam("devices", expanding=True)),
    seen.c.boot.in_(bindparam("boots", expanding=True)),
)
_CLOCKS = select(clocks).where(
    clocks.c.device.in_(bindparam("devices", expanding=True)),
    clocks.c.boot.in_(bindparam("boots", expanding=True)),
)
_SIGNATURES = union_all(
    *(
        select(one.c.signature).where(
            one.c.device == bindparam("device"),
            one.c.boot == bindparam("boot"),
            one.c.seq == bindparam("seq"),
        )
        for one in (events, signatures)
    )
)
_INSERT_EVENTS = events.insert()
_INSERT_PARCELS = outbox.insert()


@lru_cache
def _upsert(table: Table, dialect_name: str) -> Any:
    dialect: Any = sqlite if dialect_name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts whole *rows*, overwriting those with the same primary key."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name), list(rows))


def _of(boots: Collection[Boot]) -> dict[str, list[Any]]:
    """Each of the devices with each of the boot numbers: more rows than asked for, seldom."""
    return {"devices": list({d for d, _ in boots}), "boots": list({b for _, b in boots})}


def seen_in(connection: Connection, boots: Collection[Boot]) -> dict[Boot, Seen]:
    """What has been seen of each of *boots*; empty where nothing has."""
    ranges: dict[Boot, list[tuple[int, int]]] = {boot: [] for boot in boots}
    if boots:
        for row in connection.execute(_SEEN, _of(boots)):
            if (row.device, row.boot) in ranges:
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
    """What is known of the clock of each of *boots*, and perhaps of some others."""
    if not boots:
        return {}
    return {
        (row.device, row.boot): Clock(
            row.arrival_ms, row.uptime_ms, row.confirmed, row.late_arrival_ms, row.late_uptime_ms
        )
        for row in connection.execute(_CLOCKS, _of(boots))
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
                "late_arrival_ms": clock.late_arrival_ms,
                "late_uptime_ms": clock.late_uptime_ms,
            }
            for (device, boot), clock in known.items()
        ],
    )


def forget_clocks(connection: Connection) -> None:
    """No arrival from before now can be held against one from now on."""
    connection.execute(delete(clocks))


def signatures_of(connection: Connection, identity: Identity) -> set[bytes]:
    """The signatures of all events with this identity that are kept, and of all alarms."""
    device, boot, seq = identity
    found = connection.execute(_SIGNATURES, {"device": device, "boot": boot, "seq": seq})
    return {bytes(row.signature) for row in found}


def event_row(event: StoredEvent, uptime_ms: int, signature: bytes) -> dict[str, Any]:
    """The row that keeps an event."""
    return {
        "device": event.device,
        "boot": event.boot,
        "seq": event.seq,
        "copy": event.copy,
        "kind": event.kind,
        "details": dict(event.details),
        "uptime_ms": uptime_ms,
        "signature": signature,
        "received_at": event.received_at_ms,
        "occurred": event.placement.occurred.value,
        "occurred_at": event.placement.occurred_at_ms,
        "unsure_ms": event.placement.unsure_ms,
    }


def insert(
    connection: Connection,
    event_rows: Sequence[dict[str, Any]],
    parcel_rows: Sequence[dict[str, Any]],
) -> None:
    """Keeps events, and puts their parcels into the outbox."""
    if event_rows:
        connection.execute(_INSERT_EVENTS, list(event_rows))
    if parcel_rows:
        connection.execute(_INSERT_PARCELS, list(parcel_rows))


def since(connection: Connection, device: str, kind: str, since_ms: int) -> Sequence[Any]:
    """The details of the events of this kind that have come since then, oldest first."""
    return (
        connection.execute(
            select(events.c.details)
            .where(
                events.c.device == device, events.c.kind == kind, events.c.received_at >= since_ms
            )
            .order_by(events.c.id)
        )
        .scalars()
        .all()
    )


def is_watching(connection: Connection, device: str) -> bool:
    """Whether a sensor is looking after somebody, as it last said."""
    mine = select(watches.c.device).where(watches.c.device == device)
    return connection.execute(mine).first() is not None


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
