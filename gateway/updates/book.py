"""Updates as the store keeps them: read, looked at, ordered and written in one transaction.

So a gateway that is killed at any moment goes on where it was: a device that is ORDERED has its
order, and an order is never given twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from doorknock import manifest
from sqlalchemy import Connection

from gateway import orders
from gateway.release.library import Library, Version
from gateway.store import devices as device_table
from gateway.store import orders as order_table
from gateway.store import updates as table
from gateway.supervision import DEVICE_HEARTBEAT_MS, GRACE_MS, HEARTBEATS_MISSED_BEFORE_LATE
from gateway.updates import stages
from gateway.updates.stages import Health, Member, Seen, Update

# A fault counts as a recent one for as long as a device is watched.
_LATELY_MS = max(stages.WATCHED_MS.values())

# Kept beside what a device was like before: Member.memory.
_MEMORY = "most_memory"

# Why a device is passed over. The pages know these by name.
NEVER_HEARD = "never heard"
NOT_HEARD = "not heard lately"
TOO_OLD = "its firmware knows no updates"
NO_BUILD = "no build for its chip"
NEWER = "runs a newer one"


def load(connection: Connection, row: Any) -> Update:
    """The update of this row of `updates`."""
    members = tuple(
        Member(
            device=one.device,
            stage=one.stage,
            state=one.state,
            why=one.why,
            order=one.order_id,
            before=Health.of(one.before),
            since_ms=one.since_ms,
            memory=int((one.before or {}).get(_MEMORY, 0)),
        )
        for one in table.members(connection, row.id)
    )
    return Update(row.version, row.state, row.why, row.stage, members)


def save(connection: Connection, update_id: int, update: Update) -> None:
    """Writes all of it."""
    values = {"state": update.state, "why": update.why, "stage": update.stage}
    table.change(connection, update_id, values)
    table.save_members(
        connection,
        [
            {
                "update_id": update_id,
                "device": one.device,
                "place": place,
                "stage": one.stage,
                "state": one.state,
                "why": one.why,
                "order_id": one.order,
                "before": {**one.before.as_json(), _MEMORY: one.memory},
                "since_ms": one.since_ms,
            }
            for place, one in enumerate(update.members)
        ],
    )


def is_live(update: Update) -> bool:
    """Whether something may still happen in it by itself."""
    states = {one.state for one in update.members}
    return update.state == stages.RUNNING or bool(states & {stages.TRYING, stages.WATCHED})


def look(
    connection: Connection, row: Any, library: Library, now_ms: int, hearing_since_ms: int
) -> None:
    """Takes the update of this row on by what is seen now, and orders what follows from it."""
    before = load(connection, row)
    release = _release(library, before.version)
    seen = see(connection, before.members, release, now_ms, hearing_since_ms)
    after = stages.advance(before, seen, now_ms)
    if after != before:
        by = str(row.acts[-1]["by"]) if row.acts else ""
        save(connection, row.id, carry_out(connection, after, release, by, now_ms))


def carry_out(
    connection: Connection, update: Update, release: Version | None, by: str, now_ms: int
) -> Update:
    """Gives the orders that follow from what the members are now, and notes them."""
    members = []
    for one in update.members:
        order = one.order
        if one.state == stages.QUEUED and order is not None:
            _call_off(connection, one, by, now_ms)
            order = None
        elif one.state == stages.ORDERED and order is None and release is not None:
            order = _order(connection, one, release, by, now_ms)
        members.append(replace(one, order=order))
    return Update(update.version, update.state, update.why, update.stage, tuple(members))


def _order(connection: Connection, one: Member, release: Version, by: str, now_ms: int) -> int:
    row = device_table.find(connection, one.device)
    arch = str((row.health or {}).get("arch", "")) if row is not None else ""
    details: dict[str, int | str] = {
        "manifest": release.manifests[arch],
        "size": release.sizes[arch],
    }
    return orders.give_within(connection, one.device, "update", details, by=by, now_ms=now_ms)


def _call_off(connection: Connection, one: Member, by: str, now_ms: int) -> None:
    order = order_table.get(connection, one.order or 0)
    if order is None or not (order.waits or order.state in orders.INTERIM):
        return
    order_table.change(connection, order.id, {"state": orders.SUPERSEDED, "waits": False})
    row = device_table.find(connection, one.device)
    if order.sent_at is not None and row is not None and row.retired_at is None:
        orders.give_within(connection, one.device, "update", {}, by=by, now_ms=now_ms)


# --- what is seen -------------------------------------------------------------------------------


def see(
    connection: Connection,
    members: Iterable[Member],
    release: Version | None,
    now_ms: int,
    hearing_since_ms: int,
) -> dict[str, Seen]:
    """What is known of these devices now; those that were removed are left out.

    hearing_since_ms: the gateway has been able to hear since then."""
    members = list(members)
    names = [one.device for one in members]
    rows = device_table.find_all(connection, names)
    faults = table.faults(connection, names, now_ms - _LATELY_MS)
    found = {}
    for one in members:
        row = rows.get(one.device)
        if row is None or row.retired_at is not None:
            continue
        order = order_table.get(connection, one.order) if one.order is not None else None
        health = row.health or {}
        found[one.device] = Seen(
            device_type=row.device_type,
            firmware=str(health.get("firmware", "")),
            heard_ms=max(row.last_heard_at or 0, hearing_since_ms),
            health=_health(health, faults[one.device]),
            fits=unfit(row, release, now_ms),
            order=order.state if order is not None else "",
            order_why=str((order.answer or {}).get("why", "")) if order is not None else "",
        )
    return found


def unfit(row: device_table.Row, release: Version | None, now_ms: int) -> str:
    """Why a device cannot be updated to this release now; "" where it can."""
    health = row.health or {}
    if row.last_heard_at is None:
        return NEVER_HEARD
    patience_ms = HEARTBEATS_MISSED_BEFORE_LATE * DEVICE_HEARTBEAT_MS[row.device_type] + GRACE_MS
    if now_ms - row.last_heard_at > patience_ms:
        return NOT_HEARD
    if "arch" not in health:
        return TOO_OLD
    if release is None or health["arch"] not in release.manifests:
        return NO_BUILD
    runs, new = manifest.parts(str(health.get("firmware", ""))), manifest.parts(release.version)
    if runs is not None and new is not None and runs > new:
        return "" if release.over == health["firmware"] else NEWER
    return ""


def _health(health: Mapping[str, Any], faults: tuple[frozenset[str], int]) -> Health:
    return Health(
        frames=int(health.get("radar_frames_per_10s", 0)),
        cause=str(health.get("cause", "unknown")),
        raised=faults[0],
        faults=faults[1],
        errors=int(health.get("radar_errors", 0)),
        uptime_ms=int(health.get("uptime_ms", 0)),
        memory=int(health.get("memory_free_bytes", 0)),
    )


def _release(library: Library, version: str) -> Version | None:
    return next((one for one in library.all() if one.version == version), None)
