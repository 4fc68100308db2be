"""The card that opens a unit's resident's page: a QR code and a PIN, handed over in person.

The PIN is made here, is shown once, and is kept as a hash alone. A card that is made anew stops
the one before it at once: another code, another PIN, and whoever was in is out.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from gateway.backend.ledger import insert_new
from gateway.backend.logins import RESIDENT, end_all
from gateway.backend.passwords import Passwords
from gateway.backend.policy import Clock
from gateway.backend.tables import cards
from gateway.store import Store

# 128 bits: nobody guesses the address of a page, so nobody can shut it by wrong PINs either.
_CARD_BYTES = 16
PIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Resident:
    """A unit's resident, as far as we know them. card: of the address of their page."""

    gateway: str
    unit: str
    card: str
    made_at: datetime
    ok_closes: bool | None

    @property
    def holder(self) -> str:
        """As `passwords` and `logins` know them."""
        return RESIDENT + self.card


@dataclass(frozen=True, slots=True)
class NewCard:
    """What is printed, once."""

    resident: Resident
    pin: str = field(repr=False)


class Cards:
    """Makes, finds and ends cards. Every method blocks."""

    def __init__(self, database: Store, passwords: Passwords, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._clock = clock

    def make(self, gateway: str, unit: str) -> NewCard:
        """The unit's card from now on. What the resident has chosen stays as it is."""
        card = secrets.token_urlsafe(_CARD_BYTES)
        pin = "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))
        hashed = self._passwords.hash(pin)
        with self._database.write() as connection:
            values = {"card": card, "made_at": self._clock()}
            where = {"gateway": gateway, "unit": unit}
            if not insert_new(connection, cards, where | values):
                # Locked: of two who make one at once, each stops the one before its own.
                before = _row(connection, gateway, unit, lock=True)
                _shut(connection, before.card)
                connection.execute(_of(gateway, unit).values(values))
            self._passwords.put(connection, RESIDENT + card, hashed)
            made = _resident(_row(connection, gateway, unit))
        return NewCard(made, pin)

    def find(self, card: str) -> Resident | None:
        """Whose card this is; None: nobody's, or no longer."""
        with self._database.read() as connection:
            row = connection.execute(select(cards).where(cards.c.card == card)).first()
        return None if row is None else _resident(row)

    def of_unit(self, gateway: str, unit: str) -> Resident | None:
        """The unit's, if it has one."""
        with self._database.read() as connection:
            row = _row(connection, gateway, unit)
        return None if row is None else _resident(row)

    def choose(self, resident: Resident, ok_closes: bool) -> None:
        """What "I'm OK" shall do in alerts that begin from now on."""
        with self._database.write() as connection:
            connection.execute(
                _of(resident.gateway, resident.unit)
                .where(cards.c.card == resident.card)
                .values(ok_closes=ok_closes)
            )

    @staticmethod
    def remove(connection: Connection, gateway: str, unit: str) -> bool:
        """Ends the unit's page. Within the caller's transaction."""
        row = _row(connection, gateway, unit)
        if row is None:
            return False
        _shut(connection, row.card)
        connection.execute(delete(cards).where(cards.c.gateway == gateway, cards.c.unit == unit))
        return True


def ok_closes(connection: Connection, gateway: str, unit: str) -> bool | None:
    """What the resident of the unit has chosen on their page; None: nothing."""
    row = _row(connection, gateway, unit)
    return None if row is None else row.ok_closes


def _shut(connection: Connection, card: str) -> None:
    Passwords.remove(connection, RESIDENT + card)
    end_all(connection, RESIDENT + card)


def _of(gateway: str, unit: str) -> Any:
    return update(cards).where(cards.c.gateway == gateway, cards.c.unit == unit)


def _row(connection: Connection, gateway: str, unit: str, *, lock: bool = False) -> Any:
    mine = select(cards).where(cards.c.gateway == gateway, cards.c.unit == unit)
    return connection.execute(mine.with_for_update() if lock else mine).first()


def _resident(row: Any) -> Resident:
    return Resident(row.gateway, row.unit, row.card, row.made_at, row.ok_closes)
