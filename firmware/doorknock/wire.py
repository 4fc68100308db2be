"""The contract between device and gateway: topics, messages, encoding, signature.

One file, imported by the firmware (MicroPython), the gateway and the simulator (CPython).
It does no I/O and reads no clock. docs/wire.md is generated from the tables in it.

A message is a fixed header, details as (tag, length, value), and a signature:

    version u8 | kind u8 | device 6 bytes | boot u32 | seq u32 | stamp u64 | details | HMAC 16 bytes

all little-endian. The signature is HMAC-SHA256 under the device's signing key, cut to its
first 16 bytes (RFC 2104, section 5), over every byte before it. The same signed bytes travel
over MQTT, USB serial or BLE. Kinds below 0x80 are events (device to gateway), the others are
commands (gateway to device), so neither can be passed off as the other.

An event's identity is (device, boot, seq). Its stamp is the device's uptime in ms. A command
speaks *about* an event and carries that event's boot and seq; its stamp is the command's number,
which only ever rises, so an old command replayed is known for old.

`set`, `act` and `update` are *orders*: about no event (boot and seq are 0), obeyed once, and
answered by `settings`, `done` or `updating`, which bear the order's number. The device keeps the
highest number it has obeyed; a lower one is old and is not obeyed, the same one is answered again.
The gateway sends an order again until it is answered, and the next one of a device only then.

`want` and `piece` carry an update. They are a conversation and no news: a `want` has the seq 0, is
kept nowhere, not counted and not answered by `answer`; what is lost is asked for again. The content
of a `piece` is raw data, under the tag 255 in chunks of 255 bytes at most, joined.

Exceptions: Refused(reason): a received message cannot be trusted or read; reason is one of
REASONS. ValueError: the caller asked to encode something the contract does not allow.
"""

import hashlib
import struct

VERSION = 1

DEVICE_BYTES = 6
SECRET_BYTES = 32
SIGNATURE_BYTES = 16
_HEADER = "<BB6sIIQ"
HEADER_BYTES = 24
SHORTEST_BYTES = HEADER_BYTES + SIGNATURE_BYTES
# Four times the longest message there is today; whatever is larger is no message of ours.
LONGEST_BYTES = 512
FIRST_COMMAND_CODE = 0x80

# boot 0 is no boot: a `boot` event with it says "I have lost my number"; its seq is a nonce.
BOOT_UNKNOWN = 0

# Why a message was refused. Counted and logged by these names; the sender is told nothing.
REASONS = ("length", "version", "unknown device", "signature", "kind", "topic", "retired")

TIERS = ("none", "presence", "breathing")
URGENCIES = ("check_in", "urgent")
RESET_CAUSES = ("unknown", "power_on", "reset_pin", "watchdog", "deep_sleep", "software")
LIGHTS = ("none", "sending", "delivered", "asked_again", "coming", "cannot_send")
# Causes of a call, and of the prompt before it.
CAUSES = (
    "no_movement",
    "no_breathing",
    "slow_breathing",
    "weak_breathing",
    "vanished",
    "long_stay",
)

