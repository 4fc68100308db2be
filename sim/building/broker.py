"""A model of the broker, for virtual time alone: as mosquitto configured by us, in a few pages.

Bytes in, bytes out, in any split. What matters here is kept: sessions that outlive their
connections, with what waits for them; wills; retained messages; who may say and hear what
(gateway/broker.py); and that a message is *answered before it is saved*, so that a broker that is
killed forgets what it has acknowledged since it last saved. tests/sim/building/test_broker.py has
the same conversations with mosquitto itself and compares. What the model leaves out: TLS-PSK (who
a device is, is what it says), QoS 2, and every limit but that of a queue.
"""

import asyncio
import copy
import enum
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from doorknock import wire

from gateway.broker import AUTOSAVE_S, QUEUED_BYTES
from gateway.intake import IN_FLIGHT
from sim.building import packets
from sim.building.packets import (
    ConnAck,
    Connect,
    Decoder,
    Disconnect,
    Malformed,
    Ping,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
)

# 3.1.2.10: a client not heard from for one and a half times its keepalive is gone.
PATIENCE = 1.5
# What every conversation begins with; who says anything else is hung up on.
CONNECT_BYTE = 0x10


class Listener(enum.Enum):
    """By which of the two listeners somebody comes, and so who they may be."""

    DEVICES = "devices"
    GATEWAY = "gateway"


@dataclass
class _Session:
    """What is kept of a client when its connection has gone."""

    client: str
    listener: Listener
    subscriptions: dict[str, int] = field(default_factory=dict)
    # Sent and not acknowledged yet, by packet id; then what waits its turn.
    in_flight: dict[int, Publish] = field(default_factory=dict)
    queue: deque[Publish] = field(default_factory=deque)
    last_id: int = 0

    def next_id(self) -> int:
        self.last_id = self.last_id % 0xFFFF + 1
        return self.last_id


@dataclass
class _Kept:
    """What the broker has in memory, and what it finds on disk after a crash."""

    sessions: dict[str, _Session] = field(default_factory=dict)
    retained: dict[str, Publish] = field(default_factory=dict)


class Connection:
    """One TCP connection to the broker, from the broker's side.

    Whoever carries it calls `received(bytes)` and `lost()`; deliver(bytes) and hang_up() are
    called by the broker, from the loop.
    """

    def __init__(
        self,
        broker: "Broker",
        listener: Listener,
        deliver: Callable[[bytes], object],
        hang_up: Callable[[], object],
    ) -> None:
        self.listener = listener
        self.session: _Session | None = None
        self.will: Publish | None = None
        self.open = True
        self._broker = broker
        self._deliver = deliver
        self._hang_up = hang_up
        self._decoder = Decoder()
        # Come, and not read yet.
        self._inbox = bytearray()
        self._reading: asyncio.TimerHandle | None = None
        self._keepalive_s = 0.0
        self._heard_s = broker.loop.time()

    def received(self, data: bytes) -> None:
        """Bytes of the client have come. A slow broker reads them later, one that hangs never."""
        self._inbox += data
        self.read()

    def read(self) -> None:
        """Reads what has come, now or as soon as the broker comes to it."""
        slowness_s = self._broker.slowness_s
        if slowness_s == 0.0 and self._reading is None:
            self._take()
        elif slowness_s < math.inf and self._reading is None:
            self._reading = self._broker.loop.call_later(slowness_s, self._take)

    def lost(self) -> None:
        """The connection is gone, and the client has not said goodbye unless it has before."""
        if self.open:
            self.open = False
            self._broker.left(self)

    def send(self, packet: packets.Packet) -> None:
        """To the client."""
        if self.open:
            self._deliver(packets.encode(packet))

    def end(self) -> None:
        """The broker hangs up."""
        if self.open:
            self.open = False
            self._broker.left(self)
            self._hang_up()

    def cut(self) -> None:
        """The broker's process has ended: nothing is said by anybody."""
        if self.open:
            self.open = False
            self._hang_up()

    def expect(self, keepalive_s: int) -> None:
        """From now on this client is heard from in time, or it is gone."""
        self._keepalive_s = PATIENCE * keepalive_s
        if keepalive_s:
            self._broker.loop.call_later(self._keepalive_s, self._still_there)

    def _still_there(self) -> None:
        if not self.open:
            return
        left_s = self._heard_s + self._keepalive_s - self._broker.loop.time()
        # The clock has whole ms: less than one is what sums of floats leave, and passes at no time.
        waits = left_s >= 0.001
        if waits or self._inbox:
            # What it has said and nobody has read yet is a sign of life as well.
            again_s = left_s if waits else self._keepalive_s
            self._broker.loop.call_later(again_s, self._still_there)
        else:
            self.end()

    def _take(self) -> None:
        self._reading = None
        if not self.open or not self._inbox:
            return
        data, self._inbox = bytes(self._inbox), bytearray()
        self._heard_s = self._broker.loop.time()
        if self.session is None and data[0] != CONNECT_BYTE and not self._decoder.holds:
            self.end()
            return
        try:
            found = self._decoder.feed(data)
        except Malformed:
            self.end()
            return
        for packet in found:
            if self.open:
                self._broker.take(self, packet)


