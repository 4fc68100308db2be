"""One gateway on one store: a lock that the kernel lifts however its holder dies."""

import fcntl
import os
from pathlib import Path

from gateway.errors import StoreError


class Lock:
    """Held from construction until `release()`, or the end of the process. Raises StoreError."""

    def __init__(self, data: Path) -> None:
        path = data / "gateway.lock"
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise StoreError(
                f"Another gateway is using {data}; end it, or name another data directory as "
                "'data' under [gateway]."
            ) from None

    def release(self) -> None:
        """Lets another gateway in."""
        os.close(self._descriptor)
