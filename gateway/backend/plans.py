"""Residents' rescue plans: written by them, locked, shown to whoever is on the way to them.

A look is committed before the words are shown; whoever has looked, and when, the resident sees.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.backend.alert import Alert
from gateway.backend.cards import Resident
from gateway.backend.ledger import Ledger, insert_new
from gateway.backend.looking import may_look_until
from gateway.backend.policy import Clock
from gateway.backend.tables import looks, plans
from gateway.backend.vault import Unreadable, Vault
from gateway.store import Store

LONGEST_PLAN = 2000
LONGEST_CONTACT = 300
# As long as the gateway keeps what it knows of a press, by default; then nothing says any more
# that somebody came.
KEEP_LOOKS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What whoever comes should know, and whom to tell. Kept out of repr(): it is for no log."""

    plan: str = field(repr=False)
    contact: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """A plan as its resident sees it. plan: None: it was written by an earlier card, and whoever
    holds this one need not be the same."""

    written_at: datetime
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody has looked into it."""

    person: str
    opened_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan before somebody who is on the way. plan: None: it cannot be read with our key."""

    plan: Plan | None
    until: datetime


class Plans:
    """All of them. Every method blocks."""

    def __init__(self, database: Store, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    # --- the resident's ---

    def write(self, resident: Resident, plan: Plan) -> None:
        """From now on this one. Of one without a word nothing is left."""
        if not plan.plan and not plan.contact:
            self.delete(resident)
            return
        text = json.dumps({"plan": plan.plan, "contact": plan.contact})
        values = {
            "card": resident.card,
            "words": self._vault.lock(text, _place(resident.gateway, resident.unit)),
            "written_at": self._clock(),
        }
        with self._database.write() as connection:
            where = {"gateway": resident.gateway, "unit": resident.unit}
            if not insert_new(connection, plans, where | values):
                connection.execute(
                    update(plans)
                    .where(plans.c.gateway == resident.gateway, plans.c.unit == resident.unit)
                    .values(values)
                )

    def written(self, resident: Resident) -> Written | None:
        """The resident's own; None: there is none."""
        with self._database.read() as connection:
            row = _row(connection, resident.gateway, resident.unit)
        if row is None:
            return None
        return Written(row.written_at, self._read(row) if row.card == resident.card else None)

    def delete(self, resident: Resident) -> None:
        with self._database.write() as connection:
            forget_plan(connection, resident.gateway, resident.unit)

    def looks(self, resident: Resident) -> Sequence[Look]:
        """Who has looked into it, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(looks.c.person, looks.c.opened_at, looks.c.last_at)
                .where(looks.c.gateway == resident.gateway, looks.c.unit == resident.unit)
                .order_by(looks.c.number.desc())
            )
            return [Look(*row) for row in rows]

    # --- whoever is on the way ---

    def may_open(self, alert_id: str, person: str) -> bool:
        """Whether there is a plan for this alert that the person may open now."""
        with self._database.read() as connection:
            alert = Ledger(connection).alert(alert_id)
            if alert is None or _row(connection, alert.gateway, alert.unit) is None:
                return False
            return self._until(connection, alert, person) is not None

    def open(self, alert_id: str, person: str) -> bool:
        """Notes that the person looks; whether they may. What is shown is shown by show()."""
        with self._database.write() as connection:
            alert = _locked(Ledger(connection), alert_id)
            if alert is None or _row(connection, alert.gateway, alert.unit) is None:
                return False
            if self._until(connection, alert, person) is None:
                return False
            now = self._clock()
            connection.execute(
                insert(looks).values(
                    gateway=alert.gateway,
                    unit=alert.unit,
                    alert=alert.id,
                    person=person,
                    opened_at=now,
                    last_at=now,
                )
            )
        return True

    def show(self, alert_id: str, person: str) -> Shown | None:
        """The plan, for a person who has opened it and may still see it; None: not, or not now."""
        with self._database.write() as connection:
            alert = _locked(Ledger(connection), alert_id)
            row = None if alert is None else _row(connection, alert.gateway, alert.unit)
            if alert is None or row is None:
                return None
            until = self._until(connection, alert, person)
            mine = _looks_of(connection, alert, person)
            if until is None or not mine:
                return None
            newest = max(mine, key=lambda one: one.number)
            connection.execute(
                update(looks).where(looks.c.number == newest.number).values(last_at=self._clock())
            )
        return Shown(self._read(row), until)

    def _until(self, connection: Connection, alert: Alert, person: str) -> datetime | None:
        opened_at = [one.opened_at for one in _looks_of(connection, alert, person)]
        return may_look_until(alert, person, opened_at, self._clock())

    def _read(self, row: Any) -> Plan | None:
        try:
            text = self._vault.unlock(bytes(row.words), _place(row.gateway, row.unit))
            found = json.loads(text)
            return Plan(str(found["plan"]), str(found["contact"]))
        except (Unreadable, ValueError, KeyError, TypeError):
            return None


def forget_plan(connection: Connection, gateway: str, unit: str) -> None:
    """Within the caller's transaction."""
    connection.execute(delete(plans).where(plans.c.gateway == gateway, plans.c.unit == unit))


def forget_looks(connection: Connection, gateway: str, unit: str) -> None:
    """Within the caller's transaction."""
    connection.execute(delete(looks).where(looks.c.gateway == gateway, looks.c.unit == unit))


def _locked(ledger: Ledger, alert_id: str) -> Alert | None:
    """The alert once nobody else works on its unit: an "I'm OK" of this moment counts."""
    alert = ledger.alert(alert_id)
    if alert is None or not ledger.lock_unit(alert.gateway, alert.unit):
        return None
    return ledger.alert(alert_id)


def _looks_of(connection: Connection, alert: Alert, person: str) -> Sequence[Any]:
    # Of the newest call on: a look before it opens nothing now.
    return connection.execute(
        select(looks).where(
            looks.c.alert == alert.id,
            looks.c.person == person,
            looks.c.opened_at >= alert.called_at,
        )
    ).all()


def _row(connection: Connection, gateway: str, unit: str) -> Any:
    mine = select(plans).where(plans.c.gateway == gateway, plans.c.unit == unit)
    return connection.execute(mine).first()


def _place(gateway: str, unit: str) -> str:
    return f"{gateway}/{unit}"
