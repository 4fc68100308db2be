"""The flash chip: a block device over a file, on which the real littlefs2 is mounted.

It behaves as NOR flash does: erasing sets every bit, writing can only clear bits. A power cut can
be put between any two writes (`cut_after`), or in the middle of one.
"""

import os
import sys

import bench

BLOCK_BYTES = 4096
# 1 MB: what a 4 MB module has left beside two firmware images.
BLOCKS = 256


class Flash:
    """The extended block device protocol of MicroPython's vfs, over the file `path`."""

    def __init__(self, path: str) -> None:
        try:
            os.stat(path)
        except OSError:
            with open(path, "wb") as new:
                blank = b"\xff" * BLOCK_BYTES
                for _ in range(BLOCKS):
                    new.write(blank)
        self._file = open(path, "r+b")  # noqa: SIM115 - as long as there is power
        self.writes = 0
        self._left = -1

    def cut_after(self, writes: int) -> None:
        """The power goes in the middle of the write after this many more."""
        self._left = writes

    def readblocks(self, block: int, buf, offset: int = 0) -> int:
        self._file.seek(block * BLOCK_BYTES + offset)
        self._file.readinto(buf)
        return 0

    def writeblocks(self, block: int, buf, offset: int = -1) -> int:
        if offset < 0:
            self.ioctl(6, block)
            offset = 0
        self.writes += 1
        self._file.seek(block * BLOCK_BYTES + offset)
        if self._left == 0:
            self._file.write(bytes(buf)[: len(buf) // 2])
            sys.exit(bench.ENDED_POWER_CUT)
        self._left -= 1
        self._file.write(buf)
        return 0

    def ioctl(self, request: int, argument: int):
        if request == 4:
            return BLOCKS
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            self._file.seek(argument * BLOCK_BYTES)
            self._file.write(b"\xff" * BLOCK_BYTES)
        return 0
