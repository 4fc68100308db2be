"""Signed commands to devices: answers, numbers, lights, orders."""

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from doorknock import wire
from sqlalchemy import Connection

from gateway.store import devices as device_table

_HIGHEST_BOOT = 0xFFFFFFFF


@lru_cache(maxsize=4096)
def signing_key(secret: bytes) -> bytes:
    """The signing key of the device with this secret. Kept: HKDF for each message would cost more
    than all the rest of it."""
    return wire.signing_key(secret)


class Commands:
    """Numbers and signs commands. A device's numbers only rise, whatever the gateway's clock does.

    The number of a `light` is stored before it is sent. Those of answers are not: what an answer
    does, it does once, so an old one replayed is harmless. Any thread.
    """

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()

    def answer(self, row: device_table.Row, boot: int, seq: int) -> bytes:
        """The event (boot, seq) is committed."""
        return self._encode("answer", row, boot, seq, {}, self._number(row))

    def number(self, row: device_table.Row, boot: int, seq: int, next_boot: int) -> bytes:
        """The boot number to use from now on; (boot, seq) is what asked for it."""
        details: dict[str, int | str] = {"next_boot": min(next_boot, _HIGHEST_BOOT)}
        return self._encode("number", row, boot, seq, details, self._number(row))

    def light(self, connection: Connection, row: device_table.Row, light: Any) -> bytes:
        """What the alert of the event named by *light* (a row of `lights`) has come to.

        Also the end of an alert after which somebody has called again: the device closes what is
        not newer than the event named, and its light is the newer call's from then on."""
        number = self._number(row)
        device_table.change(connection, row.device, {"command_number": number})
        return self._encode("light", row, light.boot, light.seq, {"state": light.state}, number)

    def order(self, row: device_table.Row, order: Any) -> bytes:
        """An order (a row of `orders`), by the number that it was given."""
        return self._encode(order.kind, row, 0, 0, dict(order.details), order.number)

    def piece(self, row: device_table.Row, number: int, file: int, at: int, data: bytes) -> bytes:
        """Data of a file of an update, which the order of this number is for; b"": leave."""
        details: dict[str, int | str] = {"number": number, "file": file, "at": at}
        return self._encode("piece", row, 0, 0, details, self._number(row), data)

    def tested(self, row: device_table.Row, boot: int, seq: int) -> bytes:
        """The backend has the `test` event (boot, seq)."""
        return self._encode("tested", row, boot, seq, {}, self._number(row))

    def said_ok(self, row: device_table.Row, boot: int, seq: int) -> bytes:
        """The resident has answered the `prompt` event (boot, seq) on their page."""
        return self._encode("said_ok", row, boot, seq, {}, self._number(row))

    def _number(self, row: device_table.Row) -> int:
        with self._lock:
            last = max(row.command_number, self._last.get(row.device, 0))
            self._last[row.device] = max(self._clock_ms(), last + 1)
            return self._last[row.device]

    @staticmethod
    def _encode(
        kind: str,
        row: device_table.Row,
        boot: int,
        seq: int,
        details: dict[str, int | str],
        number: int,
        data: bytes = b"",
    ) -> bytes:
        key = signing_key(bytes(row.secret))
        return wire.encode(kind, row.device, boot, seq, number, details, key, data)
