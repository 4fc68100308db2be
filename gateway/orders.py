"""Orders to devices from afar: given by staff, sent until they are answered, kept as the audit.

    waiting     ordered; sent, and again whenever the device comes online or is heard
    superseded  ordered anew before the device had answered
    the rest    what the device has answered: wire.py says what each means

and of a test: `at_gateway` once its event has come, `arrived` once the backend has taken it.

Whoever orders writes a row, in whichever process (the command line, the pages); the gateway looks
for what is new. A device has one order in hand at a time: the next goes when that is answered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import structlog
from doorknock import wire
from sqlalchemy import Connection

from gateway.arrival import Down
from gateway.commands import Commands
from gateway.errors import DeviceError
from gateway.looking import keep_looking
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.store import lights as light_table
from gateway.store import orders as table

_log = structlog.get_logger("orders")

# Somebody waits before a page or a terminal.
LOOK_EVERY_S = 1.0
DAY_MS = 86_400_000
WAITING = "waiting"
SUPERSEDED = "superseded"
AT_GATEWAY = "at_gateway"
ARRIVED = "arrived"
# A press is meant as the test for as long as it would be were the device awake (afar.py).
TEST_PRESS_MS = 60_000
# A clock that went on in deep sleep is off by so much: 0.5 % of a quarter of an hour.
_CLOCK_OFF_MS = 5_000
# Answers that another will follow.
INTERIM = frozenset({"accepted", "waiting_for_press", "fetching", "verified", "trying"})
# Said again and again, with how far it is.
PROGRESS = "fetching"
# What is done to a device, and not ordered of it: told in the audit, where each has its words.
Noted = Literal["provision", "set_up", "move", "wifi", "retire"]
# Behind the name of whoever did it there; of anybody else it is an id.
BY_COMMAND_LINE = " (command line)"
ANSWERS = {"settings": "outcome", "done": "outcome", "updating": "state"}
# Kinds of events that only answer orders: kept as what became of the order.
ANSWERING = frozenset({*ANSWERS, "log"})

BOUNDS = {field[0]: field[2:] for field in wire.SETTING_FIELDS}


def give(
    store: Store,
    device: str,
    kind: str,
    details: Mapping[str, int | str],
    *,
    by: str,
    now_ms: int,
) -> int:
    """Orders something of a device in service; the order's id. Raises DeviceError, one sentence.

    kind, details: of a command in wire.py that is an order. by: who orders, for the audit. An
    order of the same kind that the device has not answered yet is superseded, but for acts.
    """
    with store.write() as connection:
        return give_within(connection, device, kind, details, by=by, now_ms=now_ms)


def give_within(
    connection: Connection,
    device: str,
    kind: str,
    details: Mapping[str, int | str],
    *,
    by: str,
    now_ms: int,
) -> int:
    """The same, within a transaction of somebody else's."""
    row = device_table.find(connection, device)
    if row is None or row.retired_at is not None:
        raise DeviceError(
            f"No device {device} is in service here; `doorknock device list` shows those that are."
        )
    _check(row, kind, details)
    number = max(now_ms, row.command_number + 1)
    if kind != "act":
        for earlier in table.waiting_like(connection, device, kind):
            table.change(connection, earlier.id, {"state": SUPERSEDED, "waits": False})
    device_table.change(connection, device, {"command_number": number})
    return table.insert(
        connection,
        {
            "device": device,
            "number": number,
            "kind": kind,
            "details": dict(details),
            "ordered_by": by[:80],
            "ordered_at": now_ms,
            "state": WAITING,
            "waits": True,
        },
    )


