"""The least network in virtual time: an access point, and of broker and gateway what a board hears.

For what looks at one board alone. sim/building/ has the real gateway, and every fault.
"""

from dataclasses import dataclass, field

from doorknock import mqtt, wire

from sim.virtual.board import VirtualBoard

DEVICE = "00112233aabb"
SECRET = bytes(range(wire.SECRET_BYTES))
# A quiet house: joining a known network, and one way through it.
JOIN_MS = 250
WAY_MS = 4

SETTINGS: dict[str, int | bytes | str] = {
    "device": bytes.fromhex(DEVICE),
    "secret": SECRET,
    "wifi_ssid": "house",
    "host": "192.0.2.1",
    "port": 1883,
    "tls": "none",
    "boot": 0,
}


@dataclass
class House:
    """Acknowledges every event as a broker does, and answers it as the gateway does."""

    access_point: bool = True
    broker: bool = True
    answering: bool = True
    events: list[wire.Message] = field(default_factory=list)
    # The connections that are open, and how many there have been.
    open: set[int] = field(default_factory=set)
    connections: int = 0
    farewells: int = 0
    _packets: dict[int, mqtt.Packets] = field(default_factory=dict)
    _stamp: int = 0

    def wifi_wanted(self, board: VirtualBoard, wanted: bool) -> None:
        if wanted and self.access_point:
            board.loop.call_later(JOIN_MS / 1000, board.wifi, True)

    def opened(self, board: VirtualBoard, connection: int, host: str, port: int) -> None:
        if (host, port) != (SETTINGS["host"], SETTINGS["port"]):
            raise ValueError(f"{board.name} opens {host}:{port}, where no gateway is.")
        answer = board.tcp_connected if self.broker else board.tcp_refused
        board.loop.call_later(WAY_MS / 1000, answer, connection)
        if self.broker:
            self.open.add(connection)
            self.connections += 1
            self._packets[connection] = mqtt.Packets()

    def closed(self, board: VirtualBoard, connection: int) -> None:
        self.open.discard(connection)

    def sent(self, board: VirtualBoard, connection: int, data: bytes) -> None:
        if connection in self.open and self.broker:
            for first, body in self._packets[connection].feed(data):
                self._take(board, connection, first, body)

    def _take(self, board: VirtualBoard, connection: int, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == 0x10:
            self._say(board, connection, b"\x20\x02\x00\x00")
        elif kind == 0x80:
            self._say(board, connection, b"\x90\x04" + body[:2] + b"\x01\x01")
            online = mqtt.publish(wire.GATEWAY_ONLINE, wire.ONLINE, 1, True, False)
            self._say(board, connection, online)
        elif kind == 0xC0:
            self._say(board, connection, b"\xd0\x00")
        elif kind == 0xE0:
            self.farewells += 1
        elif kind == mqtt.PUBLISH:
            topic, payload, packet_id = mqtt.read_publish(first, body)
            self._say(board, connection, mqtt.puback(packet_id))
            if not topic.endswith("/status"):
                event = wire.decode_event(payload, wire.signing_key(SECRET))
                self.events.append(event)
                if self.answering:
                    self.command(board, "answer", event, {})

    def command(
        self, board: VirtualBoard, kind: str, event: wire.Message, details: dict[str, int | str]
    ) -> None:
        """A signed command about an event, on every connection there is."""
        self._stamp += 1
        said = wire.encode(
            *(kind, event.device, event.boot, event.seq, self._stamp, details),
            wire.signing_key(SECRET),
        )
        self.deliver(board, said)

    def deliver(self, board: VirtualBoard, said: bytes) -> None:
        """These bytes on `down`, on every connection there is."""
        topic = wire.topic(DEVICE, "down")
        for connection in sorted(self.open):
            self._say(board, connection, mqtt.publish(topic, said, 7, False, False))

    def _say(self, board: VirtualBoard, connection: int, data: bytes) -> None:
        board.loop.call_later(2 * WAY_MS / 1000, board.tcp_received, connection, data)

    def of(self, kind: str) -> list[wire.Message]:
        """The events of a kind, as they came."""
        return [event for event in self.events if event.kind == kind]
