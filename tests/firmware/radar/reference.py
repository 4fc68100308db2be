"""What a reader must make of a stream: slowly, plainly, the whole stream at once.

Written from the makers' protocols alone, to be looked over in a minute; the readers of the
firmware, which see the stream in pieces and may not spend 40 instructions a byte, must agree.
At each place: no frame, one byte on; perhaps a frame, but the stream ends first: stop; a frame:
read it, and go on behind it.
"""

import math
import struct
from functools import reduce
from operator import xor

INCOMPLETE, NO_FRAME = "incomplete", "no frame"


def worked_out(name, stream):
    """[the reading after each report, counts], as vectors.worked_out makes of the firmware."""
    reader = Ld2410() if name == "ld2410" else Mr60()
    frames = errors = unknown = at = 0
    astray = False
    readings = []
    while at < len(stream):
        frame = reader.frame_at_the_start_of(stream[at:])
        if frame is INCOMPLETE:
            break
        if frame is NO_FRAME:
            errors += not astray
            astray = True
            at += 1
            continue
        astray = False
        frames += 1
        at += len(frame)
        said = reader.said(frame)
        errors += said == "bad"
        unknown += said == "unknown"
        if said == "report":
            readings.append(list(reader.reading))
    return [readings, [frames, len(stream), errors, unknown]]


class Mr60:
    """Reading: what is new (1 phase, 2 presence), present, phase, all nought, range."""

    def __init__(self):
        self.reading = [0, -1, 0, 0, -1]

    def frame_at_the_start_of(self, stream):
        if len(stream) < 8:
            return INCOMPLETE
        start, _, length, kind = struct.unpack(">BHHH", stream[:7])
        lengths = {0x0A13: [12], 0x0A14: [4], 0x0A15: [4], 0x0A16: [4, 8], 0x0F09: [2]}
        if start != 1 or reduce(xor, stream[:8]) != 0xFF:
            return NO_FRAME
        if length not in lengths.get(kind, range(1057)):
            return NO_FRAME
        whole = 8 + length + 1 if length else 8
        if len(stream) < whole:
            return INCOMPLETE
        if length and reduce(xor, stream[8:whole]) != 0xFF:
            return NO_FRAME
        return stream[:whole]

    def said(self, frame):
        kind = int.from_bytes(frame[5:7], "big")
        data = frame[8:-1]
        if kind == 0x0A13:
            phases = struct.unpack("<fff", data)
            if not all(map(math.isfinite, phases)):
                return "bad"
            self.reading[0] = 1
            self.reading[2] = thousandths(phases[0])
            self.reading[3] = int(phases == (0.0, 0.0, 0.0))
            return "report"
        if kind == 0x0F09:
            [present] = struct.unpack("<H", data)
            if present > 1:
                return "bad"
            self.reading[:2] = 2, present
            return "report"
        if kind == 0x0A16:
            flag, centimetres = struct.unpack("<If", data.ljust(8, b"\0"))
            if flag and len(data) == 8:
                if not math.isfinite(centimetres) or not 0 <= thousandths(centimetres) <= 2000000:
                    return "bad"
                self.reading[4] = thousandths(centimetres) // 100
            else:
                self.reading[4] = -1
            return "of no use now"
        known = (0x0A14, 0x0A15, 0x0A04, 0x0A08, 0x0100)
        return "of no use" if kind in known else "unknown"


def thousandths(value):
    """The nearest, halves away from nought; not beyond 2^29 - 1. A double holds 1000 value."""
    nearest = math.floor(abs(value) * 1000 + 0.5)
    return min(nearest, (1 << 29) - 1) * (-1 if value < 0 else 1)


class Ld2410:
    """Reading: state, moving cm and energy, still cm and energy, engineering, 18 energies."""

    def __init__(self):
        self.reading = [0] * 24

    def frame_at_the_start_of(self, stream):
        if len(stream) < 6:
            return INCOMPLETE
        head, length = stream[:4].hex(), int.from_bytes(stream[4:6], "little")
        if head == "f4f3f2f1":
            fits, tail = length in (0x0D, 0x23), "f8f7f6f5"
        else:
            fits, tail = head == "fdfcfbfa" and 4 <= length <= 64, "04030201"
        if not fits:
            return NO_FRAME
        if len(stream) < length + 10:
            return INCOMPLETE
        data, end = stream[6 : 6 + length], stream[6 + length : 10 + length].hex()
        if head == "f4f3f2f1":
            begins = b"\x01\xaa" if length == 0x23 else b"\x02\xaa"
            if not (data.startswith(begins) and data.endswith(b"\x55\x00")):
                return NO_FRAME
        return stream[: length + 10] if end == tail else NO_FRAME

    def said(self, frame):
        if frame[0] == 0xFD:
            return "an answer" if frame[7] == 1 else "bad"
        report = struct.unpack("<BHBHB", frame[8:15])
        state, move_cm, move_energy, still_cm, still_energy = report
        engineering = len(frame) == 45
        gates = list(frame[19:37]) if engineering else []
        if state > 3 or max(move_cm, still_cm) > 1000:
            return "bad"
        if max(move_energy, still_energy, *gates) > 100:
            return "bad"
        self.reading[:6] = *report, int(engineering)
        self.reading[6:] = gates or self.reading[6:]
        return "report"
