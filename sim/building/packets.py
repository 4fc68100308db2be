"""MQTT 3.1.1 packets (OASIS standard of 29 October 2014), both ways, QoS 0 and 1. No I/O.

`encode(packet)` makes bytes; `Decoder` cuts packets out of a stream, in any split. Malformed is
raised for what nobody should send. The firmware and the gateway have clients of their own: this
is for the simulated broker, and for what in tests stands in for a device.
"""

from dataclasses import dataclass

# 2.2.3: a length has four digits at most; nothing in a building is longer than this.
LONGEST_BYTES = 1 << 20


class Malformed(Exception):
    """These bytes are no MQTT: the connection is not worth keeping."""


@dataclass(frozen=True)
class Publish:
    """3.3. id: 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    id: int = 0
    retain: bool = False
    dup: bool = False


@dataclass(frozen=True)
class Connect:
    """3.1. will: what the broker says of a client that has gone without a word."""

    client: str
    keepalive_s: int = 0
    clean: bool = False
    will: Publish | None = None


@dataclass(frozen=True)
class ConnAck:
    """3.2. code: 0 is yes."""

    session_present: bool = False
    code: int = 0


@dataclass(frozen=True)
class PubAck:
    """3.4."""

    id: int


@dataclass(frozen=True)
class Subscribe:
    """3.8. topics: filters, each with the highest QoS wanted."""

    id: int
    topics: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SubAck:
    """3.9. codes: the QoS granted of each, 0x80: refused."""

    id: int
    codes: tuple[int, ...]


@dataclass(frozen=True)
class Ping:
    """3.12 and 3.13. answer: from the broker."""

    answer: bool = False


@dataclass(frozen=True)
class Disconnect:
    """3.14: a client goes, and says so."""


Packet = Connect | ConnAck | Publish | PubAck | Subscribe | SubAck | Ping | Disconnect


def encode(packet: Packet) -> bytes:
    """The packet's bytes."""
    match packet:
        case Connect(client, keepalive_s, clean, will):
            flags = 0x02 if clean else 0
            body = _text(client)
            if will is not None:
                flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
                body += _text(will.topic) + _bytes(will.payload)
            return _packet(0x10, _text("MQTT") + bytes((4, flags)) + _two(keepalive_s) + body)
        case ConnAck(present, code):
            return _packet(0x20, bytes((present, code)))
        case Publish(topic, payload, qos, id_, retain, dup):
            first = 0x30 | dup << 3 | qos << 1 | retain
            return _packet(first, _text(topic) + (_two(id_) if qos else b"") + payload)
        case PubAck(id_):
            return _packet(0x40, _two(id_))
        case Subscribe(id_, topics):
            body = b"".join(_text(topic) + bytes((qos,)) for topic, qos in topics)
            return _packet(0x82, _two(id_) + body)
        case SubAck(id_, codes):
            return _packet(0x90, _two(id_) + bytes(codes))
        case Ping(answer):
            return _packet(0xD0 if answer else 0xC0, b"")
        case Disconnect():
            return _packet(0xE0, b"")


class Decoder:
    """Packets of one connection: feed(bytes) gives those that have become whole."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def holds(self) -> bool:
        """Whether the beginning of a packet has come, and not its end."""
        return bool(self._held)

    def feed(self, some: bytes) -> list[Packet]:
        """Raises Malformed."""
        self._held += some
        found: list[Packet] = []
        while (cut := self._cut()) is not None:
            try:
                found.append(_decode(*cut))
            except (IndexError, UnicodeDecodeError) as error:
                raise Malformed(f"a packet of type {cut[0]:#x} cut short") from error
        return found

    def _cut(self) -> tuple[int, bytes] | None:
        length = 0
        for digit in range(4):
            if len(self._held) < 2 + digit:
                return None
            byte = self._held[1 + digit]
            length |= (byte & 0x7F) << 7 * digit
            if byte < 0x80:
                begins = 2 + digit
                break
        else:
            raise Malformed("a length of more than four digits")
        if length > LONGEST_BYTES:
            raise Malformed(f"a packet of {length} bytes")
        if len(self._held) < begins + length:
            return None
        first, body = self._held[0], bytes(self._held[begins : begins + length])
        del self._held[: begins + length]
        return first, body


class _Reader:
    """Takes fields off a packet's body. IndexError where it ends too soon."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def some(self, count: int) -> bytes:
        if self._at + count > len(self._body):
            raise IndexError
        self._at += count
        return self._body[self._at - count : self._at]

    def byte(self) -> int:
        return self.some(1)[0]

    def two(self) -> int:
        return int.from_bytes(self.some(2), "big")

    def binary(self) -> bytes:
        return self.some(self.two())

    def text(self) -> str:
        return self.binary().decode()

    def rest(self) -> bytes:
        return self.some(len(self._body) - self._at)

    @property
    def ended(self) -> bool:
        return self._at == len(self._body)


def _decode(first: int, body: bytes) -> Packet:
    of = _Reader(body)
    match first & 0xF0:
        case 0x10:
            return _connect(of)
        case 0x20:
            return ConnAck(bool(of.byte() & 1), of.byte())
        case 0x30:
            qos = first >> 1 & 3
            if qos > 1:
                raise Malformed("QoS 2, which nobody here speaks")
            topic = of.text()
            id_ = of.two() if qos else 0
            return Publish(topic, of.rest(), qos, id_, bool(first & 1), bool(first & 8))
        case 0x40:
            return PubAck(of.two())
        case 0x80:
            id_, topics = of.two(), []
            while not of.ended:
                topics.append((of.text(), of.byte() & 3))
            return Subscribe(id_, tuple(topics))
        case 0x90:
            return SubAck(of.two(), tuple(of.rest()))
        case 0xC0 | 0xD0:
            return Ping(answer=bool(first & 0x10))
        case 0xE0:
            return Disconnect()
    raise Malformed(f"a packet of type {first:#x}")


def _connect(of: _Reader) -> Connect:
    if of.text() != "MQTT" or of.byte() != 4:
        raise Malformed("a protocol that is not MQTT 3.1.1")
    flags, keepalive_s, client = of.byte(), of.two(), of.text()
    will = None
    if flags & 0x04:
        will = Publish(of.text(), of.binary(), min(flags >> 3 & 3, 1), retain=bool(flags & 0x20))
    # A user name and a password may follow: who it is, the broker knows from the way it came.
    return Connect(client, keepalive_s, bool(flags & 0x02), will)


def _packet(first: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = length >> 7, length & 0x7F
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((first,)) + bytes(digits) + body


def _text(text: str) -> bytes:
    return _bytes(text.encode())


def _bytes(some: bytes) -> bytes:
    return _two(len(some)) + some


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")
