"""SQL about updates over the air, and what is known of the devices in them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.store.events import upsert
from gateway.store.schema import devices, events, lights, update_devices, updates


def insert(connection: Connection, values: Mapping[str, Any]) -> int:
    """A new update; its id."""
    done = connection.execute(updates.insert().values(**values))
    key = done.inserted_primary_key
    return int(key[0]) if key else 0


def change(connection: Connection, update_id: int, values: Mapping[str, Any]) -> None:
    """Sets columns of one update."""
    connection.execute(update(updates).where(updates.c.id == update_id).values(**values))


def newest(connection: Connection) -> Any:
    """The newest update, or None."""
    return connection.execute(select(updates).order_by(updates.c.id.desc()).limit(1)).one_or_none()


def get(connection: Connection, update_id: int) -> Any:
    """The update of this id, or None."""
    return connection.execute(select(updates).where(updates.c.id == update_id)).one_or_none()


def all_newest_first(connection: Connection, most: int) -> Sequence[Any]:
    """The newest updates."""
    return connection.execute(select(updates).order_by(updates.c.id.desc()).limit(most)).all()


def members(connection: Connection, update_id: int) -> Sequence[Any]:
    """Its devices, in their order."""
    return connection.execute(
        select(update_devices)
        .where(update_devices.c.update_id == update_id)
        .order_by(update_devices.c.place)
    ).all()


def save_members(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes whole rows of update_devices."""
    upsert(connection, update_devices, rows)


def unit_has_open_alert(connection: Connection, unit: str) -> bool:
    """Whether any device in service in this unit shows the light of an alert that is open."""
    found = connection.execute(
        select(lights.c.device)
        .join(devices, devices.c.device == lights.c.device)
        .where(devices.c.unit == unit, devices.c.retired_at.is_(None), lights.c.state != "none")
        .limit(1)
    )
    return found.first() is not None


def faults(
    connection: Connection, names: Collection[str], since_ms: int
) -> dict[str, tuple[frozenset[str], int]]:
    """Of each device: its faults that are raised, and how many were raised since then (Unix ms)."""
    raised: dict[str, dict[str, bool]] = defaultdict(dict)
    lately: Counter[str] = Counter()
    rows = connection.execute(
        select(events.c.device, events.c.details, events.c.received_at)
        .where(events.c.kind == "fault", events.c.device.in_(names))
        .order_by(events.c.id)
    )
    for row in rows:
        is_raised = row.details.get("state") == "raised"
        raised[row.device][str(row.details.get("what", ""))] = is_raised
        lately[row.device] += is_raised and row.received_at >= since_ms
    return {
        name: (frozenset(what for what, up in raised[name].items() if up), lately[name])
        for name in names
    }
