# ruff: noqa: SIM105 - MicroPython
"""The link against a broker that misbehaves, on real sockets."""

import asyncio
import io
import select
import socket
import time

from cases import run
from doorknock import clock, journal, link, mqtt, retry, wire

link.ACKNOWLEDGE_MS = 400
link.CONNECT_MS = 400
link._BACK_OFF_MS = (100,)
link._HURRY_MS = 20

DEVICE = "001122334455"
KEY = bytes(32)
CONNACK = b"\x20\x02\x00\x00"


def ticks():
    return time.ticks_ms() & clock.MASK


class Kept:
    def __init__(self):
        self.entries = []

    def message(self, entry):
        return entry.message

    def add(self, rank=journal.ALARM):
        seq = len(self.entries) + 1
        entry = journal.Entry(seq, rank, 1, seq)
        entry.message = wire.encode("press", DEVICE, 1, seq, 1, {"taps": 1}, KEY)
        self.entries.append(entry)
        return entry


class Radio:
    """on: whether it finds its access point. stuck: nor tries to, until it is switched off."""

    def __init__(self):
        self.on = True
        self.stuck = False
        self.offs = 0

    def join(self):
        pass

    def joined(self):
        return self.on and not self.stuck

    def off(self):
        self.offs += 1
        self.stuck = False


class Way:
    """A link, and a broker whose behaviour is the coroutine `serve(reader, writer)`."""

    def __init__(self, serve, port):
        self.serve = serve
        self.port = port
        self.kept = Kept()
        self.outgoing = retry.Outgoing(self.kept, retry.EVERY_S, lambda percent: 0)
        self.commands = []
        self.said = []
        self.reports = 0
        self.connections = 0
        self.radio = Radio()
        self.link = link.Link(
            {"host": "127.0.0.1", "port": port, "keepalive_s": 10, "battery": 0},
            DEVICE,
            self.outgoing,
            self.radio,
            None,
            self.kept.message,
            self.commands.append,
            ticks,
            self.said.append,
        )

    def report(self):
        self.reports += 1

    async def accept(self, reader, writer):
        self.connections += 1
        try:
            await self.serve(reader, writer)
        except OSError:
            pass
        writer.close()

    async def until(self, met, ms=10000):
        begun = ticks()
        while not met():
            assert clock.since(ticks(), begun) < ms, self.said
            await asyncio.sleep_ms(5)

    def heard(self, part):
        return any(part in text for text in self.said)


# Below those that a system hands out by itself.
_next_port = [20000 + time.ticks_ms() % 12000]


def free_port():
    while True:
        _next_port[0] += 1
        tried = socket.socket()
        try:
            tried.bind(socket.getaddrinfo("127.0.0.1", _next_port[0])[0][-1])
            return _next_port[0]
        except OSError:
            pass  # somebody else's
        finally:
            tried.close()


def with_broker(serve, story, listening=True):
    """Runs story(way) beside a broker that serves each connection so."""

    async def both():
        way = Way(serve, free_port())
        server = None
        if listening:
            server = await asyncio.start_server(way.accept, "127.0.0.1", way.port)
        task = asyncio.create_task(way.link.run(way.report))
        try:
            await story(way)
        finally:
            task.cancel()
            await way.link._close()
            if server is not None:
                server.close()
            await asyncio.sleep_ms(20)

    asyncio.new_event_loop()
    asyncio.run(both())


async def packets_of(reader, packets):
    some = await reader.read(500)
    if not some:
        raise OSError
    return packets.feed(some)


