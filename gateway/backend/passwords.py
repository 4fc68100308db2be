"""Passwords of staff and PINs of residents: kept as hashes, tried a few times, then shut a while.

A try is counted before it is looked at, in a transaction of its own: neither two at once nor a
restart in between gives anybody more tries. Whoever tries learns one thing, right or not: nothing
says whether there is such a person, whether it is shut, or how near a guess was.
"""

import unicodedata
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import Connection, Update, delete, select, update

from gateway.backend.ledger import insert_new
from gateway.backend.policy import Clock
from gateway.backend.tables import passwords
from gateway.backend.vault import Vault
from gateway.store import Store

# Of a password, in letters: four or five words. NIST SP 800-63B asks for 15 where a password is
# all there is, and for no rule about what must be in it.
SHORTEST_PASSWORD = 15
LONGEST_PASSWORD = 200

# So many wrong ones in a row, and it is shut; longer with each further one.
TRIES = 5
_SHUT = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))
# A hundred tries a day: a PIN of six digits, known to nobody, lasts a lifetime.
LONGEST_SHUT = _SHUT[-1]


class Passwords:
    """All of them. Every method blocks; check() takes some 100 ms and 64 MiB (RFC 9106)."""

    def __init__(
        self, database: Store, vault: Vault, clock: Clock, hasher: PasswordHasher | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

    def hash(self, secret: str) -> str:
        """What put() keeps of it. As slow as check(): not to be done within a transaction."""
        return self._hasher.hash(self._seasoned(secret))

    def put(self, connection: Connection, holder: str, hashed: str) -> None:
        """From now on this one and no other. Within the caller's transaction."""
        values = {
            "hash": hashed,
            "made_at": self._clock(),
            "tries": 0,
            "shut_until": None,
        }
        if not insert_new(connection, passwords, {"holder": holder, **values}):
            connection.execute(_of(holder).values(values))

    @staticmethod
    def remove(connection: Connection, holder: str) -> bool:
        """Whether there was one."""
        done = connection.execute(delete(passwords).where(passwords.c.holder == holder))
        return done.rowcount > 0

    @staticmethod
    def made_at(connection: Connection, holder: str) -> datetime | None:
        """When it was set; None: there is none."""
        mine = select(passwords.c.made_at).where(passwords.c.holder == holder)
        found: datetime | None = connection.execute(mine).scalar()
        return found

    @staticmethod
    def holders(connection: Connection) -> set[str]:
        """Everybody who has one."""
        return set(connection.execute(select(passwords.c.holder)).scalars())

    def check(self, holder: str, secret: str) -> bool:
        """Whether *secret* is right, and may be tried now."""
        now = self._clock()
        with self._database.write() as connection:
            row = connection.execute(
                select(passwords).where(passwords.c.holder == holder).with_for_update()
            ).first()
            shut = row is not None and _is_shut(row.shut_until, now)
            if row is not None and not shut:
                tries = row.tries + 1
                connection.execute(
                    _of(holder).values(tries=tries, shut_until=_shut_until(tries, now))
                )
        known = self._nobodys if row is None else row.hash
        # Also where it cannot be right: how long the answer takes tells nothing either.
        right = self._fits(known, secret)
        if row is None or shut or not right:
            return False
        with self._database.write() as connection:
            # Not where it has been changed meanwhile: then it was the old one.
            done = connection.execute(
                _of(holder).where(passwords.c.hash == known).values(tries=0, shut_until=None)
            )
        return done.rowcount == 1

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody's")

    def _fits(self, known: str, secret: str) -> bool:
        try:
            return self._hasher.verify(known, self._seasoned(secret))
        except VerificationError:
            return False

    def _seasoned(self, secret: str) -> str:
        # The same letters, whichever keyboard they come from (RFC 8265).
        return self._vault.season(unicodedata.normalize("NFC", secret))


def _of(holder: str) -> Update:
    return update(passwords).where(passwords.c.holder == holder)


def _is_shut(until: datetime | None, now: datetime) -> bool:
    """A time further ahead than any that is set was set by a clock that was corrected since."""
    return until is not None and now < until <= now + LONGEST_SHUT


def _shut_until(tries: int, now: datetime) -> datetime | None:
    """After the last of TRIES, and after each one more; None: it may be tried again at once."""
    over = tries - TRIES
    return None if over < 0 else now + _SHUT[min(over, len(_SHUT) - 1)]