class Broker:
    """The broker. on_message(topic, payload): told of what it has taken from anybody.

    slowness_s: how long it thinks about all it receives; infinite: it hangs. queued_bytes: what a
    session may have waiting; what is more is acknowledged and dropped, in silence.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        on_message: Callable[[str, bytes], None] = lambda _topic, _payload: None,
    ) -> None:
        self.loop = loop
        self._slowness_s = 0.0
        self.queued_bytes = QUEUED_BYTES
        self.running = False
        self._on_message = on_message
        self._memory = _Kept()
        self._disk = _Kept()
        self._connections: list[Connection] = []
        # Who is connected, by client.
        self._here: dict[str, Connection] = {}
        self._saving: asyncio.TimerHandle | None = None

    @property
    def slowness_s(self) -> float:
        """See above."""
        return self._slowness_s

    @slowness_s.setter
    def slowness_s(self, seconds: float) -> None:
        self._slowness_s = seconds
        for connection in list(self._connections):
            connection.read()

    # --- the process -----------------------------------------------------------------------

    def start(self) -> None:
        """Begins with what it finds on disk."""
        if not self.running:
            self.running = True
            self._memory = copy.deepcopy(self._disk)
            self._save_later()

    def stop(self) -> None:
        """Ends in order: what it has is saved."""
        if self.running:
            self._disk = copy.deepcopy(self._memory)
            self.kill()

    def kill(self, *, wipe: bool = False) -> None:
        """As kill -9: everything since it last saved is forgotten; wipe: and what it had saved."""
        if wipe:
            self._disk = _Kept()
        self.running = False
        if self._saving is not None:
            self._saving.cancel()
        connections, self._connections = self._connections, []
        self._here.clear()
        for connection in connections:
            connection.cut()

    def connect(
        self, listener: Listener, deliver: Callable[[bytes], object], hang_up: Callable[[], object]
    ) -> Connection | None:
        """A client has come to this listener; None: nobody listens there."""
        if not self.running:
            return None
        connection = Connection(self, listener, deliver, hang_up)
        self._connections.append(connection)
        return connection

    def waiting(self, client: str) -> int:
        """How many messages wait for this client, sent to it or not."""
        session = self._memory.sessions.get(client)
        return len(session.in_flight) + len(session.queue) if session else 0

    def _save_later(self) -> None:
        self._saving = self.loop.call_later(AUTOSAVE_S, self._save)

    def _save(self) -> None:
        self._disk = copy.deepcopy(self._memory)
        self._save_later()

    # --- what clients say ------------------------------------------------------------------

    def take(self, connection: Connection, packet: packets.Packet) -> None:
        """Answers a packet of this connection's client."""
        session = connection.session
        if isinstance(packet, Connect) and session is None:
            self._greet(connection, packet)
        elif session is None:
            connection.end()
        else:
            self._answer(connection, session, packet)

    def _answer(self, connection: Connection, session: _Session, packet: packets.Packet) -> None:
        match packet:
            case Publish():
                # 3.3.5: whoever may not publish is answered all the same, and nobody hears it.
                if may_say(session.listener, session.client, packet.topic):
                    self.publish(packet)
                if packet.qos:
                    connection.send(PubAck(packet.id))
            case PubAck(id_):
                session.in_flight.pop(id_, None)
                self._send_waiting(session)
            case Subscribe(id_, topics):
                connection.send(SubAck(id_, tuple(min(qos, 1) for _, qos in topics)))
                for topic, qos in topics:
                    session.subscriptions[topic] = min(qos, 1)
                    self._send_retained(session, topic)
            case Ping():
                connection.send(Ping(answer=True))
            case Disconnect():
                connection.will = None
                connection.end()
            case _:
                connection.end()

    def left(self, connection: Connection) -> None:
        """This connection has ended, by whatever hand."""
        if connection in self._connections:
            self._connections.remove(connection)
        session = connection.session
        if session is not None and self._here.get(session.client) is connection:
            del self._here[session.client]
        will = connection.will
        if session and will and may_say(session.listener, session.client, will.topic):
            self.publish(will)

    def _greet(self, connection: Connection, connect: Connect) -> None:
        other = self._here.get(connect.client)
        if other is not None:
            # 3.1.4: who comes again takes the session over; mosquitto 2 leaves the will unsaid.
            other.will = None
            other.end()
        sessions = self._memory.sessions
        kept = None if connect.clean else sessions.get(connect.client)
        session = kept or _Session(connect.client, connection.listener)
        sessions[connect.client] = session
        connection.session = session
        self._here[connect.client] = connection
        connection.will = connect.will
        connection.expect(connect.keepalive_s)
        connection.send(ConnAck(session_present=kept is not None))
        for id_, message in session.in_flight.items():
            connection.send(replace(message, id=id_, dup=True))
        self._send_waiting(session)

    # --- what clients hear -----------------------------------------------------------------

    def publish(self, message: Publish) -> None:
        """To everybody who wants it and may hear it."""
        self._on_message(message.topic, message.payload)
        if message.retain and message.payload:
            self._memory.retained[message.topic] = message
        elif message.retain:
            self._memory.retained.pop(message.topic, None)
        for session in list(self._memory.sessions.values()):
            qos = _wanted(session, message.topic)
            if qos is not None:
                self._pass_on(session, message, min(qos, message.qos), retain=False)

    def _send_retained(self, session: _Session, wanted: str) -> None:
        for topic, message in list(self._memory.retained.items()):
            if _matches(wanted, topic) and may_hear(session.listener, session.client, topic):
                qos = min(session.subscriptions[wanted], message.qos)
                self._pass_on(session, message, qos, retain=True)

    def _pass_on(self, session: _Session, message: Publish, qos: int, *, retain: bool) -> None:
        connection = self._connection_of(session)
        outgoing = replace(message, qos=qos, id=0, retain=retain, dup=False)
        if not qos:
            if connection is not None:
                connection.send(outgoing)
            return
        at_once = connection is not None and len(session.in_flight) < IN_FLIGHT
        held = sum(len(one.payload) for one in session.queue) if session.queue else 0
        if at_once or held + len(message.payload) <= self.queued_bytes:
            session.queue.append(outgoing)
            self._send_waiting(session)

    def _send_waiting(self, session: _Session) -> None:
        connection = self._connection_of(session)
        while connection is not None and session.queue and len(session.in_flight) < IN_FLIGHT:
            id_ = session.next_id()
            message = session.in_flight[id_] = replace(session.queue.popleft(), id=id_)
            connection.send(message)

    def _connection_of(self, session: _Session) -> Connection | None:
        return self._here.get(session.client)


