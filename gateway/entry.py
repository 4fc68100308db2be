"""What becomes of a batch of arrivals, in one transaction: verified, deduplicated, kept.

    refused     cannot be trusted or read: counted, and the sender is told nothing
    number      a device has lost its boot number: it is handed the next
    want        a device fetches an update: it is handed what it asks for, and nothing is kept
    duplicate   seen before: answered again, never acted on again
    new         kept, with a parcel for every destination that wants it
    link        the broker says that a device is online or offline; unsigned, so it is no event

Nothing here does I/O but on the connection it is given; what is to be said to devices comes back
as data, because it may be said only after the commit.
"""

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from doorknock import wire
from sqlalchemy import Connection

from gateway import orders
from gateway.arrival import Arrival
from gateway.commands import Commands, signing_key
from gateway.destinations import Destination
from gateway.happened import Occurred, StoredEvent
from gateway.placement import LONGEST_UPTIME_MS, Clock, place
from gateway.seen import Seen
from gateway.store import devices as device_table
from gateway.store import events as table
from gateway.store import lights as light_table
from gateway.store import orders as order_table
from gateway.store import said_oks as said_ok_table
from gateway.updates.serve import Pieces

# Kept as current state alone: see gateway/store/schema.py.
NOT_KEPT = frozenset({"heartbeat", "watch", "left"}) | orders.ANSWERING
REFUSED = "refused "
COLLISION = "fault identity_collision"
# After one of these from a sensor nobody is asked any more, or something else is.
ENDS_QUESTION = frozenset(wire.ALARM_KINDS) - {"stirring"} | {"boot"}


class Outcome(enum.Enum):
    """What became of an arrival."""

    REFUSED = "refused"
    NUMBER = "number"
    WANT = "want"
    DUPLICATE = "duplicate"
    NEW = "new"
    LINK = "link"


@dataclass
class Entered:
    """An arrival and what became of it. reason: why it was refused. down: to be sent to the
    device once the transaction is committed."""

    arrival: Arrival
    outcome: Outcome
    device: str = ""
    reason: str = ""
    message: wire.Message | None = None
    event: StoredEvent | None = None
    collided: bool = False
    parcels: int = 0
    down: list[bytes] = field(default_factory=list)

    @property
    def alarm(self) -> bool:
        """Whether this is of the kinds that nothing may hold up."""
        return self.message is not None and self.message.kind in wire.ALARM_KINDS


