"""The manifest of an update: which files make up an application, signed by the programme's key.

Pure, and the same on device and host. The bytes:

    "DKM" 1 | flags u8 | arch text | version text | over text | contract u8 | [next key] |
    count u8 | count times (path text, size u32, SHA-256 32 bytes) | signature

numbers little-endian, a text its length (u8) and so many bytes. The signature is RSASSA-PKCS1-v1_5
with SHA-256 (RFC 8017, section 8.2) under a key of 3072 bits and the exponent 65537, over every
byte before it. Why RSA: docs/updates.md, "The signature".

It is verified by making the one encoded message that is right and comparing all of it (section
8.2.2): nothing that came from outside is parsed before it is known to be signed.

Exceptions: BadManifest(why): these bytes are no manifest that this key has signed.
"""

import hashlib
import struct

from doorknock.wire import ARCHES, LONGEST_FILE_BYTES, MOST_FILES

KEY_BYTES = 384
EXPONENT = 65537
_MAGIC = b"DKM\x01"
_NEXT_KEY = 1
# What boot.py and main.py give an application and expect of it. They are not replaced over the
# air, so an application that needs others of them must not be installed that way.
CONTRACT = 1

LONGEST_BYTES = 8192
LONGEST_TEXT = 32
_LONGEST_PATH = 64

# DER of a DigestInfo with SHA-256, before the digest (RFC 8017, section 9.2, note 1).
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class BadManifest(Exception):
    """These bytes are no manifest of ours. `str()` says why: "signature", "length", "content"."""


class File:
    """One file of the application. path: below the slot, as "doorknock/app.mpy"."""

    def __init__(self, path: str, size: int, digest: bytes) -> None:
        self.path = path
        self.size = size
        self.digest = digest


class Manifest:
    """A manifest that is signed.

    version: "1.2.3". over: "", or the newer version over which it may be installed all the same.
    arch: one of wire.ARCHES; "none" runs everywhere. contract: see CONTRACT. next_key:
    the key that is to be trusted once this version is confirmed, b"" where that does not change.
    count: of files; file(i): the i-th.
    """

    def __init__(self, signed: bytes) -> None:
        """Reads `signed`, of which the signature has been verified; raises BadManifest."""
        self._signed = signed
        self._end = len(signed) - KEY_BYTES
        if self._end < len(_MAGIC) + 6 or signed[:4] != _MAGIC:
            raise BadManifest("content")
        flags = signed[4]
        if flags & ~_NEXT_KEY:
            # Of a later form, which may restrict what this one would allow.
            raise BadManifest("content")
        self.arch, at = self._text(5, LONGEST_TEXT)
        self.version, at = self._text(at, LONGEST_TEXT)
        self.over, at = self._text(at, LONGEST_TEXT)
        self.contract, at = self._byte(at)
        self.next_key = b""
        if flags & _NEXT_KEY:
            self.next_key = bytes(signed[at : min(at + KEY_BYTES, self._end)])
            at += KEY_BYTES
            if not is_key(self.next_key):
                raise BadManifest("content")
        self.count, at = self._byte(at)
        if self.arch not in ARCHES or not 0 < self.count <= MOST_FILES:
            raise BadManifest("content")
        if parts(self.version) is None or (self.over and parts(self.over) is None):
            raise BadManifest("content")
        self._first = at
        self._next = (0, at)
        self.size = 0
        self._check()

    def file(self, index: int) -> File:
        """The file of this index, 0 … count - 1. Quick where they are asked for in order."""
        at_index, at = self._next
        if index < at_index:
            at_index, at = 0, self._first
        while True:
            path, at = self._text(at, _LONGEST_PATH)
            if at + 36 > self._end:
                raise BadManifest("content")
            size = int.from_bytes(self._signed[at : at + 4], "little")
            digest = bytes(self._signed[at + 4 : at + 36])
            at += 36
            at_index += 1
            if at_index > index:
                self._next = (at_index, at)
                return File(path, size, digest)

    def _check(self) -> None:
        earlier = ""
        for index in range(self.count):
            file = self.file(index)
            # In order, so that none is there twice.
            if not is_path(file.path) or file.path <= earlier or file.size > LONGEST_FILE_BYTES:
                raise BadManifest("content")
            earlier = file.path
            self.size += file.size
        if self._next[1] != self._end:
            raise BadManifest("content")
        self._next = (0, self._first)

    def _byte(self, at: int) -> tuple:
        if at >= self._end:
            raise BadManifest("content")
        return self._signed[at], at + 1

    def _text(self, at: int, longest: int) -> tuple:
        length, at = self._byte(at)
        if length > longest or at + length > self._end:
            raise BadManifest("content")
        text = ""
        for byte in self._signed[at : at + length]:
            if not 0x20 < byte < 0x7F:
                raise BadManifest("content")
            text += chr(byte)
        return text, at + length


