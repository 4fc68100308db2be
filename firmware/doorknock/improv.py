"""The contract over Bluetooth: Improv Wi-Fi, and the sealed way of our own beside it. Pure.

One file, imported by the firmware (MicroPython) and the gateway (CPython). It does no I/O, reads
no clock, and nothing in here is raised on account of bytes that came over the air.

Improv Wi-Fi 2.x (https://www.improv-wifi.com/ble/) is what phones and Home Assistant speak:

    command and result:   id u8 | length u8 | data | sum of all before, low byte
    Wi-Fi settings:       length u8 | SSID | length u8 | password
    advertised with UUID 4677:  state u8 | capabilities u8 | 0 0 0 0

A command may come in pieces of any size. It carries the password as it is, so the device takes
one over an encrypted (paired) connection only.

The sealed way is for the gateway, which shares the device's 32-byte secret. It needs no pairing,
nobody in between can read or change it, and only this device's own gateway can make it:

    challenge, read from the device:   16 random bytes, new for each attempt
    sealed, written to the device:     encrypted Wi-Fi settings | HMAC 16 bytes

The keys are HKDF-SHA256 of the secret. The settings are XORed with HMAC-SHA256(key, challenge |
block number); the HMAC, under another key, is over challenge and ciphertext. A recorded one is
worth nothing: its challenge does not come again.
"""

from doorknock.wire import WIFI_OUTCOMES, hkdf_sha256, hmac_sha256, same

SERVICE = "00467768-6228-2272-4663-277478268000"
STATE = "00467768-6228-2272-4663-277478268001"
ERROR = "00467768-6228-2272-4663-277478268002"
COMMAND = "00467768-6228-2272-4663-277478268003"
RESULT = "00467768-6228-2272-4663-277478268004"
CAPABILITIES = "00467768-6228-2272-4663-277478268005"
# Advertised; 16 bits of 00004677-0000-1000-8000-00805f9b34fb.
SERVICE_DATA = 0x4677

# Ours. Random, as a UUID for one's own use should be.
SEALED_SERVICE = "8ad50000-9c1e-4a52-b0a7-5e0c2f3b6d41"
CHALLENGE = "8ad50001-9c1e-4a52-b0a7-5e0c2f3b6d41"
SEALED = "8ad50002-9c1e-4a52-b0a7-5e0c2f3b6d41"
OUTCOME = "8ad50003-9c1e-4a52-b0a7-5e0c2f3b6d41"

AUTHORIZATION_REQUIRED = 1
AUTHORIZED = 2
PROVISIONING = 3
PROVISIONED = 4

NO_ERROR = 0
INVALID_RPC = 1
UNKNOWN_RPC = 2
UNABLE_TO_CONNECT = 3
NOT_AUTHORIZED = 4
UNKNOWN_ERROR = 0xFF

SEND_WIFI = 1
IDENTIFY = 2
DEVICE_INFO = 3
# Identify, and device info.
CAN = 0b011

# What the newest change of the Wi-Fi has come to; the place travels.
#   wrong_password  the access point refused it, or broke off in the midst of the greeting
#   no_network      no access point of this name was heard
#   no_gateway      on the network, and the gateway did not answer: another network, or it is off
#   interrupted     the power went again and again before it was known
#   storage         flash did not take it
OUTCOMES = WIFI_OUTCOMES

# IEEE 802.11: a name has 1 to 32 bytes. A WPA password has 8 to 63 characters, or is the key
# itself, 64 hex digits; none: an open network.
SSID_BYTES = 32
KEY_BYTES = 64
_SHORTEST_KEY = 8

CHALLENGE_BYTES = 16
SEAL_BYTES = 16
# id, length, 255 of data, sum.
LONGEST_BYTES = 258
# What a notification carries where nobody has asked for more (ATT: 23, less 3).
PIECE_BYTES = 20
_SALT = b"doorknock/1"
_NAME = "DK-"


def packet(command: int, data: bytes) -> bytes:
    """A command or a result with its sum. ValueError where the data has more than 255 bytes."""
    if not 0 <= command <= 255 or len(data) > 255:
        raise ValueError("no Improv packet has such a command or so much data")
    whole = bytes([command, len(data)]) + data
    return whole + bytes([sum(whole) & 0xFF])


def strings(*texts: bytes) -> bytes:
    """Texts as the data of a packet, each behind its length. ValueError where they do not fit."""
    out = b""
    for text in texts:
        if len(text) > 255:
            raise ValueError("a text of an Improv packet has 255 bytes at most")
        out += bytes([len(text)]) + text
    if len(out) > 255:
        raise ValueError("the data of an Improv packet has 255 bytes at most")
    return out


def read_strings(data: bytes):
    """The texts, as a list of bytes; None where they are cut short."""
    found = []
    at = 0
    while at < len(data):
        end = at + 1 + data[at]
        if end > len(data):
            return None
        found.append(bytes(data[at + 1 : end]))
        at = end
    return found