async def good(reader, writer, acknowledge=True, first=CONNACK):
    """A broker as it should be: acknowledges, and says that the gateway is there."""
    packets = mqtt.Packets()
    while True:
        for kind, body in await packets_of(reader, packets):
            if kind == 0x10:
                writer.write(first)
            elif kind == 0x82:
                writer.write(b"\x90\x04" + body[:2] + b"\x01\x01")
                writer.write(mqtt.publish(wire.GATEWAY_ONLINE, b"online", 1, True, False))
            elif kind & 0xF0 == mqtt.PUBLISH and acknowledge:
                writer.write(mqtt.puback(mqtt.read_publish(kind, body)[2]))
            elif kind == 0xC0:
                writer.write(b"\xd0\x00")
            await writer.drain()


def it_comes_up_and_carries_an_event_and_a_command():
    async def serve(reader, writer):
        writer_task = asyncio.create_task(good(reader, writer))
        await asyncio.sleep_ms(100)
        writer.write(mqtt.publish(wire.topic(DEVICE, "down"), b"do", 5, False, False))
        await writer.drain()
        await writer_task

    async def story(way):
        way.kept.add()
        await way.until(lambda: way.outgoing.gateway_online)
        await way.until(lambda: way.commands == [b"do"])
        await way.until(lambda: way.outgoing._sent[1].at_broker)
        assert way.link.state == link.UP
        assert not way.link.failed

    with_broker(serve, story)


def given_packets_in_single_bytes_and_a_command_behind_the_connack():
    async def serve(reader, writer):
        await reader.read(500)
        queued = mqtt.publish(wire.topic(DEVICE, "down"), b"queued", 5, False, False)
        for byte in CONNACK + queued + queued:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep_ms(2)
        await good(reader, writer)

    async def story(way):
        await way.until(lambda: way.commands == [b"queued", b"queued"])

    with_broker(serve, story)


def given_a_command_in_one_piece_with_the_connack():
    queued = mqtt.publish(wire.topic(DEVICE, "down"), b"queued", 5, False, False)

    async def serve(reader, writer):
        await good(reader, writer, first=CONNACK + queued)

    async def story(way):
        await way.until(lambda: way.commands == [b"queued"])

    with_broker(serve, story)


def _bad(rubbish, word):
    """A broker that sends rubbish in its first connection, and behaves in the next."""

    def serve_of(way_box):
        async def serve(reader, writer):
            if way_box[0].connections > 1:
                await good(reader, writer)
            await reader.read(500)
            writer.write(CONNACK + rubbish)
            await writer.drain()
            await asyncio.sleep_ms(300)

        return serve

    box = []

    async def serve(reader, writer):
        await serve_of(box)(reader, writer)

    async def story(way):
        box.append(way)
        await way.until(lambda: way.heard(word))
        await way.until(lambda: way.outgoing.gateway_online)

    with_broker(serve, story)


def given_an_oversized_packet_the_link_begins_anew():
    _bad(b"\x30\xff\xff\x7f" + bytes(100), "a packet of")


def given_a_length_without_end_the_link_begins_anew():
    _bad(b"\x30\xff\xff\xff\xff\xff", "without a length")


def given_a_publish_cut_short_the_link_begins_anew():
    _bad(b"\x32\x03\x00\x09a", "cut short")


def given_a_broker_that_hangs_up_at_once_the_link_begins_anew():
    async def serve(reader, writer):
        pass

    async def story(way):
        await way.until(lambda: way.connections >= 3)
        assert way.link.failed

    with_broker(serve, story)


def given_a_broker_that_refuses_the_device_that_is_said():
    async def serve(reader, writer):
        await good(reader, writer, first=b"\x20\x02\x00\x05")

    async def story(way):
        await way.until(lambda: way.heard("the broker refuses this device"))

    with_broker(serve, story)


def given_a_broker_that_says_nothing_the_link_gives_up_on_it():
    async def serve(reader, writer):
        await asyncio.sleep_ms(3000)

    async def story(way):
        await way.until(lambda: way.connections >= 2)

    with_broker(serve, story)