def read(signed: bytes, key: bytes) -> Manifest:
    """The manifest in these bytes, verified with the public key `key` (is_key). BadManifest."""
    if not KEY_BYTES < len(signed) <= LONGEST_BYTES:
        raise BadManifest("length")
    if not is_signed(signed, key):
        raise BadManifest("signature")
    return Manifest(signed)


def is_signed(signed: bytes, key: bytes) -> bool:
    """Whether the last KEY_BYTES of `signed` are the signature of what is before them."""
    if not is_key(key) or len(signed) <= KEY_BYTES:
        return False
    end = len(signed) - KEY_BYTES
    modulus = int.from_bytes(key, "big")
    signature = int.from_bytes(signed[end:], "big")
    if signature >= modulus:
        return False
    right = encoded(hashlib.sha256(signed[:end]).digest())
    return pow(signature, EXPONENT, modulus).to_bytes(KEY_BYTES, "big") == right


def encoded(digest: bytes) -> bytes:
    """EMSA-PKCS1-v1_5 of a SHA-256 digest, as long as the key (RFC 8017, section 9.2)."""
    tail = _DIGEST_INFO + digest
    return b"\x00\x01" + b"\xff" * (KEY_BYTES - len(tail) - 3) + b"\x00" + tail


def is_key(key: bytes) -> bool:
    """Whether this can be a public key: the modulus, big-endian, of exactly 3072 bits, odd."""
    return len(key) == KEY_BYTES and key[0] >= 0x80 and key[-1] & 1 == 1


def body(
    arch: str,
    version: str,
    files: dict[str, tuple[int, bytes]],
    over: str = "",
    next_key: bytes = b"",
) -> bytes:
    """The bytes to sign. files: path to (size, SHA-256). ValueError for what no device takes."""
    out = _MAGIC + bytes([_NEXT_KEY if next_key else 0])
    for text in (arch, version, over):
        out += _coded(text)
    out += bytes([CONTRACT]) + next_key + bytes([min(len(files), 255)])
    for path in sorted(files):
        size, digest = files[path]
        out += _coded(path) + struct.pack("<I", size) + digest
    try:
        Manifest(out + bytes(KEY_BYTES))
    except BadManifest:
        raise ValueError("a device would refuse this manifest") from None
    if len(out) + KEY_BYTES > LONGEST_BYTES:
        raise ValueError("the manifest is longer than %d bytes" % LONGEST_BYTES)
    return out


def _coded(text: str) -> bytes:
    coded = text.encode()
    if len(coded) > 255:
        raise ValueError("a text in the manifest is too long")
    return bytes([len(coded)]) + coded


def parts(version: str) -> tuple | None:
    """ "1.2.3" as (1, 2, 3), to be compared; None where it is no version of ours."""
    split = version.split(".")
    if len(split) != 3 or any(not (0 < len(part) <= 4 and part.isdigit()) for part in split):
        return None
    return tuple([int(part) for part in split])


def may_follow(manifest: Manifest, running: str) -> bool:
    """Whether it may be installed over this version: over an older one, or over the one it names.

    A version is never installed over itself; it may name a newer one alone, so that a step back
    is one that somebody has signed as such, and for that version.
    """
    now, new = parts(running), parts(manifest.version)
    if now is None or new is None:
        return False
    return new > now or (manifest.over == running and new < now)


def is_path(path: str) -> bool:
    """Whether a file may lie here in a slot: names of letters, digits, "_" with one dot at most,
    below `doorknock/`, and never above its slot."""
    names = path.split("/")
    if len(names) < 2 or names[0] != "doorknock" or len(path) > _LONGEST_PATH:
        return False
    for name in names[:-1]:
        if not _is_word(name):
            return False
    stem, dot, ending = names[-1].partition(".")
    return bool(dot) and _is_word(stem) and ending in ("mpy", "py")


def _is_word(name: str) -> bool:
    return bool(name) and all("a" <= c <= "z" or "0" <= c <= "9" or c == "_" for c in name)
