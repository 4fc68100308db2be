"""The link: Wi-Fi, TLS-PSK and MQTT to the gateway's broker, for ever trying, never in the way.

Owns the connection and nothing else: what to send comes from `retry.Outgoing`, what arrives goes
to `on_command`. No other room waits for it.
"""

import asyncio
import gc
import sys

from doorknock import bell, clock, health, mqtt, wire

DOWN = 0  # waiting for the next attempt
JOINING = 1  # on the way to the access point
CONNECTING = 2  # to the broker
UP = 3

# Joining a known network takes up to 2 s, with a crowded channel 5 s.
JOIN_MS = 10000
# TCP, TLS and CONNACK take 50 ms on a good network and 2 s on a bad one.
CONNECT_MS = 10000
# The broker acknowledges at once. One that does not is behind a dead link (a half-open
# connection looks well otherwise), and a press must not wait for the keepalive to find out.
ACKNOWLEDGE_MS = 5000
# Between attempts: 1, 2, 4 … 30 s; an access point restarts in 60 s.
_BACK_OFF_MS = (1000, 2000, 4000, 8000, 16000, 30000)
# Never longer while a call for help waits: at mains power, on a battery. With a broker that is
# back, somebody is then heard within 3.5 s. An attempt costs 50 ms of air; only a house's few
# devices with a call waiting make them.
_WAITED_FOR_MS = (3000, 10000)
# A press cuts the back-off short, though not to nothing: pressing on must not hammer the broker.
_HURRY_MS = 300
# After so many attempts in a row without an access point the radio is switched off and on. The chip
# joins anew by itself, but where its driver refuses that once (no memory for it), MicroPython only
# logs it, and it never tries again. Ten are two to six minutes.
_RADIO_ANEW_AFTER = 10
_READ_BYTES = 512


