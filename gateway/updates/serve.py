"""Hands the pieces of a release to the devices that have been ordered to take it.

A device gets nothing while an alert is open in its unit, by whichever device: nothing of it is
fetched then, and above all nothing is started. Nor does one whose order has been called off.
"""

from doorknock import wire
from sqlalchemy import Connection

from gateway.commands import Commands
from gateway.orders import SUPERSEDED
from gateway.release.library import Library
from gateway.store import devices as device_table
from gateway.store import orders as order_table
from gateway.store import updates as table


class Pieces:
    """Answers `want` messages."""

    def __init__(self, commands: Commands, library: Library) -> None:
        self._commands = commands
        self._library = library

    def answer(
        self, connection: Connection, row: device_table.Row, want: wire.Message
    ) -> list[bytes]:
        """What is to be sent to the device; nothing where it has no order, or not now."""
        details = want.details
        number = int(details.get("number", -1))
        order = order_table.numbered(connection, row.device, number)
        if order is None or order.kind != "update" or order.state == SUPERSEDED:
            return []
        digest = str(order.details.get("manifest", ""))
        if not digest or table.unit_has_open_alert(connection, row.unit):
            return []
        if details.get("what") == "leave":
            return [self._commands.piece(row, number, wire.MANIFEST_FILE, 0, b"")]
        file, at = int(details.get("file", 0)), int(details.get("at", 0))
        said = []
        for _ in range(int(details.get("pieces", 1))):
            data = self._library.piece(digest, file, at)
            if data is None:
                break
            said.append(self._commands.piece(row, number, file, at, data))
            at += len(data)
            if at > wire.LONGEST_FILE_BYTES:
                break
        return said
