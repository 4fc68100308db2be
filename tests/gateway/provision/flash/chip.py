"""A chip in its bootloader behind a cable that can be broken: a pty, as a USB port is one.

The chip's side is `esp32-mock-bootloader`, in a thread; between it and the pty lies our wire.
"""

import contextlib
import os
import pty
import random
import select
import socket
import struct
import threading
import tty
from pathlib import Path

from esp32_mock_bootloader import protocol, server

# SLIP, as esptool frames its packets; a packet of the chip: 1, command, length, value, content.
END, ESCAPE = 0xC0, 0xDB
MD5 = protocol.CMD["SPI_FLASH_MD5"]


class Chip:
    """A simulated chip on `port`, a path that comes and goes with its plug.

    Faults: cut_after (bytes heard from the host when the cable is pulled), lose_at (which byte
    heard is lost), lossy (chance of each to be lost), wrong_digests (answers to be falsified),
    deaf (hears nothing).
    """

    def __init__(
        self, folder: Path, chip: str, *, seed: int = 1, flash_bytes: int = 4 << 20
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = str(folder / f"tty-{chip}")
        self.chip = chip
        self.flash = server.FlashImage()
        self.flash.data = bytearray(b"\xff" * flash_bytes)
        self.wrong_digests = 0
        self.heard = 0
        self.cut_after: int | None = None
        self.deaf = False
        self.lose_at: int | None = None
        self.lossy = 0.0
        self._chance = random.Random(seed)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._master = self._slave = -1
        self.plug_in()

    def plug_in(self) -> None:
        """Power and data: the chip begins anew, in its bootloader."""
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.port)
        os.symlink(os.ttyname(self._slave), self.port)
        ours, theirs = socket.socketpair()
        self._stop = threading.Event()
        self.deaf = False
        connection = server.BootloaderConnection(sock=theirs)
        self._threads = [
            threading.Thread(target=self._boot, args=(connection, self._stop)),
            threading.Thread(target=self._carry, args=(ours, self._master, self._stop)),
        ]
        for thread in self._threads:
            thread.start()

    def pull(self) -> None:
        """The cable comes out."""
        self._stop.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        if self._master >= 0:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.port)
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1

    def holds(self, offset: int, content: bytes) -> bool:
        """Whether this lies on its flash."""
        return bytes(self.flash.data[offset : offset + len(content)]) == content

    def __enter__(self) -> "Chip":
        return self

    def __exit__(self, *_: object) -> None:
        self.pull()

    def _boot(self, connection: server.BootloaderConnection, stop: threading.Event) -> None:
        # It trips over packets that are cut short, and is deaf from then on.
        with contextlib.suppress(struct.error), _flash_id(len(self.flash.data)):
            # Otherwise it hangs up three seconds after the first piece.
            server.handle_client(
                connection, stop, self.chip, exit_on_disconnect=True, flash=self.flash
            )

    # --- the wire --------------------------------------------------------------------------

    def _carry(self, chip: socket.socket, master: int, stop: threading.Event) -> None:
        answers = bytearray()
        with chip:
            while not stop.is_set():
                ears = [master] if self.deaf else [master, chip]
                ready, _, _ = select.select(ears, [], [], 0.05)
                if master in ready:
                    sent = self._worn(os.read(master, 4096))
                    self.heard += len(sent)
                    if not self.deaf:
                        with contextlib.suppress(BrokenPipeError):
                            chip.sendall(sent)
                    if self.cut_after is not None and self.heard >= self.cut_after:
                        self.cut_after = None
                        # Not from here: pulling waits for this thread.
                        stop.set()
                        self._hang_up()
                if chip in ready:
                    said = chip.recv(4096)
                    self.deaf = self.deaf or not said
                    answers += said
                    for frame in _frames(answers):
                        os.write(master, self._falsified(frame))

    def _hang_up(self) -> None:
        os.unlink(self.port)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def _worn(self, sent: bytes) -> bytes:
        if self.lose_at is not None and self.heard + len(sent) > self.lose_at:
            at, self.lose_at = self.lose_at - self.heard, None
            sent = sent[:at] + sent[at + 1 :]
        if self.lossy:
            sent = bytes(byte for byte in sent if self._chance.random() >= self.lossy)
        return sent

    def _falsified(self, frame: bytes) -> bytes:
        if self.wrong_digests and len(frame) > 12 and frame[2] == MD5:
            self.wrong_digests -= 1
            # The last byte but three of the frame is the digest's last; 0x00 and 0x01 need no
            # escape, so the frame stays one.
            at = next(i for i in range(9, len(frame)) if frame[i] not in (END, ESCAPE, 0xDC, 0xDD))
            return frame[:at] + bytes([0 if frame[at] else 1]) + frame[at + 1 :]
        return frame


@contextlib.contextmanager
def _flash_id(flash_bytes: int):
    """What the flash says it is: the size is the last byte, as a power of two (JEDEC)."""
    before = protocol.MOCK_FLASH_ID
    protocol.MOCK_FLASH_ID = before & 0xFFFF | (flash_bytes.bit_length() - 1) << 16
    try:
        yield
    finally:
        protocol.MOCK_FLASH_ID = before


def _frames(buffer: bytearray) -> list[bytes]:
    """The whole frames at the beginning of `buffer`, which are taken out of it."""
    frames = []
    while (start := buffer.find(END)) >= 0 and (end := buffer.find(END, start + 1)) >= 0:
        if end == start + 1:
            del buffer[: start + 1]
            continue
        frames.append(bytes(buffer[start : end + 1]))
        del buffer[: end + 1]
    return frames
