"""MQTT 3.1.1 packets (OASIS standard of 29 October 2014), as few as the device needs. No I/O.

What is sent is made by functions; what comes in is cut out of the stream by `Packets`, in any
split. Raises Broken for what no broker should send: the connection is not worth keeping then.
"""

# Packet types, shifted as in the first byte (section 2.2.1).
CONNACK = 0x20
PUBLISH = 0x30
PUBACK = 0x40
SUBACK = 0x90
PINGRESP = 0xD0

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"

# Twice the longest message there is, with its topic: whatever is larger is nothing of ours.
LONGEST_BYTES = 1200


class Broken(Exception):
    """The stream from the broker makes no sense; `str()` says why."""


def connect(client: str, keepalive_s: int, will_topic: str, will: bytes) -> bytes:
    """CONNECT, without clean session, with a retained last will at QoS 1."""
    # Will retain 0x20, will QoS 1 0x08, will 0x04; clean session 0 (section 3.1.2.3).
    head = _text("MQTT") + b"\x04\x2c" + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head + _text(client) + _text(will_topic) + _bytes(will))


def subscribe(packet_id: int, topics) -> bytes:
    """SUBSCRIBE to all `topics` at QoS 1."""
    body = packet_id.to_bytes(2, "big")
    for topic in topics:
        body += _text(topic) + b"\x01"
    return _packet(0x82, body)


def publish(topic: str, payload: bytes, packet_id: int, retain: bool, again: bool) -> bytes:
    """PUBLISH at QoS 1. again: this message was sent before on this connection or another."""
    first = PUBLISH | 0x02 | (0x01 if retain else 0) | (0x08 if again else 0)
    return _packet(first, _text(topic) + packet_id.to_bytes(2, "big") + payload)


def puback(packet_id: int) -> bytes:
    """PUBACK of a message the broker delivered."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def read_publish(first: int, body: bytes) -> tuple:
    """(topic, payload, packet id; 0 at QoS 0) of a PUBLISH."""
    if len(body) < 2:
        raise Broken("a publish without a topic")
    at = 2 + int.from_bytes(body[:2], "big")
    packet_id = 0
    if first & 0x06:
        packet_id = int.from_bytes(body[at : at + 2], "big")
        at += 2
    if at > len(body):
        raise Broken("a publish cut short")
    try:
        topic = str(body[2 : 2 + int.from_bytes(body[:2], "big")], "utf-8")
    except (ValueError, UnicodeError):
        raise Broken("a topic that is no text") from None
    return topic, body[at:], packet_id


def read_packet_id(body: bytes) -> int:
    """The packet id of a PUBACK or SUBACK."""
    if len(body) < 2:
        raise Broken("an acknowledgement cut short")
    return int.from_bytes(body[:2], "big")


class Packets:
    """Cuts a stream into packets: feed(some) gives (first byte, body) of each that is whole."""

    def __init__(self, longest: int = LONGEST_BYTES) -> None:
        self._longest = longest
        self._held = b""

    def feed(self, some: bytes) -> list:
        """Every packet completed by these bytes. Holds no more than one packet back."""
        held = self._held + some
        packets = []
        at = 0
        while True:
            length, begins = self._length(held, at)
            if begins == 0 or begins + length > len(held):
                break
            packets.append((held[at], held[begins : begins + length]))
            at = begins + length
        self._held = held[at:]
        return packets

    def _length(self, held: bytes, at: int) -> tuple:
        """(length of the body, where it begins; 0 if that is not known yet)."""
        length = 0
        for i in range(4):
            if at + 1 + i >= len(held):
                return 0, 0
            digit = held[at + 1 + i]
            length |= (digit & 0x7F) << (7 * i)
            if digit < 0x80:
                if length > self._longest:
                    raise Broken("a packet of %d bytes" % length)
                return length, at + 2 + i
        raise Broken("a packet without a length")


def _packet(first: int, body: bytes) -> bytes:
    length = len(body)
    head = bytearray([first])
    while True:
        digit = length & 0x7F
        length >>= 7
        head.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(head) + body


def _text(text: str) -> bytes:
    return _bytes(text.encode())


def _bytes(some: bytes) -> bytes:
    return len(some).to_bytes(2, "big") + some
