"""Who is in by a password or a PIN. Rows, so that each can be ended from anywhere, at once."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, or_, select, update

from gateway.backend.passwords import Passwords
from gateway.backend.policy import Clock
from gateway.backend.tables import logins
from gateway.store import Store

STAFF = "staff:"
RESIDENT = "resident:"
# A working day; then the password again.
STAFF_FOR = timedelta(hours=12)
# A resident's own telephone. What they have written takes the PIN anew all the same.
RESIDENT_FOR = timedelta(days=30)
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who is in. id: as in the table. holder: as in `passwords`."""

    id: str
    holder: str
    begun_at: datetime
    proved_at: datetime
    ends_at: datetime


class Logins:
    """Begins, finds and ends them. Every method blocks."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, holder: str, lasts: timedelta) -> str:
        """Lets the holder in; what their cookie is to hold."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                # Those that are over, and those that a clock ahead of the time has begun.
                delete(logins).where(or_(logins.c.ends_at <= now, logins.c.begun_at > now + lasts))
            )
            connection.execute(
                insert(logins).values(
                    id=_id_of(key),
                    holder=holder,
                    begun_at=now,
                    proved_at=now,
                    ends_at=now + lasts,
                )
            )
        return key

    def find(self, key: str) -> Login | None:
        """Whose cookie this is; None: nobody's, or no longer."""
        if not key:
            return None
        with self._database.read() as connection:
            row = connection.execute(select(logins).where(logins.c.id == _id_of(key))).first()
        if row is None or not row.begun_at - _CLOCK_STEP <= self._clock() < row.ends_at:
            return None
        return Login(*row)

    def proved(self, login: str) -> None:
        """They have just given their PIN once more."""
        with self._database.write() as connection:
            mine = update(logins).where(logins.c.id == login)
            connection.execute(mine.values(proved_at=self._clock()))

    def of(self, holder: str) -> Sequence[Login]:
        """All of this holder's, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(logins)
                .where(logins.c.holder == holder, logins.c.ends_at > self._clock())
                .order_by(logins.c.begun_at.desc())
            )
            return [Login(*row) for row in rows]

    def end(self, holder: str, login: str) -> None:
        """Ends one of this holder's."""
        with self._database.write() as connection:
            connection.execute(
                delete(logins).where(logins.c.id == login, logins.c.holder == holder)
            )

    def end_all(self, holder: str) -> int:
        """Ends all of this holder's; how many."""
        with self._database.write() as connection:
            return end_all(connection, holder)


# A Raspberry Pi that has no clock may start in the past.
_CLOCK_STEP = timedelta(days=1)


def end_all(connection: Connection, holder: str) -> int:
    """Within the caller's transaction."""
    return connection.execute(delete(logins).where(logins.c.holder == holder)).rowcount


def give_password(database: Store, passwords: Passwords, holder: str, secret: str) -> None:
    """From now on this one; whoever is in by an earlier one is out. Blocks."""
    hashed = passwords.hash(secret)
    with database.write() as connection:
        passwords.put(connection, holder, hashed)
        end_all(connection, holder)


def _id_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