class Entry:
    """Enters batches of arrivals into the store. pieces: of updates; None: there are none."""

    def __init__(
        self,
        commands: Commands,
        destinations: Sequence[Destination],
        pieces: Pieces | None = None,
    ) -> None:
        self._commands = commands
        self._destinations = destinations
        self._pieces = pieces

    def enter(self, connection: Connection, arrivals: Sequence[Arrival]) -> list[Entered]:
        """What became of each, in order. Raises whatever the store raises; nothing is kept then."""
        rows = device_table.find_all(connection, _named(arrivals))
        entered = [self._read(arrival, rows) for arrival in arrivals]
        boots = {(e.device, e.message.boot) for e in entered if e.message is not None}
        page = _Page(
            rows={device: _Row(row) for device, row in rows.items()},
            seen=table.seen_in(connection, boots),
            clocks=table.clocks_of(connection, boots),
        )
        before = {boot: seen.ranges for boot, seen in page.seen.items()}
        for one in entered:
            if one.outcome is Outcome.LINK:
                self._link(connection, page, one)
            elif one.message is not None:
                self._message(connection, page, one, one.message)
        for boot, ranges in before.items():
            if page.seen[boot].ranges != ranges:
                table.save_seen(connection, boot, ranges, page.seen[boot].ranges)
        table.save_clocks(connection, page.new_clocks)
        table.insert(connection, page.event_rows, page.parcel_rows)
        for row in page.rows.values():
            if row.changed:
                device_table.change(connection, row.device, row.changed)
        self._count(connection, entered)
        return entered

    @staticmethod
    def _read(arrival: Arrival, rows: dict[str, device_table.Row]) -> Entered:
        """Verified and decoded, or refused; not yet looked up."""
        if arrival.leaf == "status":
            if arrival.device in rows and arrival.payload in (wire.ONLINE, wire.OFFLINE):
                return Entered(arrival, Outcome.LINK, arrival.device)
            return Entered(arrival, Outcome.REFUSED, reason="topic")
        device = ""
        try:
            device = wire.device_of(arrival.payload)
            row = rows.get(device)
            if row is None:
                raise wire.Refused("unknown device")
            # Before its signature is looked at: what it signs by is not known here any more.
            if row.retired_at is not None:
                raise wire.Refused("retired")
            message = wire.decode_event(arrival.payload, signing_key(bytes(row.secret)))
            # The leaf may be the wrong one of the two: a press is never lost for that.
            if arrival.device is not None and arrival.device != device:
                raise wire.Refused("topic")
        except wire.Refused as refused:
            return Entered(arrival, Outcome.REFUSED, device, reason=refused.reason)
        for name, value in message.details.items():
            if isinstance(value, str):
                message.details[name] = _printable(value)
        return Entered(arrival, Outcome.DUPLICATE, device, message=message)

    def _link(self, connection: Connection, page: "_Page", one: Entered) -> None:
        row = page.rows[one.device]
        row.set(online=one.arrival.payload == wire.ONLINE)
        if row.online and row.retired_at is None:
            self._say_light(connection, row, one)
            self._say_ok(connection, row, one)
            self._say_order(connection, row, one)

    def _message(
        self, connection: Connection, page: "_Page", one: Entered, message: wire.Message
    ) -> None:
        row = page.rows[one.device]
        if message.kind == "boot" and message.boot == wire.BOOT_UNKNOWN:
            self._hand_out_number(row, one, message)
            return
        if message.kind == "want":
            one.outcome = Outcome.WANT
            if self._pieces is not None:
                one.down += self._pieces.answer(connection, row, message)
            return
        boot = (one.device, message.boot)
        copy = ""
        if not page.seen[boot].add(message.seq):
            copy = self._copy(connection, page, one, message)
            if not copy:
                one.down.append(self._commands.answer(row, message.boot, message.seq))
                return
        one.outcome = Outcome.NEW
        one.collided = bool(copy)
        self._keep(connection, page, one, message, copy)
        one.down.append(self._commands.answer(row, message.boot, message.seq))
        if one.collided:
            row.set(highest_boot=row.highest_boot + 1)
            one.down.append(self._commands.number(row, message.boot, message.seq, row.highest_boot))

    def _hand_out_number(self, row: "_Row", one: Entered, message: wire.Message) -> None:
        """The same number for the same nonce, a new one for a new: none is ever handed out twice,
        also where the device was cut off before it used it."""
        one.outcome = Outcome.NUMBER
        if row.number_nonce != message.seq:
            number = row.highest_boot + 1
            row.set(highest_boot=number, number_nonce=message.seq, number_given=number)
        one.down.append(
            self._commands.number(row, message.boot, message.seq, row.number_given or 1)
        )

    @staticmethod
    def _copy(connection: Connection, page: "_Page", one: Entered, message: wire.Message) -> str:
        """ "" for a duplicate. An event of another content under the same identity is another
        event: the name of that copy. So is an alarm under an identity of which no content was
        kept (a heartbeat's): those of alarms are, so it cannot be one of them come again."""
        identity = (one.device, message.boot, message.seq)
        kept = page.signatures.get(identity, set()) | table.signatures_of(connection, identity)
        signature = one.arrival.payload[-wire.SIGNATURE_BYTES :]
        known = signature in kept or not (kept or one.alarm)
        return "" if known else signature[:4].hex()

    def _keep(
        self,
        connection: Connection,
        page: "_Page",
        one: Entered,
        message: wire.Message,
        copy: str,
    ) -> None:
        row = page.rows[one.device]
        boot = (one.device, message.boot)
        received = one.arrival.received_at_ms
        placement, clock = place(page.clock(boot), received, message.stamp)
        if clock is not None:
            page.new_clocks[boot] = clock
        kind, details = message.kind, message.details
        if placement.occurred is Occurred.AT:
            test = orders.meant_as_test(connection, row, message, placement.occurred_at_ms)
            if test is not None:
                kind, details = "test", {"number": test, "pressed": 1}
        one.event = StoredEvent(
            device=one.device,
            boot=message.boot,
            seq=message.seq,
            copy=copy,
            kind=kind,
            details=details,
            unit=row.unit,
            received_at_ms=received,
            placement=placement,
        )
        # When it was there, not when we came to know: a message may have waited in the broker.
        heard = placement.occurred_at_ms if placement.occurred is Occurred.AT else received
        row.set(
            last_heard_at=max(row.last_heard_at or 0, heard),
            highest_boot=max(row.highest_boot, message.boot),
        )
        self._remember(connection, row, one, message)
        if message.kind in NOT_KEPT:
            return
        signature = one.arrival.payload[-wire.SIGNATURE_BYTES :]
        page.signatures.setdefault((*boot, message.seq), set()).add(signature)
        page.event_rows.append(table.event_row(one.event, _uptime_ms(message), signature))
        for destination in self._destinations:
            parcel = destination.compose(one.event)
            if parcel is None:
                continue
            one.parcels += 1
            page.parcel_rows.append(
                {
                    "destination": destination.name,
                    "device": one.device,
                    "alarm": one.alarm,
                    "parcel_id": parcel.id,
                    "boot": message.boot,
                    "seq": message.seq,
                    "copy": copy,
                    "body": parcel.body,
                    "received_at": received,
                    "waiting": True,
                }
            )

    def _remember(
        self, connection: Connection, row: "_Row", one: Entered, message: wire.Message
    ) -> None:
        """What the event says about the device itself."""
        details = message.details
        if message.kind in ("boot", "heartbeat") and "tier" in details:
            row.set(tier=details["tier"])
        if message.kind == "battery" and "millivolts" in details:
            row.set(battery_millivolts=details["millivolts"])
        if message.kind in ("watch", "left"):
            on = message.kind == "watch" and details.get("state") == "started"
            table.set_watch(connection, row.device, message.boot, message.seq, on=on)
        if message.kind == "heartbeat":
            # With its uptime: some of it is counted since the start.
            row.set(health={**details, "uptime_ms": _uptime_ms(message)})
            if "battery_millivolts" in details:
                row.set(battery_millivolts=details["battery_millivolts"])
            self._say_light(connection, row, one, shown=details.get("light"))
            self._say_ok(connection, row, one)
            self._say_order(connection, row, one)
        if message.kind in ENDS_QUESTION:
            said_ok_table.over(connection, row.device, message.boot, message.seq)
        if message.kind in orders.ANSWERING:
            orders.answered(connection, row, message, one.arrival.received_at_ms)
        if message.kind == "test":
            orders.test_came(connection, row.device, message)

    def _say_light(
        self, connection: Connection, row: "_Row", one: Entered, shown: int | str | None = None
    ) -> None:
        """Tells the device again what its alert has come to, unless it shows that already."""
        light = light_table.find(connection, row.device)
        if light is None or light.state == shown:
            return
        one.down.append(self._commands.light(connection, row, light))

    def _say_ok(self, connection: Connection, row: "_Row", one: Entered) -> None:
        """Tells the device again what the resident has answered on their page: it has not said
        that it heard it, and may ask still. An answer that is too old is for no question."""
        said = said_ok_table.find(connection, row.device)
        if said is None:
            return
        if said.until_ms < one.arrival.received_at_ms:
            said_ok_table.forget(connection, row.device)
            return
        one.down.append(self._commands.said_ok(row, said.boot, said.seq))

    def _say_order(self, connection: Connection, row: "_Row", one: Entered) -> None:
        """Sends the device again what was ordered of it and not answered yet."""
        order = order_table.next_of(connection, row.device)
        if order is not None:
            one.down.append(self._commands.order(row, order))

    @staticmethod
    def _count(connection: Connection, entered: Sequence[Entered]) -> None:
        added: Counter[str] = Counter()
        for one in entered:
            if one.outcome is Outcome.REFUSED:
                added[REFUSED + one.reason] += 1
            if one.outcome is Outcome.DUPLICATE:
                added["duplicates"] += 1
            if one.collided:
                added[COLLISION] += 1
            if one.message is not None and one.message.spoilt:
                added["spoilt details"] += 1
        table.count(connection, added)