def may_say(listener: Listener, client: str, topic: str) -> bool:
    """Who may publish what: the ACL that gateway/broker.py writes."""
    if listener is Listener.GATEWAY:
        return topic.startswith(f"{wire.ROOT}/")
    return topic in {f"{wire.ROOT}/{client}/{leaf}" for leaf in ("alarm", "up", "status")}


def may_hear(listener: Listener, client: str, topic: str) -> bool:
    """Who may be told what. A subscription itself is refused to nobody, as mosquitto does it."""
    if listener is Listener.GATEWAY:
        return topic.startswith(f"{wire.ROOT}/")
    return topic in (f"{wire.ROOT}/{client}/down", wire.GATEWAY_ONLINE)


def _wanted(session: _Session, topic: str) -> int | None:
    """The QoS at which the session wants a topic; None: it does not, or may not have it."""
    if not may_hear(session.listener, session.client, topic):
        return None
    granted = [qos for one, qos in session.subscriptions.items() if _matches(one, topic)]
    return max(granted, default=None)


def _matches(wanted: str, topic: str) -> bool:
    """Whether a topic is meant by a filter (4.7)."""
    wanted_levels, levels = wanted.split("/"), topic.split("/")
    for number, level in enumerate(wanted_levels):
        if level == "#":
            return True
        if number >= len(levels) or level not in ("+", levels[number]):
            return False
    return len(wanted_levels) == len(levels)