def note(connection: Connection, device: str, kind: Noted, *, by: str, now_ms: int) -> None:
    """Writes into the audit what is done to a device, in the same transaction, without ordering
    anything of it, such as "retire". What it had not answered by then is not sent any more."""
    row = device_table.find(connection, device)
    if row is None:
        return
    for waiting in table.waiting(connection, device):
        table.change(connection, waiting.id, {"state": SUPERSEDED, "waits": False})
    number = max(now_ms, row.command_number + 1)
    device_table.change(connection, device, {"command_number": number})
    values: dict[str, Any] = {"kind": kind, "details": {}, "ordered_by": by[:80]}
    settled = {"ordered_at": now_ms, "state": "done", "waits": False}
    table.insert(connection, {"device": device, "number": number, **values, **settled})


def withdraw(store: Store, order_id: int) -> None:
    """An order that the device has not answered is not sent any more."""
    with store.write() as connection:
        order = table.get(connection, order_id)
        if order is not None and order.waits:
            table.change(connection, order_id, {"state": SUPERSEDED, "waits": False})


def read_settings(given: Mapping[str, str]) -> dict[str, int | str]:
    """Settings as people write them, checked against both bounds. Raises DeviceError."""
    return {name: _read_setting(name, text) for name, text in given.items()}


def _read_setting(name: str, text: str) -> int | str:
    bounds = BOUNDS.get(name)
    if bounds is None:
        known = ", ".join(BOUNDS)
        raise DeviceError(f"There is no setting {name!r} that can be set from afar; write {known}.")
    if len(bounds) == 1:
        if text not in bounds[0]:
            raise DeviceError(f"{name} is {' or '.join(bounds[0])}, not {text!r}; write one.")
        return text
    try:
        value = int(text)
    except ValueError:
        value = bounds[0] - 1
    if not bounds[0] <= value <= bounds[1]:
        raise DeviceError(
            f"{name} must be a whole number from {bounds[0]} to {bounds[1]}, not {text!r}."
        )
    return value


def _check(row: device_table.Row, kind: str, details: Mapping[str, int | str]) -> None:
    if kind == "set" and row.device_type != "sensor":
        raise DeviceError(f"Device {row.device} is a button; only a sensor has settings.")
    try:
        wire.encode(kind, row.device, 0, 0, 0, dict(details), bytes(32))
    except ValueError as error:
        raise DeviceError(f"That cannot be ordered: {error}.") from None


