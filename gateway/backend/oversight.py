"""Says when the system is blind: a gateway lost, a device not heard from, a fault. Once each.

Banners on the pages show what is so now; staff are written to when it begins and when it ends.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from gateway.backend import trouble
from gateway.backend.happenings import DeviceEvent
from gateway.backend.incoming import Heartbeat
from gateway.backend.ledger import GATEWAY, Ledger, insert_new
from gateway.backend.policy import Policy
from gateway.backend.tables import devices

# A gateway's heartbeat comes every 60 s: two have failed to come, and half a period of grace.
# With the timers' own second this stays well within the 180 s that are promised.
GATEWAY_LOST_AFTER = timedelta(seconds=150)
# A timer this much overdue was nobody's business: the whole backend was down, not the gateway.
_NOBODY_WATCHED = timedelta(seconds=60)

# A stamp further ahead of us than this is no measure of what is new: a clock was wrong.
_STAMP_AHEAD = timedelta(minutes=5)

# Two heartbeats missed (a button's comes every 15 minutes, a sensor's every minute), and the
# minute by which what a gateway reports may be old.
_SILENCE: dict[str, timedelta] = {
    "button": timedelta(minutes=31),
    "sensor": timedelta(minutes=3),
}
_SILENCE_OF_OTHERS = timedelta(minutes=31)

# A device at the edge of the Wi-Fi comes and goes: the banner does too, the messages do not.
_TOLD_AGAIN_AFTER = timedelta(hours=1)

# Built once, carried out for each device that a heartbeat lists.
_CHANGE = (
    update(devices)
    .where(devices.c.device == bindparam("which"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "gateway",
                "unit",
                "device_type",
                "tier",
                "heard_at",
                "listed_at",
                "battery_millivolts",
                "late",
                "late_told_at",
                "late_told",
            )
        }
    )
)


def is_late(device_type: str, silent_for: timedelta, watched_for: timedelta) -> bool:
    """Whether a device is overdue.

    silent_for: since it was last heard, or first listed where it never was. watched_for: how long
    its gateway has been there to hear it; while the gateway was away, its devices are not blamed.
    """
    return min(silent_for, watched_for) > _SILENCE.get(device_type, _SILENCE_OF_OTHERS)


class Oversight:
    """What heartbeats, faults and silence change. Within the transactions of dispatch.py."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    # --- gateways ---

    def heartbeat(self, connection: Connection, heartbeat: Heartbeat, now: datetime) -> None:
        """Takes what is newer than what is known; a heartbeat that was held up is still a sign."""
        ledger = Ledger(connection)
        row = ledger.lock_gateway(heartbeat.gateway, now)
        # What lies ahead of us was written by a clock that has been corrected since.
        gap = row.heard_at is None or not now - GATEWAY_LOST_AFTER <= row.heard_at <= now
        since = now if gap or row.since_at is None else min(row.since_at, now)
        stamped_at = row.stamped_at
        if stamped_at is not None and stamped_at > now + _STAMP_AHEAD:
            stamped_at = None
        newer = stamped_at is None or heartbeat.at > stamped_at
        ledger.set_gateway(
            heartbeat.gateway,
            heard_at=now,
            since_at=since,
            lost_at=None,
            stamped_at=heartbeat.at if newer else row.stamped_at,
            refused=heartbeat.refused if newer else row.refused,
        )
        ledger.set_timer(GATEWAY, heartbeat.gateway, now + GATEWAY_LOST_AFTER)
        if row.lost_at is not None:
            self._tell_staff(ledger, "gateway_back", now, gateway=heartbeat.gateway)
        if newer:
            self._troubles(ledger, heartbeat, row.troubles, now)
            self._devices(connection, heartbeat, since, now)

    def _troubles(
        self,
        ledger: Ledger,
        heartbeat: Heartbeat,
        known: dict[str, dict[str, Any]] | None,
        now: datetime,
    ) -> None:
        change = trouble.after_heartbeat(known, heartbeat.troubles, now)
        ledger.set_gateway(heartbeat.gateway, troubles=change.known)
        for reason, ones in (("gateway_trouble", change.begun), ("trouble_over", change.over)):
            if ones:
                troubles = [one.value for one in ones]
                self._tell_staff(ledger, reason, now, gateway=heartbeat.gateway, troubles=troubles)

    def gateway_timer(self, connection: Connection, gateway: str, now: datetime) -> bool:
        """The gateway has not been heard from in time; whether there was something to do."""
        ledger = Ledger(connection)
        row = ledger.lock_gateway(gateway, now)
        due_at = ledger.timer_due_at(GATEWAY, gateway)
        if due_at is None or now < due_at <= now + GATEWAY_LOST_AFTER:
            return False
        if due_at > now or now - due_at > _NOBODY_WATCHED:
            ledger.set_timer(GATEWAY, gateway, now + GATEWAY_LOST_AFTER)
            return True
        ledger.set_timer(GATEWAY, gateway, None)
        ledger.set_gateway(gateway, lost_at=now)
        since = row.heard_at or now
        self._tell_staff(ledger, "gateway_lost", now, gateway=gateway, since=since.isoformat())
        return True

    # --- devices ---

    def _devices(
        self, connection: Connection, heartbeat: Heartbeat, since: datetime, now: datetime
    ) -> None:
        ledger = Ledger(connection)
        silent: list[str] = []
        back: list[str] = []
        changes: list[dict[str, Any]] = []
        rows = self._rows(connection, heartbeat, now)
        for report in heartbeat.devices:
            row = rows[report.device]
            # Each difference within one clock: a gateway's may be hours off.
            heard_at = report.last_heard_at
            listed_at = min(row.listed_at, now)
            silent_for = heartbeat.at - heard_at if heard_at else now - listed_at
            if silent_for < -_STAMP_AHEAD:
                # Heard by a clock that was ahead and has been corrected: since then, not heard.
                silent_for = now - since
            late = is_late(report.device_type, silent_for, now - since)
            told_at = row.late_told_at
            if told_at is not None and told_at > now:
                told_at = now
            # Once for each silence, however long; and of several not more often than hourly.
            of_this_silence = told_at is not None and told_at > now - silent_for
            lately = told_at is not None and now - told_at <= _TOLD_AGAIN_AFTER
            tells = late and not of_this_silence and not lately
            if tells:
                told_at = now
                silent.append(report.unit)
            elif row.late_told and not late:
                # A silence that was not told, for one shortly before was, ends untold as well.
                back.append(report.unit)
            changes.append(
                {
                    "which": report.device,
                    "gateway": heartbeat.gateway,
                    "unit": report.unit,
                    "device_type": report.device_type,
                    "tier": report.tier,
                    "heard_at": heard_at,
                    "listed_at": listed_at,
                    "battery_millivolts": report.battery_millivolts or row.battery_millivolts,
                    "late": late,
                    "late_told_at": told_at,
                    "late_told": late and (tells or row.late_told),
                }
            )
        if changes:
            connection.execute(_CHANGE, changes)
        # One message for all: a dead access point is not thirty emergencies.
        if silent:
            self._tell_staff(ledger, "devices_silent", now, units=sorted(set(silent)))
        if back:
            self._tell_staff(ledger, "devices_back", now, units=sorted(set(back)))
        self._forget_removed(connection, heartbeat)

    def device_says(self, connection: Connection, event: DeviceEvent, now: datetime) -> None:
        """A fault, a battery, an opened case: kept as what is so now, told when it changes."""
        ledger = Ledger(connection)
        row = self._row(connection, event.device, event.gateway, event.unit, now)
        values: dict[str, Any] = {
            "heard_at": max(row.heard_at or event.occurred_at, event.occurred_at)
        }
        state = event.details.get("state")
        told: str | None = None
        if event.kind == "fault":
            what = str(event.details.get("what", "unknown"))
            faults = [one for one in row.faults if one != what]
            if state != "cleared":
                faults.append(what)
            if sorted(faults) != sorted(row.faults):
                told = "fault_over" if state == "cleared" else "fault"
            values["faults"] = faults
        elif event.kind == "battery":
            low = state == "low"
            told = "battery_low" if low and not row.battery_low else None
            values["battery_low"] = low
            if isinstance(event.details.get("millivolts"), int):
                values["battery_millivolts"] = event.details["millivolts"]
        elif event.kind == "tamper":
            opened = state != "closed"
            told = "tamper" if opened and not row.tampered else None
            values["tampered"] = opened
        elif event.kind == "boot":
            for name in ("device_type", "tier"):
                if isinstance(event.details.get(name), str):
                    values[name] = event.details[name]
        elif event.kind == "test":
            # It wakes nobody: all it has to show is that it came, to the light it came from.
            named = {"device": event.device, "boot": event.boot, "seq": event.seq}
            ledger.append_to_stream(event.gateway, now, "tested", [named])
        connection.execute(update(devices).where(devices.c.device == event.device).values(**values))
        if told:
            self._tell_staff(ledger, told, now, units=[event.unit])

    def _rows(self, connection: Connection, heartbeat: Heartbeat, now: datetime) -> dict[str, Any]:
        """The rows of all that it lists, by device; made where there is none. Few statements: a
        thousand devices must not hold up a press."""
        ids = sorted({report.device for report in heartbeat.devices})
        mine = select(devices).where(devices.c.device.in_(ids)).order_by(devices.c.device)
        rows = {row.device: row for row in connection.execute(mine.with_for_update())}
        for report in heartbeat.devices:
            if report.device not in rows:
                rows[report.device] = self._row(
                    connection, report.device, heartbeat.gateway, report.unit, now
                )
        return rows

    def _row(
        self, connection: Connection, device: str, gateway: str, unit: str, now: datetime
    ) -> Any:
        insert_new(
            connection,
            devices,
            {
                "device": device,
                "gateway": gateway,
                "unit": unit,
                "device_type": "button",
                "tier": "none",
                "listed_at": now,
                "battery_low": False,
                "tampered": False,
                "faults": [],
                "late": False,
            },
        )
        mine = select(devices).where(devices.c.device == device).with_for_update()
        return connection.execute(mine).one()

    def _forget_removed(self, connection: Connection, heartbeat: Heartbeat) -> None:
        """A device that its gateway no longer lists has been removed, and is missed by nobody."""
        named = [report.device for report in heartbeat.devices]
        connection.execute(
            devices.delete().where(
                devices.c.gateway == heartbeat.gateway, devices.c.device.not_in(named)
            )
        )

    def _tell_staff(self, ledger: Ledger, reason: str, now: datetime, **details: Any) -> None:
        to = [
            (person, channel)
            for person in self._policy.staff
            for channel in range(len(self._policy.people[person].channels))
        ]
        ledger.add_notices(to, reason, now, details=details)
