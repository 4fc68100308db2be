"""The door for devices without TLS-PSK: this machine only, off unless asked for. For simulation.

A fleet of a thousand simulated devices runs in one process, and Python's TLS knows no PSK before
3.13. Here a device shows a password instead: derived from its secret, as its link key is, under a
label of its own, so that neither tells the other. User name, client id and what it may read and
write are those of the TLS-PSK listener.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable

from doorknock import wire

from gateway.devices import Device

# Who reads a password on the loopback listener learns nothing of the link and signing keys.
_LABEL = b"plain"
# mosquitto's password file, "$7$iterations$salt$hash": PBKDF2 of SHA-512, 64 bytes, a salt of 12.
# A derived password has 256 bits of its own: iterations would only cost a connecting fleet time.
_ITERATIONS = 1
_SALT_BYTES = 12
_HASH_BYTES = 64


def password_of(secret: bytes) -> str:
    """The password at this door of the device with this 32-byte secret: 64 hex digits."""
    return wire.hkdf_sha256(secret, wire.ROOT.encode(), _LABEL, 32).hex()


def password_lines(devices: Iterable[Device]) -> str:
    """mosquitto's password file for *devices*: no password is in it, only their hashes."""
    return "".join(f"{one.device}:{_hashed(password_of(one.secret))}\n" for one in devices)


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, _HASH_BYTES)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