def given_a_broker_that_does_not_acknowledge_the_event_goes_out_again():
    box = []

    async def serve(reader, writer):
        await good(reader, writer, acknowledge=box[0].connections > 1)

    async def story(way):
        box.append(way)
        way.kept.add()
        await way.until(lambda: way.heard("does not acknowledge"))
        await way.until(lambda: way.outgoing._sent[1].at_broker)

    with_broker(serve, story)


def given_no_broker_at_the_start_the_link_finds_it_when_it_comes():
    async def story(way):
        await way.until(lambda: way.heard("link down"))
        server = await asyncio.start_server(way.accept, "127.0.0.1", way.port)
        await way.until(lambda: way.outgoing.gateway_online)
        server.close()

    with_broker(good, story, listening=False)


def given_no_access_point_the_link_waits_and_says_that_it_is_alive():
    async def story(way):
        way.radio.on = False
        await way.until(lambda: way.reports > 5)
        assert way.connections == 0
        way.radio.on = True
        await way.until(lambda: way.outgoing.gateway_online)

    with_broker(good, story)


def given_a_radio_that_tries_no_more_it_is_switched_off_and_on():
    join = link.JOIN_MS
    link.JOIN_MS = 20

    async def story(way):
        way.radio.stuck = True
        way.kept.add()
        await way.until(lambda: way.outgoing.gateway_online)
        assert way.radio.offs == 1

    try:
        with_broker(good, story)
    finally:
        link.JOIN_MS = join


def it_reports_all_the_time_and_never_holds_up_the_others():
    async def serve(reader, writer):
        await asyncio.sleep_ms(3000)

    async def story(way):
        # The time of two whole attempts, counted in turns: how long one takes is the machine's.
        turns = 0
        while way.connections < 3:
            await asyncio.sleep_ms(0)
            turns += 1
        assert turns > 500, turns
        assert way.reports > 5

    with_broker(serve, story)


def given_a_command_nobody_had_thought_of_the_answers_behind_it_are_heard():
    # A broker that keeps what is not acknowledged, and sends it first at each connection
    waiting = [(5, b"fall"), (6, b"answer")]

    async def serve(reader, writer):
        packets = mqtt.Packets()
        while True:
            for kind, body in await packets_of(reader, packets):
                if kind == 0x10:
                    down = wire.topic(DEVICE, "down")
                    said = [mqtt.publish(down, what, id, False, True) for id, what in waiting]
                    writer.write(CONNACK + b"".join(said))
                elif kind == 0x40:
                    id = mqtt.read_packet_id(body)
                    waiting[:] = [one for one in waiting if one[0] != id]
                await writer.drain()

    async def story(way):
        heard = []

        def obey(payload):
            if payload == b"fall":
                raise ValueError("nobody thought of this")
            heard.append(payload)

        way.link._on_command = obey
        await way.until(lambda: waiting == [])
        assert heard == [b"answer"]
        assert way.heard("nobody thought of this")
        assert way.connections == 1

    with_broker(serve, story)


def it_hurries_when_somebody_presses():
    link._BACK_OFF_MS = (20000,)
    try:

        async def story(way):
            await way.until(lambda: way.heard("link down"))
            server = await asyncio.start_server(way.accept, "127.0.0.1", way.port)
            way.kept.add()
            way.link.hurry()
            await way.until(lambda: way.outgoing.gateway_online)
            server.close()

        with_broker(good, story, listening=False)
    finally:
        link._BACK_OFF_MS = (100,)


def _comes_within(ms, rank):
    """Whether a link in a back-off of 20 s tries again soon, with an event of this rank waiting."""
    came = []

    async def story(way):
        way.kept.add(rank)
        await way.until(lambda: way.heard("link down"))
        server = await asyncio.start_server(way.accept, "127.0.0.1", way.port)
        begun = ticks()
        while way.connections == 0 and clock.since(ticks(), begun) < ms:
            await asyncio.sleep_ms(10)
        came.append(way.connections > 0)
        server.close()

    with_broker(good, story, listening=False)
    return came[0]


