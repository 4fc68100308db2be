"""Puts a new directory in the place of another in one step, so that a power cut finds one whole."""

import ctypes
import errno
import os
from pathlib import Path

# renameat2(2), Linux 3.15; ext4, xfs, btrfs, f2fs, tmpfs and overlayfs know it.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchange(one: Path, other: Path) -> None:
    """Each takes the other's place; both exist and are on the same file system. Raises OSError.

    Where the file system knows no such step there are two, and a power cut between them leaves
    *other* missing and its content under the name of *one* with ".old" behind.
    """
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        done = renameat2(
            _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
        )
        if done == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise OSError(number, os.strerror(number), str(other))
    aside = one.with_name(one.name + ".old")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