# What an order number may be; the gateway makes them of Unix ms.
HIGHEST_NUMBER = (1 << 62) - 1
# What an `act` order asks for:
#   identify    light and tone for half a minute: "which one are you?"
#   restart     not in a watch, a question or a call: then it is `busy`
#   test        a `test` event, at once, the way of a press: gateway, backend, and back to the light
#   test_press  the same at the next single tap within a minute; two taps or a hold call as ever
#   log         the last lines of its log, in `log` events
#   wifi        the next single tap within two minutes turns from Wi-Fi to Bluetooth for some
#               minutes, in which its Wi-Fi may be changed (docs/bluetooth.md); not in a watch, a
#               question or a call
ACTS = ("identify", "restart", "test", "test_press", "log", "wifi")
# What a change of the Wi-Fi has come to: improv.py says what each means.
WIFI_OUTCOMES = (
    "none",
    "changed",
    "wrong_password",
    "no_network",
    "no_gateway",
    "interrupted",
    "storage",
)
# What becomes of an `update` order. Whether a device waits with it for a calm moment is not told:
# that would tell when somebody is in.
#   accepted     it will be fetched as soon as that disturbs nobody
#   fetching     some of it is there
#   verified     all of it is there, as it was signed; it is tried at the next calm moment
#   trying       the device starts into it
#   confirmed    it has reached the gateway, and has lasted
#   rolled_back  it did not start, or did not reach the gateway in time: the earlier one runs again
#   refused      it is not signed by the key that the device knows, not newer, or not for this chip
#   failed       it could not be written down
#   stopped      by an order without a manifest
UPDATE_STATES = (
    "accepted",
    "fetching",
    "verified",
    "trying",
    "confirmed",
    "rolled_back",
    "refused",
    "failed",
    "stopped",
    "old",
)
# What a device asks the gateway for: the next pieces of a file, or leave to start into the new
# application. Leave is a `piece` of the same file number without data.
WANTS = ("piece", "leave")
# Under this file number is the manifest; the first file that it names is 1.
MANIFEST_FILE = 0
MOST_FILES = 120
# With its header, numbers and signature a message of this much data is under LONGEST_BYTES.
PIECE_BYTES = 448
# So many pieces answer one `want` at most: 4 messages are 2 KB, which a small chip holds.
PIECES_AT_ONCE = 4
LONGEST_FILE_BYTES = 65536
_DATA_TAG = 255
_CHUNK_BYTES = 255
# The instruction set that a device runs, as mpy-cross names it and in the order of MicroPython's
# own numbers (py/persistentcode.h); the number is in `sys.implementation._mpy`.
ARCHES = (
    "none",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)

# A field is (name, tag, low, high) for a whole number with both bounds, (name, tag, values) for
# one of a fixed list (its index travels), (name, tag, longest) for text of that many bytes.
# A tag, once used in a kind, is never given another meaning.

# What may be set from afar in a sensor, and between which bounds: never what a device is, whose it
# is, or by which way it is reached; so a button has nothing of the kind. The bounds are those of
# settings.py and config.py.
SETTING_FIELDS = (
    ("mode", 16, ("home", "washroom")),
    ("still_prompt_s", 17, 15, 60),
    ("no_movement_s", 18, 30, 600),
    ("answer_s", 19, 10, 60),
    ("empty_s", 20, 5, 120),
    ("long_stay_s", 21, 600, 14400),
    ("watch_limit_s", 22, 600, 43200),
    ("breath_floor_um", 23, 100, 500),
    ("slow_ask_pm", 24, 6, 10),
    ("slow_urgent_pm", 25, 3, 6),
    ("weak_percent", 26, 15, 40),
    ("asks_per_h", 27, 1, 30),
    ("quiet_min", 28, 0, 120),
    ("silent_fault_s", 29, 3, 60),
    ("stuck_fault_s", 30, 5, 120),
)

_NUMBER = ("number", 1, 0, HIGHEST_NUMBER)
_NEWEST = ("newest", 3, 0, HIGHEST_NUMBER)

