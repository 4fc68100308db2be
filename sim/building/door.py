"""The gateway's door for devices in virtual time: two sessions at the simulated broker.

Stands in for gateway/ingest/mqtt.py, whose sessions live in threads of paho's: the same two
sessions, the same will, the same patience. Messages are acknowledged when the intake says so.
"""

from collections.abc import Callable

from doorknock import wire

from gateway.arrival import Arrival
from gateway.ingest.mqtt import ALARM_LEAVES, KEEPALIVE_S, OTHER_LEAVES, RECONNECT_S
from sim.building.broker import Broker, Connection, Listener
from sim.building.packets import (
    ConnAck,
    Connect,
    Decoder,
    Packet,
    Ping,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    encode,
)


class _Session:
    """One session, connected again whenever it is not."""

    def __init__(
        self,
        broker: Broker,
        name: str,
        leaves: tuple[str, ...],
        will: Publish | None,
        on_message: Callable[["_Session", int, Publish], None],
        on_ready: Callable[["_Session"], None],
    ) -> None:
        self.name = name
        self.running = False
        self.connected = False
        # Message numbers mean something on the connection they came by, and on no other.
        self.number = 0
        self._broker = broker
        self._loop = broker.loop
        self._leaves = leaves
        self._will = will
        self._on_message = on_message
        self._on_ready = on_ready
        self._near: Connection | None = None
        self._decoder = Decoder()
        self._last_id = 0
        self._wait_s = float(RECONNECT_S[0])
        self._unanswered = False

    def start(self) -> None:
        self.running = True
        self._connect()

    def stop(self) -> None:
        """Without a word: the broker tells the will."""
        self.running = self.connected = False
        near, self._near = self._near, None
        if near is not None:
            near.lost()

    def lose(self) -> None:
        """Its connection breaks; both ends notice."""
        near = self._near
        if near is not None:
            near.lost()
            self._lost(self.number)

    def send(self, packet: Packet) -> None:
        if self._near is not None:
            self._loop.call_soon(self._near.received, encode(packet))

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._last_id = self._last_id % 0xFFFF + 1
        self.send(Publish(topic, payload, 1, self._last_id, retain))

    def _connect(self) -> None:
        if not self.running:
            return
        self.number += 1
        number = self.number
        self._decoder = Decoder()
        self._near = self._broker.connect(
            Listener.GATEWAY,
            lambda data: self._loop.call_soon(self._received, number, data),
            lambda: self._loop.call_soon(self._lost, number),
        )
        if self._near is None:
            self._again()
            return
        self.send(Connect(self.name, KEEPALIVE_S, will=self._will))
        self._unanswered = True
        self._loop.call_later(KEEPALIVE_S, self._probe, number)

    def _probe(self, number: int) -> None:
        """A broker that has gone without a word is noticed by its silence."""
        if number != self.number or self._near is None:
            return
        if self._unanswered:
            self._near.lost()
            self._lost(number)
            return
        self._unanswered = True
        self.send(Ping())
        self._loop.call_later(KEEPALIVE_S, self._probe, number)

    def _lost(self, number: int) -> None:
        if number == self.number and self.running:
            self.connected = False
            self._near = None
            self._again()

    def _again(self) -> None:
        self._loop.call_later(self._wait_s, self._connect)
        self._wait_s = min(2 * self._wait_s, RECONNECT_S[1])

    def _received(self, number: int, data: bytes) -> None:
        if number != self.number or self._near is None:
            return
        self._unanswered = False
        for packet in self._decoder.feed(data):
            match packet:
                case ConnAck(code=0):
                    self._wait_s = float(RECONNECT_S[0])
                    self.connected = True
                    topics = tuple((f"{wire.ROOT}/+/{leaf}", 1) for leaf in self._leaves)
                    self.send(Subscribe(1, topics))
                case SubAck():
                    self._on_ready(self)
                case Publish():
                    self._on_message(self, number, packet)
                case _:
                    pass


class VirtualDoor:
    """See gateway.rooms.Door. take: is given each arrival."""

    def __init__(
        self, broker: Broker, take: Callable[[Arrival], None], clock_ms: Callable[[], int]
    ) -> None:
        will = Publish(wire.GATEWAY_ONLINE, wire.OFFLINE, 1, retain=True)
        self._take = take
        self._clock_ms = clock_ms
        self._alarms = _Session(
            broker, "gateway-alarm", ALARM_LEAVES, will, self._arrived, self._ready
        )
        self._others = _Session(
            broker, "gateway-up", OTHER_LEAVES, None, self._arrived, self._ready
        )

    @property
    def connected(self) -> bool:
        return self._alarms.connected

    @property
    def alive(self) -> bool:
        return self._alarms.running and self._others.running

    def start(self) -> None:
        for session in (self._alarms, self._others):
            session.start()

    def stop(self) -> None:
        """As kill -9 does it: the broker says that the gateway is gone."""
        for session in (self._alarms, self._others):
            session.stop()

    def lose(self, *names: str) -> None:
        """The connections of these sessions break, of all where none is named; they come back."""
        for session in (self._alarms, self._others):
            if session.name in names or not names:
                session.lose()

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        """See gateway.arrival.Down."""
        first, second = (self._alarms, self._others) if alarm else (self._others, self._alarms)
        session = first if first.connected else second
        if session.connected:
            session.publish(wire.topic(device, "down"), message)

    def _ready(self, session: _Session) -> None:
        if session is self._alarms:
            session.publish(wire.GATEWAY_ONLINE, wire.ONLINE, retain=True)

    def _arrived(self, session: _Session, number: int, message: Publish) -> None:
        try:
            device, leaf = wire.read_topic(message.topic)
        except wire.Refused:
            device, leaf = "", message.topic.rpartition("/")[2]

        def acknowledge() -> None:
            if message.qos and session.number == number:
                session.send(PubAck(message.id))

        self._take(Arrival("mqtt", device, leaf, message.payload, self._clock_ms(), acknowledge))