class Packets:
    """Puts packets together from pieces of any size. At most LONGEST_BYTES are ever held."""

    def __init__(self) -> None:
        self._held = bytearray(LONGEST_BYTES)
        self._count = 0

    def clear(self) -> None:
        """What has begun is given up."""
        self._wipe()
        self._count = 0

    @property
    def begun(self) -> bool:
        """Whether a packet has begun and is not whole."""
        return self._count > 0

    def feed(self, piece) -> list:
        """The packets that are whole now: (command, data), or None for each that is broken.

        A wrong sum means that nothing behind it can be trusted: the rest is given up with it.
        """
        found = []
        for byte in piece:
            self._held[self._count] = byte
            self._count += 1
            if self._count < 2 or self._count < 3 + self._held[1]:
                continue
            end = self._count - 1
            if sum(self._held[:end]) & 0xFF != byte:
                found.append(None)
                self.clear()
                break
            found.append((self._held[0], bytes(self._held[2:end])))
            self.clear()
        return found

    def _wipe(self) -> None:
        # A password has been in it.
        for i in range(self._count):
            self._held[i] = 0


def wrong_with(ssid: bytes, key: bytes) -> str:
    """What no network can be: "ssid" or "key"; "" where both can be."""
    if not 1 <= len(ssid) <= SSID_BYTES or b"\x00" in ssid or not _is_text(ssid):
        return "ssid"
    if key and not _SHORTEST_KEY <= len(key) <= KEY_BYTES:
        return "key"
    return "" if _is_text(key) and b"\x00" not in key else "key"


def _is_text(coded: bytes) -> bool:
    try:
        str(coded, "utf-8")
    except (ValueError, UnicodeError):
        return False
    return True


def read_wifi(data: bytes):
    """(SSID, password) in the data of SEND_WIFI; None where they are none."""
    found = read_strings(data)
    if found is None or len(found) != 2 or wrong_with(found[0], found[1]):
        return None
    return found[0], found[1]


# --- advertising ----------------------------------------------------------------------------------


def name(device: str) -> str:
    """What a device calls itself over Bluetooth; device: its id, 12 hex digits."""
    return _NAME + device


def device_of(called: str) -> str:
    """The id in such a name; "" where it is none."""
    return called[len(_NAME) :] if called.startswith(_NAME) and len(called) == 15 else ""


def advert(state: int) -> bytes:
    """31 bytes, all that fit: flags, the service, and its state."""
    flags = b"\x02\x01\x06"
    # Little-endian, as all numbers over the air.
    uuid = bytes.fromhex(SERVICE.replace("-", ""))
    service = bytes([17, 7]) + bytes(reversed(uuid))
    said = bytes([9, 0x16, SERVICE_DATA & 0xFF, SERVICE_DATA >> 8, state, CAN, 0, 0, 0, 0])
    return flags + service + said


def answer_to_scan(device: str) -> bytes:
    """What is said to whoever asks: the device's name."""
    called = name(device).encode()
    return bytes([len(called) + 1, 9]) + called


# --- sealed ---------------------------------------------------------------------------------------


def attempt_of(challenge: bytes) -> int:
    """What the device calls an attempt under this challenge, when it tells of it: 1 or more."""
    return (challenge[0] << 16 | challenge[1] << 8 | challenge[2]) or 1


def seal(secret: bytes, challenge: bytes, ssid: bytes, key: bytes) -> bytes:
    """The sealed Wi-Fi settings; what the device with this secret opens again, once."""
    plain = strings(ssid, key)
    encrypting, signing = _keys(secret)
    hidden = _xor(encrypting, challenge, plain)
    return hidden + hmac_sha256(signing, challenge + hidden)[:SEAL_BYTES]


def unseal(secret: bytes, challenge: bytes, sealed: bytes):
    """(SSID, password); None where these bytes are not of this secret and this challenge."""
    hidden = sealed[:-SEAL_BYTES]
    if not hidden or len(hidden) > 2 + SSID_BYTES + KEY_BYTES:
        return None
    encrypting, signing = _keys(secret)
    if not same(hmac_sha256(signing, challenge + hidden)[:SEAL_BYTES], sealed[-SEAL_BYTES:]):
        return None
    return read_wifi(_xor(encrypting, challenge, hidden))


def _keys(secret: bytes) -> tuple:
    both = hkdf_sha256(secret, _SALT, b"wifi", 64)
    return both[:32], both[32:]


def _xor(key: bytes, challenge: bytes, data: bytes) -> bytes:
    stream = b""
    block = 0
    while len(stream) < len(data):
        stream += hmac_sha256(key, challenge + bytes([block]))
        block += 1
    return bytes([data[i] ^ stream[i] for i in range(len(data))])