_EVENTS = (
    # kind, code, leaf of the topic, fields; above each what it says, for docs/wire.md
    #: The device has started cold.
    (
        "boot",
        1,
        "up",
        (
            ("cause", 1, RESET_CAUSES),
            ("firmware", 2, 32),
            ("device_type", 3, ("button", "sensor")),
            ("tier", 4, TIERS),
        ),
    ),
    #: Somebody asks for help. Taps, or a hold; two taps or more, or a hold, are urgent.
    (
        "press",
        2,
        "alarm",
        (("taps", 1, 1, 255), ("held", 2, 0, 1)),
    ),
    #: The resident says 'I'm OK'.
    (
        "ok",
        3,
        "alarm",
        (("during", 1, ("prompt", "alert", "nothing")),),
    ),
    #: 'Look after me' began or ended.
    (
        "watch",
        4,
        "up",
        (
            ("state", 1, ("started", "ended")),
            ("by", 2, ("resident", "limit", "room", "restart", "refused")),
        ),
    ),
    #: The sensor asks 'are you OK?', or its question is over.
    (
        "prompt",
        5,
        "alarm",
        (("state", 1, ("asked", "answered", "withdrawn")), ("cause", 2, CAUSES)),
    ),
    #: The sensor calls: nobody answered its question.
    (
        "stillness",
        6,
        "alarm",
        (("cause", 1, CAUSES), ("urgency", 2, URGENCIES), ("for_s", 3, 0, 86400)),
    ),
    #: Movement after a call. It never withdraws the call.
    ("stirring", 7, "alarm", ()),
    #: The room is empty again.
    ("left", 8, "up", ()),
    #: The battery is low, or has been changed.
    (
        "battery",
        9,
        "up",
        (("millivolts", 1, 0, 20000), ("state", 2, ("low", "good"))),
    ),
    #: The case was opened, or closed.
    ("tamper", 10, "up", (("state", 1, ("opened", "closed")),)),
    #: The device cannot do its work, or can again.
    (
        "fault",
        11,
        "up",
        (
            (
                "what",
                1,
                (
                    "radar_silent",
                    "radar_frames",
                    "radar_stuck",
                    "clock",
                    "storage",
                    "cannot_see",
                    "settings",
                ),
            ),
            ("state", 2, ("raised", "cleared")),
            ("count", 3, 0, 1 << 30),
        ),
    ),
    #: The device is there. Never a waveform, never whether or when somebody is in.
    (
        "heartbeat",
        12,
        "up",
        (
            ("cause", 1, RESET_CAUSES),
            ("firmware", 2, 32),
            ("rssi_dbm", 3, -127, 20),
            ("battery_millivolts", 4, 0, 20000),
            ("memory_free_bytes", 5, 0, 1 << 30),
            ("journal_depth", 6, 0, 100000),
            ("radar_frames_per_10s", 7, 0, 100000),
            ("radar_errors", 8, 0, 1 << 30),
            ("noise_floor", 9, 0, 1 << 30),
            ("light", 10, LIGHTS),
            ("device_type", 11, ("button", "sensor")),
            ("tier", 12, TIERS),
            ("arch", 13, ARCHES),
        ),
    ),
    #: Answers a `set` order, and says what is in force now. `accepted`: stored, and in force at
    #: the first moment at which that disturbs nobody, which `applied` then says.
    #: `waiting_for_press`: it widens what is watched, so somebody in the room has to agree;
    #: `no_press`: nobody has. `refused`: `wrong` cannot be so, and nothing has changed.
    #: `replaced`: a newer order came before it was in force. `old`: a newer one was obeyed
    #: before, `newest`.
    (
        "settings",
        13,
        "up",
        (
            _NUMBER,
            (
                "outcome",
                2,
                (
                    "in_force",
                    "accepted",
                    "waiting_for_press",
                    "applied",
                    "refused",
                    "no_press",
                    "replaced",
                    "old",
                    "failed",
                ),
            ),
            _NEWEST,
            ("wrong", 4, 32),
        )
        + SETTING_FIELDS,
    ),
    #: Answers an `act` order. `busy`: not now, ask again; it never says with what.
    (
        "done",
        14,
        "up",
        (
            _NUMBER,
            ("outcome", 2, ("done", "busy", "old", "failed", "unknown")),
            _NEWEST,
            ("what", 4, ACTS),
        ),
    ),
    #: Some of the device's last lines, oldest first, one a line of the text. None of them says
    #: who is in, who pressed, or what a watch came to.
    (
        "log",
        15,
        "up",
        (_NUMBER, ("part", 2, 1, 8), ("parts", 3, 1, 8), ("text", 4, 240)),
    ),
    #: Answers an `update` order, and says how far it is.
    (
        "updating",
        16,
        "up",
        (
            _NUMBER,
            ("state", 2, UPDATE_STATES),
            _NEWEST,
            ("version", 4, 32),
            ("why", 5, 48),
            ("bytes", 6, 0, 1 << 30),
        ),
    ),
    #: A test: it takes the way of a press, wakes nobody, and is answered by `tested`.
    (
        "test",
        17,
        "alarm",
        (_NUMBER, ("pressed", 2, 0, 1)),
    ),
    #: What a change of its Wi-Fi over Bluetooth has come to. It never says which network.
    #: `attempt`: the first three bytes of the challenge under which the gateway sealed it (1 for
    #: 0); 0 where it came from a phone. Word of an attempt that failed may arrive during the
    #: next.
    (
        "wifi",
        18,
        "up",
        (("outcome", 1, WIFI_OUTCOMES), ("attempt", 2, 0, 0xFFFFFF)),
    ),
    #: Asks for pieces of an update, or for leave to start into it. Not kept, not answered by
    #: `answer`. `number`: of the `update` order.
    (
        "want",
        19,
        "up",
        (
            _NUMBER,
            ("what", 2, WANTS),
            ("file", 3, 0, MOST_FILES),
            ("at", 4, 0, LONGEST_FILE_BYTES),
            ("pieces", 5, 1, PIECES_AT_ONCE),
        ),
    ),
)
_COMMANDS = (
    #: The gateway has committed the event with this boot and seq.
    ("answer", 0x81, "down", ()),
    #: The boot number to use from now on. Answers a `boot` event of boot 0 by its nonce.
    (
        "number",
        0x82,
        "down",
        (("next_boot", 1, 1, 0xFFFFFFFF),),
    ),
    #: What the alert that the named event belongs to has come to.
    (
        "light",
        0x83,
        "down",
        (("state", 1, LIGHTS),),
    ),
    #: An order: these settings, all of them or none. Without any: say what is in force. One that
    #: the device cannot read or does not know is refused, and all of the order with it.
    (
        "set",
        0x84,
        "down",
        SETTING_FIELDS,
    ),
    #: An order: do this now.
    ("act", 0x85, "down", (("what", 1, ACTS),)),
    #: An order: fetch the manifest with this SHA-256 (hex) and so many bytes, and what it names.
    #: Without a manifest: stop what was ordered before.
    (
        "update",
        0x86,
        "down",
        (("manifest", 1, 64), ("size", 2, 1, 8192)),
    ),
    #: The named `test` event has come to the backend.
    ("tested", 0x87, "down", ()),
    #: Raw data of a file of an update, from this byte on. `number`: of the `update` order.
    #: Without data: leave to start into it.
    (
        "piece",
        0x88,
        "down",
        (_NUMBER, ("file", 2, 0, MOST_FILES), ("at", 3, 0, LONGEST_FILE_BYTES)),
    ),
    #: The resident says on their page that they are OK: answers the named `prompt` event, if that
    #: question is still on, like one press of B. Not whether a watch shall end (`long_stay`):
    #: that takes the press.
    (
        "said_ok",
        0x89,
        "down",
        (),
    ),
)
# Whose content may be raw data.
_RAW = ("piece",)

