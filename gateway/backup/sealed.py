"""An encrypted stream under a passphrase: `Sealer` writes one, `Opener` reads it.

    "doorknock-backup\\n" | version u8 | cost u8 | salt 16 bytes | check 32 bytes | chunks

scrypt (RFC 7914; N = 2^cost, r = 8, p = 1) makes 64 bytes of passphrase and salt. The first 32 are
the key of AES-256-GCM; the others key an HMAC-SHA256 over all that precedes `check`, so that a
wrong passphrase is told from a damaged file. The plain text travels in chunks of 64 KiB, the last
of them shorter or full, each followed by its 16-byte tag; their nonces are their numbers from 0
(11 bytes, big-endian) and a byte that is 1 in the last. So no chunk can be left out, moved, or cut
off at the end: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as in age. The
header is the associated data of each.

Why not age itself: its library chooses the cost by the machine that writes, and a backup made on a
fast computer asks for 512 MiB, which the Raspberry Pi that replaces it may not have. Ours is fixed.
"""

import hmac
import io
import os
import unicodedata
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.errors import BackupError

MAGIC = b"doorknock-backup\n"
VERSION = 1
# 2^17 blocks of 1 KiB: 128 MiB and about a second on a Raspberry Pi 4. OWASP's Password Storage
# Cheat Sheet (2024) asks for this much at least.
COST = 17
# What we are ready to open: below is too weak to have been ours but in tests, above is more memory
# than the smallest Raspberry Pi that we name has (512 MiB).
COSTS = range(10, 19)
CHUNK_BYTES = 64 << 10
_SALT_BYTES = 16
_TAG_BYTES = 16
_CHECK_BYTES = 32
_HEADER_BYTES = len(MAGIC) + 2 + _SALT_BYTES
DAMAGED = "The backup is damaged or cut off; take another copy of it, or an older one."


class Sealer(io.RawIOBase):
    """A file to write to; `finish()` ends the stream. cost: log2 of scrypt's N."""

    def __init__(self, out: BinaryIO, passphrase: str, cost: int = COST) -> None:
        self._out = out
        self._header = MAGIC + bytes([VERSION, cost]) + os.urandom(_SALT_BYTES)
        key, check = _keys(passphrase, self._header)
        self._cipher = AESGCM(key)
        self._waiting = bytearray()
        self._number = 0
        out.write(self._header + check)

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._waiting += data
        # One chunk more than needed is kept back: only `finish` knows which is the last.
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        """Writes the last chunk. Without it the stream counts as cut off."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), plain, self._header))
        self._number += 1


class Opener(io.RawIOBase):
    """A file to read from: gives nothing that has not been verified. Raises BackupError."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        start = source.read(_HEADER_BYTES + _CHECK_BYTES)
        self._header, check = start[:_HEADER_BYTES], start[_HEADER_BYTES:]
        if not self._header.startswith(MAGIC):
            raise BackupError("This file is no backup of Doorknock; name another.")
        if len(check) < _CHECK_BYTES:
            raise BackupError(DAMAGED)
        version, cost = self._header[len(MAGIC)], self._header[len(MAGIC) + 1]
        if version != VERSION:
            raise BackupError(f"The backup is of format {version}; a newer Doorknock can read it.")
        if cost not in COSTS:
            raise BackupError(DAMAGED)
        key, right = _keys(passphrase, self._header)
        if not hmac.compare_digest(check, right):
            raise BackupError("The passphrase is not that of this backup; try again.")
        self._cipher = AESGCM(key)
        self._next = source.read(CHUNK_BYTES + _TAG_BYTES)
        self._plain = b""
        self._number = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        while not self._plain and not self._ended:
            self._open_next()
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _open_next(self) -> None:
        sealed, self._next = self._next, self._source.read(CHUNK_BYTES + _TAG_BYTES)
        self._ended = not self._next
        try:
            self._plain = self._cipher.decrypt(
                _nonce(self._number, self._ended), sealed, self._header
            )
        except (InvalidTag, ValueError):
            raise BackupError(DAMAGED) from None
        self._number += 1


def _keys(passphrase: str, header: bytes) -> tuple[bytes, bytes]:
    """The cipher's key, and the check of this header."""
    salt, cost = header[-_SALT_BYTES:], header[len(MAGIC) + 1]
    # The same letters, however a keyboard composes them (Unicode NFC).
    secret = unicodedata.normalize("NFC", passphrase).encode()
    made = Scrypt(salt=salt, length=64, n=1 << cost, r=8, p=1).derive(secret)
    return made[:32], hmac.digest(made[32:], header, "sha256")


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
