"""The flash chip: a block device over a file, on which the real littlefs2 is mounted.

It behaves as NOR flash does: erasing sets every bit. A power cut can be put between any two writes
(`cut_after`), or in the middle of one. Where it wears (`wear`), a block that has been erased too
often keeps some bits at 0 for ever, and says nothing: whoever writes has to look.
"""

import os
import struct
from array import array

import bench

BLOCK_BYTES = 4096
_PAGE_BYTES = 256
# In a worn block, one bit in 64 bytes is stuck.
_STUCK = b"\xff" * 63 + b"\xfe"
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
        self._endurance = 0
        self._erased = None
        self._path = path

    def cut_after(self, writes: int) -> None:
        """The power goes in the middle of the write after this many more."""
        self._left = writes

    def wear(self, endurance: int) -> None:
        """From now on a block bears so many erasures; 0: as many as you like.

        How often each has been erased is kept in a file beside the flash.
        """
        self._endurance = endurance
        if endurance:
            path = self._path + ".wear"
            try:
                with open(path, "rb") as counted:
                    self._erased = array("H", counted.read())
            except OSError:
                self._erased = array("H", [0] * BLOCKS)
                with open(path, "wb") as counted:
                    counted.write(self._erased)
            self._wear_file = open(path, "r+b")  # noqa: SIM115 - as long as there is power

    def _is_worn(self, block: int) -> bool:
        return self._endurance > 0 and self._erased[block] > self._endurance

    def _erase(self, block: int) -> None:
        if self._endurance:
            self._erased[block] = min(self._erased[block] + 1, 65535)
            self._wear_file.seek(2 * block)
            self._wear_file.write(struct.pack("H", self._erased[block]))
        blank = _STUCK if self._is_worn(block) else b"\xff"
        self._file.seek(block * BLOCK_BYTES)
        some = blank * (_PAGE_BYTES // len(blank))
        for _ in range(BLOCK_BYTES // _PAGE_BYTES):
            self._file.write(some)

    def _as_it_takes(self, block: int, at: int, buf):
        """What becomes of these bytes in a worn block: the stuck bits stay."""
        if not self._is_worn(block):
            return buf
        return bytes(buf[i] & _STUCK[(at + i) % len(_STUCK)] for i in range(len(buf)))

    def readblocks(self, block: int, buf, offset: int = 0) -> int:
        self._file.seek(block * BLOCK_BYTES + offset)
        self._file.readinto(buf)
        return 0

    def writeblocks(self, block: int, buf, offset: int = -1) -> int:
        if offset < 0:
            self._erase(block)
            offset = 0
        buf = self._as_it_takes(block, offset, buf)
        self.writes += 1
        self._file.seek(block * BLOCK_BYTES + offset)
        if self._left == 0:
            self._file.write(bytes(buf)[: len(buf) // 2])
            bench.end(bench.ENDED_POWER_CUT)
        self._left -= 1
        self._file.write(buf)
        return 0

    def ioctl(self, request: int, argument: int):
        if request == 4:
            return BLOCKS
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            self._erase(argument)
        return 0