_BY_KIND = {row[0]: row for row in _EVENTS + _COMMANDS}
_BY_CODE = {row[1]: row for row in _EVENTS + _COMMANDS}
EVENT_KINDS = tuple(row[0] for row in _EVENTS)
ALARM_KINDS = tuple(row[0] for row in _EVENTS if row[2] == "alarm")


class Refused(Exception):
    """A received message cannot be trusted or read. `reason` is one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Message:
    """An event or a command, read and verified.

    device: 12 lower-case hex digits. boot, seq: 0 … 2^32-1. stamp: uptime in ms (event) or the
    command's number, 0 … 2^64-1. details: name to int (numbers) or str (texts, values of a list).
    spoilt: names, or tag numbers, of details that could not be read. They are left out, and the
    message counts all the same: a missing battery reading must not lose a press. unknown: tags that
    this side's contract does not have. data: the raw data of a `piece`.
    """

    def __init__(
        self,
        kind: str,
        device: str,
        boot: int,
        seq: int,
        stamp: int,
        details: dict[str, int | str],
        spoilt: tuple[str, ...] = (),
        unknown: tuple[int, ...] = (),
        data: bytes = b"",
    ) -> None:
        self.kind = kind
        self.device = device
        self.boot = boot
        self.seq = seq
        self.stamp = stamp
        self.details = details
        self.spoilt = spoilt
        self.unknown = unknown
        self.data = data


# --- keys ---------------------------------------------------------------------------------------


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes. Made from hashlib: MicroPython has no hmac module."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    key = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes([b ^ 0x36 for b in key]))
    inner.update(data)
    outer = hashlib.sha256(bytes([b ^ 0x5C for b in key]))
    outer.update(inner.digest())
    return outer.digest()


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869): `length` bytes, 255 * 32 at most."""
    key = hmac_sha256(salt, secret)
    block = b""
    out = b""
    number = 1
    while len(out) < length:
        block = hmac_sha256(key, block + info + bytes([number]))
        out += block
        number += 1
    return out[:length]


# The salt is fixed and public (RFC 5869, section 3.1, allows it): the secret is already uniform.
_SALT = b"doorknock/1"


