"""Looking at a password takes a second of a Raspberry Pi and much of its memory: one at a time, and
never so many in line that an alert would have to wait for them."""

import asyncio

from gateway.backend.passwords import Passwords

# Each waits some 100 ms to a second; whoever comes later is asked to try again.
MOST_IN_LINE = 10


class Busy(Exception):
    """Too many try at once."""


class Patience:
    """Passwords.check, in line."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._turn = asyncio.Lock()
        self._in_line = 0

    async def check(self, holder: str, secret: str) -> bool:
        """As Passwords.check. Raises Busy."""
        if self._in_line >= MOST_IN_LINE:
            raise Busy
        self._in_line += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._passwords.check, holder, secret)
        finally:
            self._in_line -= 1
