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


def holder(data: Path) -> int | None:
    """The process id of the gateway that holds the lock of this data directory; None: nobody.
    Takes no lock itself, so that it can keep no gateway out. Linux; elsewhere None."""
    try:
        inode = (data / "gateway.lock").stat().st_ino
        held = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return None
    for line in held.splitlines():
        # 1: FLOCK  ADVISORY  WRITE 1234 08:02:56789 0 EOF     (proc_locks(5))
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4])
    return None
