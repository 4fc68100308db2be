"""Reports and answers as Hi-Link's LD2410 sends them."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

REPORT_HEAD, REPORT_TAIL = bytes.fromhex("F4F3F2F1"), bytes.fromhex("F8F7F6F5")
COMMAND_HEAD, COMMAND_TAIL = bytes.fromhex("FDFCFBFA"), bytes.fromhex("04030201")

ENTER, LEAVE, ENGINEERING_ON, ENGINEERING_OFF, RESTART = 0xFF, 0xFE, 0x62, 0x63, 0xA3


@dataclass(frozen=True)
class Report:
    """One report's values. state: bit 0 moving, bit 1 still; energies 0 … 100, nine gates each."""

    state: int
    move_cm: int
    move_energy: int
    still_cm: int
    still_energy: int
    moving: Sequence[int]
    still: Sequence[int]
    light: int = 0x57
    out: int | None = None


def basic(report: Report) -> bytes:
    """The report of a module that is not in engineering mode, 23 bytes."""
    return _framed(b"\x02\xaa" + _summary(report) + b"\x55\x00")


def engineering(report: Report) -> bytes:
    """The report with the energies of the gates, 45 bytes."""
    out = report.out if report.out is not None else int(report.state != 0)
    gates = bytes([8, 8, *report.moving, *report.still, report.light, out])
    return _framed(b"\x01\xaa" + _summary(report) + gates + b"\x55\x00")


def _summary(report: Report) -> bytes:
    detection = report.move_cm if report.state & 1 else report.still_cm
    return struct.pack(
        "<BHBHBH",
        report.state,
        report.move_cm,
        report.move_energy,
        report.still_cm,
        report.still_energy,
        detection if report.state else 0,
    )


def _framed(data: bytes) -> bytes:
    return REPORT_HEAD + struct.pack("<H", len(data)) + data + REPORT_TAIL


def command(code: int, value: bytes = b"") -> bytes:
    """A command as the device sends it."""
    data = struct.pack("<H", code) + value
    return COMMAND_HEAD + struct.pack("<H", len(data)) + data + COMMAND_TAIL


def answer(code: int, status: int = 0, more: bytes = b"") -> bytes:
    """The module's answer to a command; status 0 is done."""
    data = struct.pack("<HH", code | 0x0100, status) + more
    return COMMAND_HEAD + struct.pack("<H", len(data)) + data + COMMAND_TAIL


class Ld2410:
    """One module: reports, and obeys commands. It forgets engineering mode at every restart."""

    def __init__(self, *, in_engineering: bool = False) -> None:
        self.in_engineering = in_engineering
        self.configuring = False

    def restart(self) -> None:
        """As after a loss of power, or the restart command."""
        self.in_engineering = False
        self.configuring = False

    def sample(self, report: Report) -> bytes:
        """What the module sends for one sample; nothing while it is being configured."""
        if self.configuring:
            return b""
        return engineering(report) if self.in_engineering else basic(report)

    def hear(self, sent: bytes) -> bytes:
        """The module's answer to one whole command; nothing to what it does not understand."""
        if sent[:4] != COMMAND_HEAD or sent[-4:] != COMMAND_TAIL or len(sent) < 12:
            return b""
        code = sent[6]
        if code == ENTER:
            self.configuring = True
            return answer(code, 0, bytes.fromhex("01004000"))
        if not self.configuring:
            return answer(code, 1)
        if code == LEAVE:
            self.configuring = False
        elif code in (ENGINEERING_ON, ENGINEERING_OFF):
            self.in_engineering = code == ENGINEERING_ON
        elif code == RESTART:
            self.restart()
        return answer(code)