class Link:
    """Keeps the device connected. Attributes: state; failed (the newest attempt came to nothing).

    radio: has join() -> None, joined() -> bool, off(). context: a tls.SSLContext, or None for plain
    TCP. read(entry): its signed bytes. on_command(payload): a message on `down`. log(text).
    """

    def __init__(self, config, device: str, outgoing, radio, context, read, on_command, ticks, log):
        self._host = config["host"]
        self._port = config["port"]
        self._keepalive_ms = config["keepalive_s"] * 1000
        self._keepalive_s = config["keepalive_s"]
        self._on_battery = config["battery"]
        self._device = device
        self._outgoing = outgoing
        self._radio = radio
        self._context = context
        self._read_entry = read
        self._on_command = on_command
        self._ticks = ticks
        self._log = log
        self._report = None
        self._wake = bell.Bell()
        self._hurried = False
        self._packet_id = 0
        self._failures = 0
        self._stream = None
        self._reader = None
        self._why = ""
        self._heard = 0
        self._asked = 0
        self._early = []
        # What is to be written beside events. One task alone writes: what a second one adds while
        # the first waits for the way (asyncio's Stream.drain) is thrown away.
        self._owed = []
        self._leaves = False
        self.state = DOWN
        self.failed = False

    def hurry(self) -> None:
        """There is something to send, or somebody waits."""
        self._hurried = self.state != UP
        self._wake.ring()

    def pass_on(self, message: bytes) -> bool:
        """Sends a message that is no event, on `up`: once, and only if the link is up now."""
        if self.state != UP:
            return False
        topic = wire.topic(self._device, "up")
        self._owed.append(mqtt.publish(topic, message, self._next_id(), False, False))
        self._wake.ring()
        return True

    def leave(self) -> None:
        """Says goodbye before sleep, so that nobody takes the silence for a failure. Whoever does
        not sleep after all begins anew."""
        if self.state == UP:
            self._leaves = True
            self._wake.ring()
            try:
                self._stream.write(mqtt.DISCONNECT)
            except OSError:
                pass  # it is gone already

    async def run(self, report) -> None:
        """For ever: connect, carry, and on any failure begin again."""
        self._report = report
        while True:
            report()
            try:
                await self._connect()
                self._log("link up")
                await self._carry()
            except mqtt.Broken as problem:
                self._why = str(problem)
            except (asyncio.TimeoutError, OSError, EOFError) as problem:
                self._why = self._why or _words(problem)
            except Exception as problem:
                # Nobody had thought of this one (memory, a broken TLS library). Said in full,
                # and survived: a link that ends would take the light and the watch with it.
                sys.print_exception(problem)
                self._why = _words(problem)
            finally:
                await self._close()
            self.state = DOWN
            self.failed = True
            self._log("link down: " + self._why)
            self._why = ""
            await self._pause()

    # --- the way up ------------------------------------------------------------------------

    async def _connect(self) -> None:
        self.state = JOINING
        self._hurried = self._leaves = False
        self._owed = []
        in_vain = self._failures % _RADIO_ANEW_AFTER == _RADIO_ANEW_AFTER - 1
        if in_vain and not self._radio.joined():
            self._radio.off()
        self._radio.join()
        begun = self._ticks()
        while not self._radio.joined():
            if clock.since(self._ticks(), begun) > JOIN_MS:
                self._why = "no access point"
                raise asyncio.TimeoutError
            self._report()
            await asyncio.sleep_ms(20)
        self.state = CONNECTING
        self._why = "no connection to the broker"
        gc.collect()
        self._report()
        opening = asyncio.open_connection(
            self._host,
            self._port,
            self._context,  # pyright: ignore[reportCallIssue] - the stub knows no TLS
        )
        self._stream, _ = await self._in_time(opening)
        if self._context is not None:
            self._why = "the broker does not take this device's key"
        packets = mqtt.Packets()
        topic = wire.topic(self._device, "status")
        self._stream.write(mqtt.connect(self._device, self._keepalive_s, topic, wire.OFFLINE))
        await self._drain()
        first, body = await self._in_time(self._first_packet(packets))
        if first & 0xF0 != mqtt.CONNACK or len(body) != 2 or body[1]:
            self._why = "the broker refuses this device"
            raise OSError
        self._why = ""
        self._greet(topic)
        self._reader = asyncio.create_task(self._read(packets))

    async def _first_packet(self, packets) -> tuple:
        while True:
            some = await self._stream.read(_READ_BYTES)
            if not some:
                raise EOFError
            found = packets.feed(some)
            if found:
                # A broker may send queued messages right behind its CONNACK.
                self._early = found[1:]
                return found[0]

    def _greet(self, status_topic: str) -> None:
        now = self._ticks()
        self._heard = now
        self._asked = 0
        self._outgoing.connected()
        topics = (wire.topic(self._device, "down"), wire.GATEWAY_ONLINE)
        self._stream.write(mqtt.subscribe(self._next_id(), topics))
        self._stream.write(mqtt.publish(status_topic, wire.ONLINE, self._next_id(), True, False))
        self.state = UP
        self.failed = False

    # --- carrying --------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Sends what is due and probes a silent link, until the reader has found it dead."""
        up_since = self._ticks()
        while True:
            self._report()
            now = self._ticks()
            if self._reader.done():
                raise EOFError
            if self._leaves:
                raise mqtt.Broken("it was to sleep")
            if clock.since(now, up_since) > self._keepalive_ms:
                self._failures = 0
            while self._owed:
                self._stream.write(self._owed.pop(0))
            self._send_due(now)
            wait = self._probe(now)
            await self._drain()
            wait = min(self._outgoing.wait_ms(now), wait)
            await self._wake.wait(max(wait, 1))

    def _send_due(self, now: int) -> None:
        while True:
            entry = self._outgoing.next(now)
            if entry is None:
                return
            message = self._read_entry(entry)
            # What flash cannot read now goes nowhere: it is tried again later, like the others.
            packet_id = 0 if message is None else self._next_id()
            again = self._outgoing.sent(entry, packet_id, now)
            if message is not None:
                leaf = "alarm" if entry.rank == 0 else "up"
                topic = wire.topic(self._device, leaf)
                self._stream.write(mqtt.publish(topic, message, packet_id, False, again))

    def _probe(self, now: int) -> int:
        """Looks whether the link is dead, or may be; ms until it is to be looked at again."""
        silent = clock.since(now, self._heard)
        owed_ms = self._outgoing.unacknowledged_ms(now)
        if owed_ms > ACKNOWLEDGE_MS:
            self._why = "the broker does not acknowledge"
            raise asyncio.TimeoutError
        if silent > self._keepalive_ms + ACKNOWLEDGE_MS:
            self._why = "the broker is silent"
            raise asyncio.TimeoutError
        # The broker counts what it hears of us: probe at half its patience (section 3.1.2.10).
        if not self._asked or clock.since(now, self._asked) > self._keepalive_ms // 2:
            self._asked = now or 1
            self._stream.write(mqtt.PINGREQ)
        # It is looked for an acknowledgement when it is due: a press may wait behind it.
        return min(ACKNOWLEDGE_MS - owed_ms + 1, health.REPORT_MS)

    async def _read(self, packets) -> None:
        """Takes what the broker sends. Its end, for whatever reason, is the end of the link."""
        try:
            found, self._early = self._early, []
            while True:
                for first, body in found:
                    self._take(first, body)
                some = await self._stream.read(_READ_BYTES)
                if not some:
                    self._why = "the broker closed the connection"
                    return
                self._heard = self._ticks()
                found = packets.feed(some)
        except (OSError, mqtt.Broken) as problem:
            self._why = _words(problem)
        except Exception as problem:
            sys.print_exception(problem)
            self._why = _words(problem)
        finally:
            self._wake.ring()

    def _take(self, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == mqtt.PUBLISH:
            topic, payload, packet_id = mqtt.read_publish(first, body)
            if topic == wire.GATEWAY_ONLINE:
                self._outgoing.gateway(payload == wire.ONLINE, self._ticks())
            else:
                self._obey(payload)
            # After it was acted on: what we lose now, the broker sends again.
            if packet_id:
                self._owed.append(mqtt.puback(packet_id))
            self._wake.ring()
        elif kind == mqtt.PUBACK:
            self._outgoing.acknowledged(mqtt.read_packet_id(body))
            self._wake.ring()

    def _obey(self, payload: bytes) -> None:
        """A command. One at which we fall is acknowledged like the others: the broker would send
        it again at each connection, before all that comes after it. What it was about is said
        again by the gateway, which goes by what it hears of us."""
        try:
            self._on_command(payload)
        except Exception as problem:
            sys.print_exception(problem)
            self._log("link could not obey: " + _words(problem))
            gc.collect()

    # --- small things ----------------------------------------------------------------------

    async def _drain(self) -> None:
        if self._stream.out_buf:  # nearly always all of it has gone already
            await self._in_time(self._stream.drain())

    async def _in_time(self, waited_for):
        """What `waited_for` gives within CONNECT_MS, else TimeoutError. A way that is slow is no
        task that hangs: it is reported meanwhile that this one lives, and not for longer."""
        reports = asyncio.create_task(self._report_for(CONNECT_MS))
        try:
            return await asyncio.wait_for_ms(waited_for, CONNECT_MS)
        finally:
            reports.cancel()

    async def _report_for(self, ms: int) -> None:
        while ms > 0:
            self._report()
            await asyncio.sleep_ms(health.REPORT_MS)
            ms -= health.REPORT_MS

    async def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass
        gc.collect()  # a socket given up in the middle of connecting is closed by this

    async def _pause(self) -> None:
        """Until the next attempt: the back-off's time, unless somebody hurries."""
        ms = _BACK_OFF_MS[min(self._failures, len(_BACK_OFF_MS) - 1)]
        if self._outgoing.alarm_waits():
            ms = min(ms, _WAITED_FOR_MS[1 if self._on_battery else 0])
        self._failures += 1
        left = ms - ms // 100 * abs(self._outgoing.jitter(50)) - _HURRY_MS
        await asyncio.sleep_ms(_HURRY_MS)
        while left > 0 and not self._hurried:
            self._report()
            begun = self._ticks()
            await self._wake.wait(min(left, health.REPORT_MS))
            left -= clock.since(self._ticks(), begun)

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % 0xFFFF + 1
        return self._packet_id


def tls_context(config, device: str):
    """The device's side of TLS-PSK: a tls.SSLContext, or None where the setting is plain TCP."""
    if config["tls"] == "none":
        return None
    import tls

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    # The key is the proof, for both sides: there is no certificate to look at.
    context.verify_mode = tls.CERT_NONE
    context.psk_identity = device.encode()
    context.psk_key = wire.link_key(config["secret"])
    return context


def _words(problem: Exception) -> str:
    return "%s %s" % (problem.__class__.__name__, problem)
