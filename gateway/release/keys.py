"""The programme's release key: made once, kept encrypted, and its public half for every device.

RSA of 3072 bits with the exponent 65537; why: docs/updates.md. The private key is a file

    "doorknock-release-key\\n" | version u8 | cost u8 | salt 16 bytes | nonce 12 bytes | sealed

sealed: AES-256-GCM of its PKCS #8 DER under a key that scrypt (RFC 7914; N = 2^cost, r = 8, p = 1)
makes of passphrase and salt, all that precedes it as associated data. The cost is that of a backup
(gateway/backup/sealed.py). Beside it lies the public key, a text with the modulus in hex.
"""

import contextlib
import hashlib
import os
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from doorknock import manifest

from gateway.backup.sealed import COST, COSTS
from gateway.errors import ReleaseError

_MAGIC = b"doorknock-release-key\n"
_VERSION = 1
_SALT_BYTES = 16
_NONCE_BYTES = 12
_PUBLIC = "doorknock release key, public:"
# A key of ours has 1.8 KB.
_LONGEST_BYTES = 16384


class ReleaseKey:
    """The private key. `public`: what devices verify with, 384 bytes."""

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_numbers().n.to_bytes(manifest.KEY_BYTES, "big")

    def sign(self, body: bytes) -> bytes:
        """*body* and its signature: a manifest."""
        return body + self._private.sign(body, padding.PKCS1v15(), hashes.SHA256())

    def __repr__(self) -> str:
        return f"<release key {fingerprint(self.public)}>"


def make_key(path: Path, passphrase: str, *, cost: int = COST) -> ReleaseKey:
    """Makes a key: the new file *path*, and its public half beside it (".pub"). ReleaseError."""
    private = rsa.generate_private_key(manifest.EXPONENT, manifest.KEY_BYTES * 8)
    key = ReleaseKey(private)
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    head = _MAGIC + bytes([_VERSION, cost]) + os.urandom(_SALT_BYTES) + os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_derived(passphrase, head))
    sealed = head + cipher.encrypt(head[-_NONCE_BYTES:], plain, head)
    _write_new(path, sealed, 0o600)
    try:
        _write_new(public_path(path), public_text(key.public).encode(), 0o644)
    except ReleaseError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return key


def load_key(path: Path, passphrase: str) -> ReleaseKey:
    """The private key in the file *path*. Raises ReleaseError."""
    stored = _read(path)
    size = len(_MAGIC) + 2 + _SALT_BYTES + _NONCE_BYTES
    head, sealed = stored[:size], stored[size:]
    if not head.startswith(_MAGIC) or len(head) < size or head[len(_MAGIC)] != _VERSION:
        raise ReleaseError(
            f"{path} is no release key of Doorknock; name the file that "
            "`doorknock release key` has made."
        )
    if head[len(_MAGIC) + 1] not in COSTS:
        raise ReleaseError(f"The release key {path} is damaged; take another copy of it.")
    try:
        plain = AESGCM(_derived(passphrase, head)).decrypt(head[-_NONCE_BYTES:], sealed, head)
        private = load_der_private_key(plain, None)
    except (InvalidTag, ValueError):
        raise ReleaseError(
            f"The passphrase is not that of {path}, or the file is damaged; try again."
        ) from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ReleaseError(f"{path} holds a key of another kind; name another.")
    return ReleaseKey(private)


def public_path(path: Path) -> Path:
    """Where the public half of the key in *path* lies."""
    return path.with_name(path.name + ".pub")


def public_text(public: bytes) -> str:
    """The public key as a file holds it."""
    return f"{_PUBLIC} {fingerprint(public)}\n{public.hex()}\n"


def load_public(path: Path) -> bytes:
    """The public key in the file *path*. Raises ReleaseError."""
    stored = _read(path)
    try:
        first, second = stored.decode("ascii").splitlines()[:2]
        public = bytes.fromhex(second)
        if not first.startswith(_PUBLIC) or not manifest.is_key(public):
            raise ValueError(first)
    except (UnicodeError, ValueError):
        raise ReleaseError(
            f"{path} is no public release key; name the .pub file that `doorknock release key` "
            "has made."
        ) from None
    if first.removeprefix(_PUBLIC).strip() != fingerprint(public):
        raise ReleaseError(f"The public key {path} is damaged; take another copy of it.")
    return public


def fingerprint(public: bytes) -> str:
    """What people compare of a public key: "3f2a 91c0 77de 05b4 …", 80 bits of its SHA-256."""
    digits = hashlib.sha256(public).hexdigest()[:20]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _derived(passphrase: str, head: bytes) -> bytes:
    salt, cost = head[len(_MAGIC) + 2 : -_NONCE_BYTES], head[len(_MAGIC) + 1]
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(secret)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_BYTES)
    except OSError as error:
        raise ReleaseError(f"The file {path} cannot be read: {error.strerror}.") from None


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Writes the new file *path*; one that is there is never overwritten: it may be the only one
    that devices in forty rooms believe."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise ReleaseError(f"There is a file {path} already; name another.") from None
    except OSError as error:
        raise ReleaseError(f"The file {path} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # A full disk: half a key is none, and its name would be taken.
        with contextlib.suppress(OSError):
            path.unlink()
        raise ReleaseError(f"The file {path} cannot be written: {error.strerror}.") from None
