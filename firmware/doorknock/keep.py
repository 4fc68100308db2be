"""Small things kept on flash across resets: one file each, replaced in one step, checked by CRC.

For state that is rewritten as a whole and only now and then (the call, a sensor's watch). Events
are in the journal.
"""

import binascii
import os

LONGEST_BYTES = 1024


class Keep:
    """A few bytes under a name. A power cut leaves the old bytes or the new, never a mixture."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = None

    def read(self) -> bytes:
        """What was kept; b"" where there is nothing, or nothing that can be trusted."""
        try:
            with open(self._name, "rb") as file:
                stored = file.read(LONGEST_BYTES + 4)
        except OSError:
            return b""
        content = stored[4:]
        if len(stored) < 4 or int.from_bytes(stored[:4], "little") != _crc(content):
            return b""
        self._last = content
        return content

    def write(self, content: bytes) -> bool:
        """Keeps `content`; False where the flash would not. Writes nothing if nothing changed."""
        if content == self._last:
            return True
        fresh = self._name + ".new"
        try:
            with open(fresh, "wb") as file:
                file.write(_crc(content).to_bytes(4, "little"))
                file.write(content)
            # littlefs renames in one step, over what was there.
            os.rename(fresh, self._name)
        except OSError:
            return False
        self._last = content
        return True


def _crc(content: bytes) -> int:
    return binascii.crc32(content) & 0xFFFFFFFF
