"""All that the first page shows, read at one moment. Only reads."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from gateway.backend import questions
from gateway.backend.alert import Alert
from gateway.backend.cards import Resident
from gateway.backend.dispatch import Said
from gateway.backend.ledger import Ledger
from gateway.backend.policy import Clock, Policy
from gateway.backend.questions import ANSWER_TAKES, Question
from gateway.backend.tables import devices, gateways
from gateway.backend.trouble import Trouble, now_so
from gateway.care.room import Room, RoomDevice
from gateway.store import Store

_KEEPS_CALLS = frozenset((Trouble.DEAF, Trouble.STORE, Trouble.WAITING))


@dataclass(frozen=True)
class Mine:
    """known: the backend's rows of the unit's devices. room: None: its gateway is elsewhere.

    end_unknown: questions that are over, and nobody has heard how. unheard: whether a sensor goes
    on asking though "I'm OK" was said to it here. reachable: whether a press would come through,
    as far as we know.
    """

    resident: Resident
    alert: Alert | None
    questions: tuple[Question, ...]
    end_unknown: tuple[Question, ...]
    unheard: bool
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

    def word(self, said: str) -> str:
        """What the page says of an "I'm OK", by the key of its words; "": nothing. said: what
        became of it when it was said here (a value of Said), or anything else."""
        if self.unheard:
            return "mine_ok_unheard"
        if any(one.said_at is not None for one in self.questions):
            return "mine_ok_sent"
        if said not in {one.value for one in Said}:
            return ""
        if said != Said.PASSED_ON.value:
            return f"said_{said}"
        if self.alert is not None:
            return "said_called_first" if self.alert.ok_at is None else ""
        return "" if self.end_unknown or self.questions else "said_over"


def mine(
    database: Store, resident: Resident, room: Room | None, policy: Policy, clock: Clock
) -> Mine:
    """Everything about one unit, now. Blocks."""
    here, now = (resident.gateway, resident.unit), clock()
    with database.read() as connection:
        asked = tuple(questions.of_unit(connection, *here, now))
        end_unknown = tuple(questions.end_unknown(connection, *here, now))
        alert = Ledger(connection).open_alert(*here)
        known = tuple(
            connection.execute(
                select(devices)
                .where(devices.c.gateway == resident.gateway, devices.c.unit == resident.unit)
                .order_by(devices.c.device_type, devices.c.device)
            )
        )
        hears = _hears(connection, resident.gateway)
    return Mine(
        resident=resident,
        alert=alert,
        questions=asked,
        end_unknown=end_unknown,
        unheard=any(one.said_at and now - one.said_at >= ANSWER_TAKES for one in asked),
        known=known,
        room=None if room is None else tuple(room.devices()),
        reachable=hears and any(policy.plan.steps),
    )


def _hears(connection: Connection, gateway: str) -> bool:
    """Whether the gateway is there and says nothing of itself that would keep a call from us."""
    row = connection.execute(
        select(gateways.c.lost_at, gateways.c.troubles).where(gateways.c.gateway == gateway)
    ).first()
    if row is None:
        return True
    return row.lost_at is None and _KEEPS_CALLS.isdisjoint(now_so(row.troubles))