class Orders:
    """Sends what is new: `run()` until cancelled."""

    def __init__(
        self,
        store: Store,
        commands: Commands,
        down: Down,
        *,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._commands = commands
        self._down = down
        self._clock_ms = clock_ms
        self._sleep = sleep

    async def run(self) -> None:
        """Looks every LOOK_EVERY_S, for ever."""
        await keep_looking(
            self.look,
            LOOK_EVERY_S,
            self._sleep,
            _log,
            "a look for orders failed; report this",
        )

    def look(self) -> None:
        """Sends the orders that were not sent yet."""
        with self._store.read() as connection:
            if not table.unsent(connection):
                return
        sending: list[tuple[str, bytes]] = []
        with self._store.write() as connection:
            for order in table.unsent(connection):
                row = device_table.find(connection, order.device)
                if row is not None:
                    sending.append((order.device, self._commands.order(row, order)))
                    table.change(connection, order.id, {"sent_at": self._clock_ms()})
        for device, command in sending:
            self._down.send(device, command, alarm=False)


def answered(connection: Connection, row: Any, message: wire.Message, now_ms: int) -> None:
    """Takes an event that answers an order, within the intake's transaction.

    row: the device's. An answer to what was never ordered, or is answered for good, only says what
    is in force.
    """
    details = dict(message.details)
    settings = {name: details.pop(name) for name in BOUNDS if name in details}
    if message.kind == "settings" and settings:
        table.save_in_force(connection, row.device, settings, now_ms)
    order = table.numbered(connection, row.device, int(details.pop("number", -1)))
    if order is None:
        return
    if message.kind == "log":
        _keep_log(connection, order, details)
        return
    state = str(details.pop(ANSWERS[message.kind], "unknown"))
    newest = int(details.pop("newest", 0))
    if state == "old":
        if order.waits:
            _number_anew(connection, row, order, newest)
        return
    again = order.state == state != PROGRESS
    if not order.waits and (order.state not in INTERIM or again):
        return
    if state == "busy":
        # By what it made before: see meant_as_test().
        details.update(boot=message.boot, seq=message.seq)
    values: dict[str, Any] = {"waits": False, "answered_on": now_ms // DAY_MS * DAY_MS}
    if not (state == "done" and order.state in (AT_GATEWAY, ARRIVED)):
        values["state"] = state
    if details:
        values["answer"] = {**(order.answer or {}), **details}
    table.change(connection, order.id, values)


def _number_anew(connection: Connection, row: Any, order: table.Row, newest: int) -> None:
    """The device has obeyed a higher number: this gateway's clock, or its store, has gone back."""
    number = max(row.command_number, newest, order.number) + 1
    row.set(command_number=number)
    table.change(connection, order.id, {"number": number, "sent_at": None})


def _keep_log(connection: Connection, order: table.Row, details: Mapping[str, Any]) -> None:
    answer = dict(order.answer or {})
    parts = dict(answer.get("parts", {}))
    parts[str(details.get("part", 1))] = str(details.get("text", ""))
    answer.update(parts=parts, of=int(details.get("parts", 1)))
    table.change(connection, order.id, {"answer": answer})


def log_of(order: table.Row) -> str | None:
    """The lines that a `log` order has brought, oldest first; None while some are missing."""
    answer = order.answer or {}
    parts = answer.get("parts", {})
    if not parts or len(parts) < answer.get("of", 1):
        return None
    return "\n".join(parts[number] for number in sorted(parts, key=int))


def test_came(connection: Connection, device: str, message: wire.Message) -> None:
    """The `test` event of a device has come."""
    order = table.numbered(connection, device, int(message.details.get("number", -1)))
    if order is not None and order.state != ARRIVED:
        answer = {**(order.answer or {}), "boot": message.boot, "seq": message.seq}
        table.change(connection, order.id, {"state": AT_GATEWAY, "answer": answer})


def meant_as_test(
    connection: Connection, row: Any, message: wire.Message, occurred_at_ms: int
) -> int | None:
    """The number of the order that a press was meant for; None: the press is a call.

    A device on a battery sleeps, and learns what was ordered only when it wakes. So the press that
    wakes it is one to it; it is the test all the same where somebody ordered one for the next
    single press, a minute before at the most, and no call of the device is open. Two taps or a
    hold are always a call. occurred_at_ms: when it was, exactly.
    """
    details = message.details
    if message.kind != "press" or details.get("taps") != 1 or details.get("held"):
        return None
    light = light_table.find(connection, row.device)
    if row.battery_millivolts is None or (light is not None and light.state != "none"):
        return None
    newest = next(iter(table.tests_of(connection, row.device, 1)), None)
    if newest is None or newest.details.get("what") != "test_press":
        return None
    answer = newest.answer or {}
    made_it_busy = newest.state == "busy" and (message.boot, message.seq) < (
        answer.get("boot", 0),
        answer.get("seq", 0),
    )
    if newest.state != WAITING and not made_it_busy:
        return None
    if not -_CLOCK_OFF_MS <= occurred_at_ms - newest.ordered_at <= TEST_PRESS_MS:
        return None
    came = {"boot": message.boot, "seq": message.seq, "press": True}
    values = {"state": AT_GATEWAY, "waits": False, "answer": came}
    table.change(connection, newest.id, values)
    return int(newest.number)


def test_arrived(connection: Connection, device: str, boot: int, seq: int) -> bool:
    """The backend has taken that event, and has said so by its stream. Whether to the device it
    was a call, which is over now."""
    was_a_call = False
    for order in table.tests_of(connection, device, 20):
        answer = order.answer or {}
        if answer.get("boot") == boot and answer.get("seq") == seq:
            table.change(connection, order.id, {"state": ARRIVED})
            was_a_call = bool(answer.get("press"))
    return was_a_call
