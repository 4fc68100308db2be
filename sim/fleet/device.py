"""A device as the wire sees it: real signed events over real MQTT, kept until they are answered.

When to send, and send again, is the firmware's own code (doorknock/retry.py), and so is what the
light says (doorknock/call.py): a fleet loads the gateway as that many boards would. What is not
here: TLS, flash, radar, and the other forty kilobytes of a board.
"""

import asyncio
import logging
import random
import socket
import time
from dataclasses import dataclass

import aiomqtt
from doorknock import clock, retry, wire
from doorknock.call import Call
from doorknock.journal import ALARM, HEARTBEAT, TELEMETRY, Entry

from gateway.plain_door import password_of
from sim.fleet.habits import Doing
from sim.fleet.journal import MemoryJournal
from sim.fleet.tally import Tally

FIRMWARE = "fleet"
BOOT = 1
# As doorknock/config.py and link.py have them.
KEEPALIVE_S = 30
ACKNOWLEDGE_S = 5.0
CONNECT_S = 10.0
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
WAITED_FOR_S = {"sensor": 3.0, "button": 10.0}
# An event cuts the back-off short, though not to nothing.
HURRY_S = 0.3
# With a full window nothing more can be sent until the broker has acknowledged, which wakes us.
SHORTEST_WAIT_S = 0.05
# A connection that has lasted so long was well: the back-off begins anew.
WELL_AFTER_S = 30.0

# What is lost and found again is the tally's business; the library's own words help nobody.
_silent = logging.getLogger("sim.fleet.mqtt")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False
_silent.setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Provisioned:
    """What a device is given before it comes to its room. port: of gateway/plain_door.py."""

    device: str
    secret: bytes
    device_type: str
    tier: str
    unit: str
    port: int
    host: str = "127.0.0.1"