class Narrow(io.IOBase):
    """A socket that takes nothing while it is shut."""

    def __init__(self, inner):
        self.inner = inner
        self.shut = False
        self.refused = 0
        self.poll = select.poll()
        self.poll.register(inner, select.POLLIN)

    def read(self, limit=-1):
        return self.inner.read(limit)

    def write(self, data):
        if self.shut:
            self.refused += 1
            return None
        return self.inner.write(data)

    def ioctl(self, request, argument):
        if request != 3:
            return 0
        ready = 4  # whether there is room is found out by writing
        for found in self.poll.ipoll(0):
            ready |= found[1]
        return ready & (argument | 8)


def given_a_command_while_the_way_is_narrow_it_is_acknowledged_all_the_same():
    acknowledge, connect = link.ACKNOWLEDGE_MS, link.CONNECT_MS
    link.ACKNOWLEDGE_MS = link.CONNECT_MS = 10000
    writers = []
    acknowledged = []

    async def serve(reader, writer):
        writers.append(writer)
        packets = mqtt.Packets()
        while True:
            for kind, body in await packets_of(reader, packets):
                if kind == 0x10:
                    writer.write(CONNACK)
                elif kind == 0x40:
                    acknowledged.append(mqtt.read_packet_id(body))
                elif kind & 0xF0 == mqtt.PUBLISH:
                    writer.write(mqtt.puback(mqtt.read_publish(kind, body)[2]))
                await writer.drain()

    async def story(way):
        await way.until(lambda: way.link.state == link.UP)
        narrow = way.link._stream.s = Narrow(way.link._stream.s)
        # The reader waits at the socket itself until something comes
        writers[0].write(mqtt.publish(wire.topic(DEVICE, "down"), b"first", 0, False, False))
        await way.until(lambda: way.commands == [b"first"])

        narrow.shut = True
        way.kept.add()
        way.link.hurry()
        await way.until(lambda: narrow.refused > 0)
        writers[0].write(mqtt.publish(wire.topic(DEVICE, "down"), b"do", 5, False, False))
        await way.until(lambda: way.commands == [b"first", b"do"])
        narrow.shut = False

        await way.until(lambda: 5 in acknowledged)
        assert way.connections == 1

    try:
        with_broker(serve, story)
    finally:
        link.ACKNOWLEDGE_MS, link.CONNECT_MS = acknowledge, connect


def given_an_alarm_that_waits_the_next_attempt_comes_soon_and_else_in_its_time():
    waited_for = link._WAITED_FOR_MS
    link._BACK_OFF_MS = (20000,)
    link._WAITED_FOR_MS = (200, 200)
    try:
        assert _comes_within(10000, journal.ALARM)
        assert not _comes_within(1000, journal.HEARTBEAT)
    finally:
        link._BACK_OFF_MS = (100,)
        link._WAITED_FOR_MS = waited_for


def given_a_press_during_an_attempt_that_fails_the_next_comes_at_once():
    link._BACK_OFF_MS = (20000,)
    box = []

    async def serve(reader, writer):
        if box[0].connections > 1:
            await good(reader, writer)
        # In the midst of the attempt, which then comes to nothing
        box[0].link.hurry()

    try:

        async def story(way):
            box.append(way)
            await way.until(lambda: way.outgoing.gateway_online)

        with_broker(serve, story)
    finally:
        link._BACK_OFF_MS = (100,)


def given_an_event_that_flash_cannot_read_the_others_go_and_the_link_stays():
    async def story(way):
        way.kept.add().message = None
        way.kept.add()
        await way.until(lambda: 2 in way.outgoing._sent and way.outgoing._sent[2].at_broker)
        # It looks each time whether the broker owes it an acknowledgement
        looked = way.reports
        await way.until(lambda: way.reports >= looked + 3)
        assert way.connections == 1
        assert way.link.state == link.UP

    with_broker(good, story)


run(globals())
