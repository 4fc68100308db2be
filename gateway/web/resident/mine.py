"""All that the first page shows, read at one moment. Only reads."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from gateway.backend import questions
from gateway.backend.alert import Alert
from gateway.backend.cards import Resident
from gateway.backend.ledger import Ledger
from gateway.backend.policy import Clock, Policy
from gateway.backend.questions import Question
from gateway.backend.tables import devices, gateways
from gateway.care.room import Room, RoomDevice
from gateway.store import Store


@dataclass(frozen=True)
class Mine:
    """known: the backend's rows of the unit's devices. room: None: its gateway is elsewhere.

    reachable: whether a press would come through, as far as we know.
    """

    resident: Resident
    alert: Alert | None
    questions: tuple[Question, ...]
    known: tuple[Any, ...]
    room: tuple[RoomDevice, ...] | None
    reachable: bool

    @property
    def fingerprint(self) -> str:
        """Differs when anything here does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def to_answer(self) -> bool:
        """Whether "I'm OK" has something to answer."""
        asks = any(not one.answered_in_the_room for one in self.questions)
        return asks or (self.alert is not None and self.alert.ok_at is None)

    @property
    def asked_in_the_room(self) -> bool:
        """Whether a question is on that takes a press in the room."""
        return any(one.answered_in_the_room for one in self.questions)


def mine(
    database: Store, resident: Resident, room: Room | None, policy: Policy, clock: Clock
) -> Mine:
    """Everything about one unit, now. Blocks."""
    here = (resident.gateway, resident.unit)
    with database.read() as connection:
        asked = tuple(questions.of_unit(connection, *here, clock()))
        alert = Ledger(connection).open_alert(*here)
        known = tuple(
            connection.execute(
                select(devices)
                .where(devices.c.gateway == resident.gateway, devices.c.unit == resident.unit)
                .order_by(devices.c.device_type, devices.c.device)
            )
        )
        lost = _is_lost(connection, resident.gateway)
    return Mine(
        resident=resident,
        alert=alert,
        questions=asked,
        known=known,
        room=None if room is None else tuple(room.devices()),
        reachable=not lost and any(policy.plan.steps),
    )


def _is_lost(connection: Connection, gateway: str) -> bool:
    row = connection.execute(
        select(gateways.c.lost_at).where(gateways.c.gateway == gateway)
    ).first()
    return row is not None and row.lost_at is not None