class FleetDevice:
    """`run()` until cancelled; `say()` makes an event. up: connected to the broker now."""

    def __init__(self, given: Provisioned, tally: Tally, chance: random.Random) -> None:
        self.given = given
        self.up = False
        self._tally = tally
        self._chance = chance
        self._key = wire.signing_key(given.secret)
        self._password = password_of(given.secret)
        self._journal = MemoryJournal()
        # A button on a battery spares it, a sensor hangs on the mains.
        schedule = retry.SPARING_S if given.device_type == "button" else retry.EVERY_S
        self._outgoing = retry.Outgoing(self._journal, schedule, self._jitter)
        self._call = Call()
        self._light = "none"
        self._made_at: dict[int, float] = {}
        self._began = time.monotonic()
        self._seq = 0
        self._token = 0
        self._failed = False
        self._failures = 0
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()

    def do(self, doing: Doing) -> None:
        """Makes the event of a doing."""
        self._say(doing.kind, self._health() if doing.kind == "heartbeat" else doing.details)

    async def run(self) -> None:
        """Powered on: connects, and again whenever the connection is lost."""
        self._began = time.monotonic()
        self._say(
            "boot",
            {
                "cause": "power_on",
                "firmware": FIRMWARE,
                "device_type": self.given.device_type,
                "tier": self.given.tier,
            },
        )
        while True:
            began = time.monotonic()
            try:
                await self._live()
            except* (aiomqtt.MqttError, OSError, TimeoutError):
                self._failed = True
            finally:
                self.up = False
            if time.monotonic() - began > WELL_AFTER_S:
                self._failures = 0
            await self._pause()

    # --- the connection -------------------------------------------------------------------------

    async def _live(self) -> None:
        """One connection, from its start to its end, which is always by an exception."""
        device = self.given.device
        async with aiomqtt.Client(
            self.given.host,
            self.given.port,
            username=device,
            password=self._password,
            identifier=device,
            clean_session=False,
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_S,
            will=aiomqtt.Will(wire.topic(device, "status"), wire.OFFLINE, qos=1, retain=True),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            logger=_silent,
        ) as client:
            self.up, self._failed = True, False
            self._tally.connections += 1
            client.timeout = ACKNOWLEDGE_S
            self._outgoing.connected()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(client))
                group.create_task(self._greet(client))
                await self._send(client, group)

    async def _greet(self, client: aiomqtt.Client) -> None:
        topics = (wire.topic(self.given.device, "down"), wire.GATEWAY_ONLINE)
        await client.subscribe([(topic, 1) for topic in topics])
        status = wire.topic(self.given.device, "status")
        await client.publish(status, wire.ONLINE, qos=1, retain=True)

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = bytes(message.payload) if isinstance(message.payload, bytes) else b""
            if str(message.topic) == wire.GATEWAY_ONLINE:
                self._outgoing.gateway(payload == wire.ONLINE, _ticks())
            else:
                self._take(payload)
            self._news.set()

    async def _send(self, client: aiomqtt.Client, group: asyncio.TaskGroup) -> None:
        """Sends what is due, for ever."""
        while True:
            self._news.clear()
            now = _ticks()
            while (entry := self._outgoing.next(now)) is not None:
                self._token += 1
                if self._outgoing.sent(entry, self._token, now):
                    self._tally.sent_again += 1
                # Read now: it may be answered, and gone, before its turn comes.
                message = self._journal.message(entry)
                group.create_task(self._publish(client, entry, message, self._token))
            self._look()
            wait_s = max(self._outgoing.wait_ms(now) / 1000, SHORTEST_WAIT_S)
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _publish(
        self, client: aiomqtt.Client, entry: Entry, message: bytes, token: int
    ) -> None:
        topic = wire.topic(self.given.device, "alarm" if entry.rank == ALARM else "up")
        await client.publish(topic, message, qos=1)
        self._outgoing.acknowledged(token)
        self._news.set()

    async def _pause(self) -> None:
        """Until the next attempt to connect."""
        self._look()
        wait_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        if self._outgoing.alarm_waits():
            wait_s = min(wait_s, WAITED_FOR_S[self.given.device_type])
        self._failures += 1
        wait_s *= 1 - self._chance.uniform(0, 0.5)
        self._hurry.clear()
        await asyncio.sleep(HURRY_S)
        try:
            async with asyncio.timeout(wait_s - HURRY_S):
                await self._hurry.wait()
        except TimeoutError:
            pass

    # --- events and commands --------------------------------------------------------------------

    def _say(self, kind: str, details: dict[str, int | str]) -> None:
        """Puts an event into the journal; it goes when it is due."""
        self._seq += 1
        device, seq = self.given.device, self._seq
        uptime_ms = round((time.monotonic() - self._began) * 1000)
        message = wire.encode(kind, device, BOOT, seq, uptime_ms, details, self._key)
        self._made_at[seq] = time.monotonic()
        self._tally.was_made(device, kind, BOOT, seq)
        self._journal.append(message, _rank_of(kind), BOOT, seq)
        if kind in wire.ALARM_KINDS:
            self._call.event(kind, BOOT, seq, _ticks())
        self._look()
        self._news.set()
        self._hurry.set()

    def _health(self) -> dict[str, int | str]:
        health: dict[str, int | str] = {
            "cause": "power_on",
            "firmware": FIRMWARE,
            "rssi_dbm": -self._chance.randint(40, 85),
            "memory_free_bytes": 90_000,
            "journal_depth": len(self._journal.entries),
            "light": self._look(),
            "device_type": self.given.device_type,
            "tier": self.given.tier,
        }
        if self.given.device_type == "button":
            health["battery_millivolts"] = self._chance.randint(2_600, 3_100)
        else:
            health |= {"radar_frames_per_10s": 100, "radar_errors": 0, "noise_floor": 12}
        return health

    def _take(self, payload: bytes) -> None:
        """A command, if the gateway has signed it."""
        try:
            command = wire.decode_command(payload, self._key)
        except wire.Refused:
            self._tally.refused += 1
            return
        if command.kind == "answer":
            self._answered(command.boot, command.seq)
        elif command.kind == "light":
            state = str(command.details.get("state", "none"))
            self._call.light_told(command.stamp, command.boot, command.seq, state)
        self._look()

    def _answered(self, boot: int, seq: int) -> None:
        entry = self._journal.find(boot, seq)
        if entry is None:
            self._tally.answered_again += 1
            return
        self._journal.drop(entry)
        self._outgoing.forget(entry)
        self._call.answered(boot, seq)
        took_ms = (time.monotonic() - self._made_at.pop(seq)) * 1000
        kind = self._tally.identities[self.given.device][boot, seq]
        self._tally.was_answered(self.given.device, kind, boot, seq, took_ms)

    def _look(self) -> str:
        """The light as it is now."""
        light: str = self._call.light(_ticks(), self._failed)
        if light != self._light:
            self._light = light
            self._tally.shows(self.given.device, self.given.unit, light)
        return light

    def _jitter(self, percent: int) -> int:
        return self._chance.randint(-percent, percent)


def _rank_of(kind: str) -> int:
    if kind in wire.ALARM_KINDS:
        return ALARM
    return HEARTBEAT if kind == "heartbeat" else TELEMETRY


def _ticks() -> int:
    return time.monotonic_ns() // 1_000_000 & clock.MASK