def link_key(secret: bytes) -> bytes:
    """The TLS-PSK key of a device with this 32-byte secret. The broker knows it, and only it."""
    return hkdf_sha256(_checked_secret(secret), _SALT, b"link", 32)


def signing_key(secret: bytes) -> bytes:
    """The key that signs messages from and to a device. Known to the device and the gateway."""
    return hkdf_sha256(_checked_secret(secret), _SALT, b"sign", 32)


def _checked_secret(secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise ValueError("a device's secret has %d bytes, not %d" % (SECRET_BYTES, len(secret)))
    return secret


def same(a: bytes, b: bytes) -> bool:
    """Compares in a time that does not tell how much of the two agrees."""
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= a[i] ^ b[i]
    return difference == 0


# --- names and topics ---------------------------------------------------------------------------

ROOT = "doorknock/1"
GATEWAY_ONLINE = ROOT + "/gateway/online"
ONLINE = b"online"
OFFLINE = b"offline"
LEAVES = ("alarm", "up", "down", "status")

_HEX = "0123456789abcdef"


def device_id(text: str) -> str:
    """The one spelling of a device id: 12 lower-case hex digits. ValueError for anything else.

    Capitals, colons, hyphens and blanks around it are accepted: staff type ids from labels.
    """
    plain = text.strip().lower().replace(":", "").replace("-", "")
    if len(plain) != 2 * DEVICE_BYTES or any(c not in _HEX for c in plain):
        raise ValueError("a device id has 12 hex digits, as on its label")
    return plain


def topic(device: str, leaf: str) -> str:
    """The topic of a device: leaf is one of LEAVES."""
    return "%s/%s/%s" % (ROOT, device, leaf)


def leaf_of(kind: str) -> str:
    """The leaf on which messages of this kind travel: alarm, up or down."""
    return _BY_KIND[kind][2]


def read_topic(name: str) -> tuple[str, str]:
    """(device, leaf) of a device's topic; Refused("topic") for anything else."""
    parts = name.split("/")
    if len(parts) != 4 or "/".join(parts[:2]) != ROOT or parts[3] not in LEAVES:
        raise Refused("topic")
    try:
        return device_id(parts[2]), parts[3]
    except ValueError:
        raise Refused("topic") from None


# --- encoding -----------------------------------------------------------------------------------


def encode(
    kind: str,
    device: str,
    boot: int,
    seq: int,
    stamp: int,
    details: dict[str, int | str],
    key: bytes,
    data: bytes = b"",
) -> bytes:
    """The signed bytes of a message; `key` is the device's signing key. data: of a `piece`.

    Raises ValueError on an unknown kind, an unknown detail, or a value outside its bounds.
    """
    row = _BY_KIND.get(kind)
    if row is None:
        raise ValueError("no message kind %r" % kind)
    if not (0 <= boot <= 0xFFFFFFFF and 0 <= seq <= 0xFFFFFFFF and 0 <= stamp < 1 << 64):
        raise ValueError("boot, seq or stamp is out of range")
    body = struct.pack(_HEADER, VERSION, row[1], bytes.fromhex(device), boot, seq, stamp)
    known = 0
    for field in row[3]:
        if field[0] in details:
            known += 1
            body += _encode_field(field, details[field[0]])
    if known != len(details):
        raise ValueError("%s has no detail among %s" % (kind, sorted(details)))
    if data and kind not in _RAW:
        raise ValueError("%s carries no data" % kind)
    for at in range(0, len(data), _CHUNK_BYTES):
        chunk = data[at : at + _CHUNK_BYTES]
        body += bytes([_DATA_TAG, len(chunk)]) + chunk
    if len(body) + SIGNATURE_BYTES > LONGEST_BYTES:
        raise ValueError("the message is longer than %d bytes" % LONGEST_BYTES)
    return body + hmac_sha256(key, body)[:SIGNATURE_BYTES]


def device_of(message: bytes) -> str:
    """Whose message this says it is, not verified: it only tells which key to verify with."""
    if not SHORTEST_BYTES <= len(message) <= LONGEST_BYTES:
        raise Refused("length")
    if message[0] != VERSION:
        raise Refused("version")
    return bytes(message[2 : 2 + DEVICE_BYTES]).hex()


def decode_event(message: bytes, key: bytes) -> Message:
    """The event in these bytes, verified with its device's signing key. Raises Refused only."""
    return _decode(message, key, 0, FIRST_COMMAND_CODE)


def decode_command(message: bytes, key: bytes) -> Message:
    """The command in these bytes, verified with the device's signing key. Raises Refused only."""
    return _decode(message, key, FIRST_COMMAND_CODE, 0x100)


def _decode(message: bytes, key: bytes, low: int, high: int) -> Message:
    device = device_of(message)
    end = len(message) - SIGNATURE_BYTES
    body = bytes(message[:end])
    if not same(hmac_sha256(key, body)[:SIGNATURE_BYTES], bytes(message[end:])):
        raise Refused("signature")
    _, code, _, boot, seq, stamp = struct.unpack(_HEADER, body[:HEADER_BYTES])
    row = _BY_CODE.get(code)
    if row is None or not low <= code < high:
        raise Refused("kind")
    details, spoilt, unknown, data = _decode_details(body, row[3], row[0] in _RAW)
    return Message(row[0], device, boot, seq, stamp, details, spoilt, unknown, data)


def _decode_details(
    body: bytes, fields: tuple[tuple, ...], raw: bool
) -> tuple[dict[str, int | str], tuple[str, ...], tuple[int, ...], bytes]:
    by_tag = {field[1]: field for field in fields}
    details: dict[str, int | str] = {}
    spoilt = []
    unknown = []
    data = b""
    at = HEADER_BYTES
    while at < len(body):
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            spoilt.append("cut short")
            break
        field = by_tag.get(body[at])
        value = body[at + 2 : at + 2 + body[at + 1]]
        if raw and body[at] == _DATA_TAG:
            data += value
            at += 2 + len(value)
            continue
        if field is None:
            unknown.append(body[at])  # of a later firmware: nothing this side needs
            at += 2 + len(value)
            continue
        at += 2 + len(value)
        read = _decode_field(field, value)
        if read is None:
            spoilt.append(field[0])
        else:
            details[field[0]] = read
    return details, tuple(spoilt), tuple(unknown), data


def _encode_field(field: tuple, value: int | str) -> bytes:
    name, tag = field[0], field[1]
    if len(field) == 4:
        if not isinstance(value, int) or not field[2] <= value <= field[3]:
            raise ValueError("%s is outside %d … %d" % (name, field[2], field[3]))
        coded = _number(value)
    elif isinstance(field[2], int):
        if not isinstance(value, str) or len(value.encode()) > field[2]:
            raise ValueError("%s is not a text of up to %d bytes" % (name, field[2]))
        coded = value.encode()
    else:
        if value not in field[2]:
            raise ValueError("%s is none of %s" % (name, ", ".join(field[2])))
        coded = _number(field[2].index(value))
    return bytes([tag, len(coded)]) + coded


def _decode_field(field: tuple, coded: bytes) -> int | str | None:
    """The value, or None where it cannot be one of this field's."""
    if len(field) == 4:
        number = _read_number(coded)
        return number if field[2] <= number <= field[3] else None
    if isinstance(field[2], int):
        if len(coded) > field[2]:
            return None
        try:
            return str(coded, "utf-8")
        except (ValueError, UnicodeError):
            return None
    index = _read_number(coded)
    return field[2][index] if 0 <= index < len(field[2]) else None


def _number(value: int) -> bytes:
    """Zigzag, then as few little-endian bytes as hold it: -1 is 01, 1 is 02, 0 is one byte 00."""
    folded = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray([folded & 0xFF])
    folded >>= 8
    while folded:
        out.append(folded & 0xFF)
        folded >>= 8
    return bytes(out)


def _read_number(coded: bytes) -> int:
    folded = int.from_bytes(coded, "little")
    return folded >> 1 if not folded & 1 else -((folded + 1) >> 1)


# --- documentation ------------------------------------------------------------------------------


def describe_field(field: tuple) -> str:
    """What a field may hold, in words, for docs/wire.md."""
    if len(field) == 4:
        return "%d … %d" % (field[2], field[3])
    if isinstance(field[2], int):
        return "text, up to %d bytes" % field[2]
    return ", ".join("%d %s" % (i, v) for i, v in enumerate(field[2]))


def catalogue() -> tuple:
    """(kind, code, leaf, fields) of every message, events first."""
    return _EVENTS + _COMMANDS
