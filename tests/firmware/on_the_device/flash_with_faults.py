"""A NOR flash in memory whose power goes in the middle of a chosen write or erase."""

BLOCK_BYTES = 4096
_EIO = -5


class PowerCut(Exception):
    """The power is gone: nothing more reaches the flash."""


class Flash:
    """Block device. after: so many writes and erases go well; the next is torn. -1: none is.
    refuses: whether it takes nothing just now, and can be read.

    Strict as NOR is: erasing sets bits, writing may only clear them.
    """

    def __init__(self, blocks: int) -> None:
        self.content = bytearray(b"\xff" * (blocks * BLOCK_BYTES))
        self.blocks = blocks
        self.after = -1
        self.changes = 0
        self.erases = 0
        self.dead = False
        self.refuses = False

    def readblocks(self, block: int, buf, offset: int = 0) -> int:
        if self.dead:
            return _EIO
        at = block * BLOCK_BYTES + offset
        buf[:] = self.content[at : at + len(buf)]
        return 0

    def writeblocks(self, block: int, buf, offset: int = -1) -> int:
        if self.dead or self.refuses:
            return _EIO
        if offset < 0:
            self.ioctl(6, block)
            offset = 0
        at = block * BLOCK_BYTES + offset
        for i in range(self._whole(len(buf))):
            if buf[i] & ~self.content[at + i]:
                raise ValueError("a write that would set bits")
            self.content[at + i] = buf[i]
        self._done()
        return 0

    def ioctl(self, request: int, argument: int):
        if request == 4:
            return self.blocks
        if request == 5:
            return BLOCK_BYTES
        if request == 6 and (self.dead or self.refuses):
            return _EIO
        if request == 6:
            at = argument * BLOCK_BYTES
            count = self._whole(BLOCK_BYTES)
            self.content[at : at + count] = b"\xff" * count
            self.erases += 1
            self._done()
        return 0

    def _whole(self, length: int) -> int:
        """How much of this change happens: half of it, if it is the one that is torn."""
        if self.after == 0:
            return length // 2
        return length

    def _done(self) -> None:
        self.changes += 1
        if self.after == 0:
            self.dead = True
            raise PowerCut
        self.after -= 1

    def power_back(self):
        """What is on the flash, with power for ever."""
        image = Flash(self.blocks)
        image.content[:] = self.content
        return image
