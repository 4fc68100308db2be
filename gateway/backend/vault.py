"""What is locked with the vault_key of secrets.toml: residents' own words, and the seasoning of
hashes. Whoever has the store and not that key reads none of it.

AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D), keys by HKDF-SHA256 with a label for
each purpose.
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class Unreadable(Exception):
    """Locked with another key, for another place, or damaged."""


class Vault:
    """Locks and unlocks. key: the vault_key of secrets.toml, any text."""

    def __init__(self, key: str) -> None:
        if not key:
            raise ValueError("a vault needs a key")
        self._words = AESGCM(_derived(key, b"doorknock words 1"))
        self._seasoning = _derived(key, b"doorknock passwords 1")

    def lock(self, text: str, place: str) -> bytes:
        """*text*, to be read at *place* alone: moved to another row it opens no more."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._words.encrypt(nonce, text.encode(), place.encode())

    def unlock(self, locked: bytes, place: str) -> str:
        """Raises Unreadable."""
        nonce, rest = locked[:_NONCE_BYTES], locked[_NONCE_BYTES:]
        try:
            return self._words.decrypt(nonce, rest, place.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unreadable("what was written cannot be read with this vault_key") from None

    def season(self, secret: str) -> str:
        """What is hashed in place of a password or PIN: the hashes alone are then no use to
        whoever would try all million PINs."""
        digest = hmac.digest(self._seasoning, secret.encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()


def _derived(key: str, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"doorknock", info=label).derive(key.encode())
