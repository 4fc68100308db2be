"""The way back: what has become of an alert, from the backend to the light in the room.

An outbound stream (server-sent events), because homes are behind NAT. Each item is stored together
with its place in the stream, in one transaction, before the light is sent, so a gateway that was
away, or died half-way, goes on where it was. A light that does not reach its device is sent again
when the device comes online, or says in a heartbeat that it shows another (gateway/entry.py); the
broker says of each device that it is online whenever the gateway comes back to it.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import structlog
from doorknock import wire
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse
from sqlalchemy import Connection

from gateway import orders
from gateway.arrival import Down
from gateway.commands import Commands
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.store import lights as light_table
from gateway.store import said_oks as said_ok_table

_log = structlog.get_logger("wayback")

CURSOR = "backend lights"
STATES = frozenset({"delivered", "asked_again", "coming", "none"})
# A backend in the same process takes a moment to listen; one elsewhere may be away for long, and
# the person behind the door waits for every second of it.
RECONNECT_S = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
# So many attempts in vain, four to nine seconds, are said to nobody: on a Raspberry Pi a backend in
# the same process takes that long until it listens.
_TOLD_AFTER = 5
# The stream says something at least every 15 s (its comments count); three misses and it is dead.
SILENCE_S = 45.0
CONNECT_S = 10.0
# The upper bound of `answer_s`: no question that can be answered by page is on for longer. Whether
# it still is, its sensor knows.
ANSWER_LASTS_MS = 60_000


class WayBack:
    """Follows the backend's stream: `run()` until cancelled."""

    def __init__(
        self,
        store: Store,
        commands: Commands,
        down: Down,
        client: httpx.AsyncClient,
        url: str,
        token: str,
        *,
        gateway: str,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._commands = commands
        self._down = down
        self._client = client
        self._url = f"{url}/v1/gateways/{gateway}/stream"
        self._token = token
        self._clock_ms = clock_ms
        self._sleep = sleep
        self._jitter = jitter
        self._tries = 0
        self._told = ""

    async def run(self) -> None:
        """Follows the stream for ever."""
        while True:
            try:
                await self._follow()
            except (httpx.HTTPError, SSEError) as error:
                self._tell(type(error).__name__)
            except Exception as error:
                self._tell(type(error).__name__)
                _log.error("the way back stumbled; it goes on", exc_info=error)
            wait_s = RECONNECT_S[min(self._tries, len(RECONNECT_S) - 1)]
            self._tries += 1
            await self._sleep(wait_s * (1 - self._jitter() / 2))

    def _tell(self, why: str) -> None:
        """Once for each new reason, and not while an embedded backend starts."""
        if why != self._told and self._tries >= _TOLD_AFTER:
            self._told = why
            _log.warning("the backend's stream is not there; trying on", why=why)

    async def _follow(self) -> None:
        headers = {"authorization": f"Bearer {self._token}"}
        cursor = await asyncio.to_thread(self._cursor)
        if cursor:
            headers["last-event-id"] = cursor
        timeout = httpx.Timeout(CONNECT_S, read=SILENCE_S)
        async with aconnect_sse(
            self._client, "GET", self._url, headers=headers, timeout=timeout
        ) as stream:
            if not stream.response.is_success:
                self._tell(f"HTTP {stream.response.status_code}")
                return
            if self._told:
                _log.warning("the backend's stream is there again")
            self._tries, self._told = 0, ""
            async for item in stream.aiter_sse():
                await asyncio.to_thread(self.take, item)

    def take(self, item: ServerSentEvent) -> None:
        """Stores an item and sends what it says. An item that makes no sense is passed over: it
        must not hold up those after it."""
        if item.event == "tested":
            self._take_tested(item)
            return
        if item.event == "said_ok":
            self._take_said_ok(item)
            return
        light = _read(item)
        command = None
        with self._store.write() as connection:
            row = light and device_table.find(connection, light["device"])
            if light and row and row.retired_at is None:
                light_table.save(connection, **light, now_ms=self._clock_ms())
                saved = light_table.find(connection, row.device)
                command = self._commands.light(connection, row, saved)
            if item.id:
                light_table.save_cursor(connection, CURSOR, item.id)
        if light and row and command:
            self._down.send(row.device, command, alarm=True)
            _log.info(
                "light",
                device=row.device,
                unit=row.unit,
                boot=light["boot"],
                seq=light["seq"],
                state=light["state"],
            )
        elif item.event == "light" and not light:
            _log.error("the backend's stream has an item that makes no sense", id=item.id)

    def _take_tested(self, item: ServerSentEvent) -> None:
        """A test has come to the backend: its device is told, once. One that is lost on the way
        is no proof of it, and so the test has not passed."""
        named = _named(item)
        command, was_a_call = None, False
        with self._store.write() as connection:
            row = named and device_table.find(connection, named["device"])
            if named and row and row.retired_at is None:
                boot, seq = named["boot"], named["seq"]
                was_a_call = orders.test_arrived(connection, row.device, boot, seq)
                if was_a_call:
                    command = self._over(connection, row, boot, seq)
                else:
                    command = self._commands.tested(row, boot, seq)
            if item.id:
                light_table.save_cursor(connection, CURSOR, item.id)
        if row and command:
            self._down.send(row.device, command, alarm=was_a_call)
            _log.info("a test has come to the backend", device=row.device, unit=row.unit)

    def _over(
        self, connection: Connection, row: device_table.Row, boot: int, seq: int
    ) -> bytes | None:
        """To the device that test was a press like any other, and its light a promise: it goes out,
        unless a newer call has the light by now."""
        light = light_table.find(connection, row.device)
        if light is not None and (light.boot, light.seq) > (boot, seq):
            return None
        light_table.save(
            connection,
            device=row.device,
            boot=boot,
            seq=seq,
            state="none",
            alert="",
            now_ms=self._clock_ms(),
        )
        return self._commands.light(connection, row, light_table.find(connection, row.device))

    def _take_said_ok(self, item: ServerSentEvent) -> None:
        """A question was answered on the resident's page: its sensor is told. It knows whether it
        still asks. Kept until it has said so: the broker may not be there at this moment, and
        whoever has answered believes that nobody is called. No line of it goes into the log."""
        named = _named(item)
        command = None
        with self._store.write() as connection:
            row = named and device_table.find(connection, named["device"])
            if named and row and row.retired_at is None:
                boot, seq = named["boot"], named["seq"]
                until_ms = self._clock_ms() + ANSWER_LASTS_MS
                said_ok_table.save(connection, row.device, boot, seq, until_ms)
                command = self._commands.said_ok(row, boot, seq)
            if item.id:
                light_table.save_cursor(connection, CURSOR, item.id)
        if row and command:
            self._down.send(row.device, command, alarm=True)

    def _cursor(self) -> str:
        with self._store.read() as connection:
            return light_table.cursor(connection, CURSOR)


def _read(item: ServerSentEvent) -> dict[str, Any] | None:
    """The light that an item speaks of; None where it is another item, or makes no sense."""
    if item.event != "light":
        return None
    light = _named(item)
    return light if light is not None and light["state"] in STATES else None


def _named(item: ServerSentEvent) -> dict[str, Any] | None:
    """The event that an item names, and what it says of it; None where it makes no sense."""
    try:
        data = json.loads(item.data)
        named: dict[str, Any] = {
            "device": wire.device_id(data["device"]),
            "boot": int(data["boot"]),
            "seq": int(data["seq"]),
            "state": str(data.get("state", "")),
            # Half a letter is one in JSON, and in no store.
            "alert": str(data.get("alert", ""))[:64].encode("ascii", "replace").decode(),
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return named if all(0 <= named[name] <= 0xFFFFFFFF for name in ("boot", "seq")) else None
