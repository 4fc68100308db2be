"""Who the device is, and what it calls its events: (device, boot, seq), never used twice.

`boot` counts cold starts. The next number is written to NVS before the first event bears it, so
no power cut can make two starts share one. Waking from deep sleep is no cold start: RTC memory
keeps boot, seq and uptime over it. A device that has lost its number (a re-flash, a restored
backup) is at boot 0 and asks its gateway for the next, by a nonce; see wire.py.
"""

import binascii
import struct

from doorknock.wire import BOOT_UNKNOWN

_KEY = "boot"
# NVS numbers are signed; at ten starts a day this lasts half a million years.
_HIGHEST_BOOT = 0x7FFFFFFF
_MAGIC = b"DK1\x00"
# magic, boot, seq, uptime in ms, wall clock in ms when going to sleep, then a CRC32.
_ASLEEP = "<4sIIQQ"


class Identity:
    """The device's boot number, its count of events, and the uptime it starts from.

    `nvs` is an esp32.NVS or its like. `nonce`: 1 … 2^32-1, random, for a lost number.
    Attributes: boot (0: lost), seq (of the newest event), uptime_ms (already passed at the
    start), woken (this is no cold start), broken (NVS would not take the number).
    """

    def __init__(self, nvs, nonce: int, asleep: bytes = b"", clock_ms: int = 0) -> None:
        self._nvs = nvs
        self.nonce = nonce
        self.broken = False
        self.seq = 0
        self.uptime_ms = 0
        self.woken = self._wake(asleep, clock_ms)
        if not self.woken:
            self.boot = self._claim(1)

    def next_seq(self) -> int:
        """The seq of the next event."""
        self.seq += 1
        return self.seq

    def asleep(self, uptime_ms: int, clock_ms: int) -> bytes:
        """What RTC memory has to keep over deep sleep. clock_ms: a clock that goes on meanwhile."""
        kept = struct.pack(_ASLEEP, _MAGIC, self.boot, self.seq, uptime_ms, clock_ms)
        return kept + struct.pack("<I", binascii.crc32(kept) & 0xFFFFFFFF)

    def number(self, boot: int, seq: int, next_boot: int) -> int:
        """The gateway's `number` command about (boot, seq): a boot number for what was made under
        an earlier start that had lost its number too; the present start takes the one after it.

        About an event of the present boot it means that this boot's names have been used before (a
        backup was restored, a board was copied): what is made from now on bears the new number.

        Returns the number for earlier starts, or 0: nothing of earlier starts needs one, or the
        command means nothing here. Where flash does not take the number, this start has it all
        the same, and the next one asks again: better a press that goes out now.
        """
        if not 1 <= next_boot < _HIGHEST_BOOT:
            return 0
        if self.boot != BOOT_UNKNOWN:
            if boot == self.boot and next_boot > self.boot:
                self._write(next_boot)
                self.boot = next_boot
            return 0
        if boot != BOOT_UNKNOWN or seq != self.nonce:
            return 0
        self._write(next_boot + 1)
        self.boot = next_boot + 1
        return next_boot

    def spare(self) -> int:
        """A boot number never used, below the present one: claims it and moves up. 0: none."""
        earlier = self.boot
        claimed = self._claim(1)
        if not claimed:
            return 0
        self.boot = claimed
        return earlier

    def _wake(self, asleep: bytes, clock_ms: int) -> bool:
        size = struct.calcsize(_ASLEEP)
        if len(asleep) != size + 4:
            return False
        if binascii.crc32(asleep[:size]) & 0xFFFFFFFF != struct.unpack_from("<I", asleep, size)[0]:
            return False
        magic, boot, seq, uptime_ms, then_ms = struct.unpack_from(_ASLEEP, asleep, 0)
        if magic != _MAGIC:
            return False
        self.boot = boot
        self.seq = seq
        self.uptime_ms = uptime_ms + max(0, clock_ms - then_ms)
        return True

    def _claim(self, count: int) -> int:
        """Takes the next boot number, on flash before it is returned; BOOT_UNKNOWN if it cannot."""
        try:
            last = self._nvs.get_i32(_KEY)
        except OSError:
            return BOOT_UNKNOWN
        if not 0 <= last <= _HIGHEST_BOOT - count:
            return BOOT_UNKNOWN
        return last + count if self._write(last + count) else BOOT_UNKNOWN

    def _write(self, boot: int) -> bool:
        try:
            self._nvs.set_i32(_KEY, boot)
            self._nvs.commit()
        except OSError:
            self.broken = True
            return False
        return True