def _printable(text: str) -> str:
    """A device's text without what steers a terminal or turns a line round: staff read it there.
    Lines stay lines."""
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def _uptime_ms(message: wire.Message) -> int:
    """As it is kept: a stamp may be larger than any number that a store takes."""
    return min(message.stamp, LONGEST_UPTIME_MS)


def _named(arrivals: Sequence[Arrival]) -> set[str]:
    """The devices that a batch may be about."""
    names = set()
    for arrival in arrivals:
        if arrival.leaf == "status":
            names.add(arrival.device or "")
            continue
        try:
            names.add(wire.device_of(arrival.payload))
        except wire.Refused:
            continue
    return names


class _Row:
    """A device's row, as it will be when the batch is committed."""

    def __init__(self, row: device_table.Row) -> None:
        self._row = row
        self.changed: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        changed = self.__dict__["changed"]
        return changed[name] if name in changed else getattr(self.__dict__["_row"], name)

    def set(self, **values: Any) -> None:
        self.changed.update(values)


@dataclass
class _Page:
    """What a batch reads and changes."""

    rows: dict[str, _Row]
    seen: dict[table.Boot, Seen]
    clocks: dict[table.Boot, Clock]
    new_clocks: dict[table.Boot, Clock] = field(default_factory=dict)
    # Kept in this batch, written at its end.
    signatures: dict[table.Identity, set[bytes]] = field(default_factory=dict)
    event_rows: list[dict[str, Any]] = field(default_factory=list)
    parcel_rows: list[dict[str, Any]] = field(default_factory=list)

    def clock(self, boot: table.Boot) -> Clock | None:
        return self.new_clocks.get(boot) or self.clocks.get(boot)
