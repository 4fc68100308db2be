"""What can go wrong on the way to a board, each told in one sentence: what, where, what to do.

FlashError
├── NoPort          there is no such port, or none with a board on it
├── NoRights        this user may not open it
├── PortBusy        another program has it open
├── NoAnswer        a port, but nobody in the bootloader behind it
├── WrongBoard      another chip, another board, or too small a flash
├── CableLost       it answered, and then no more
├── BadWrite        what the chip says that it holds is not what was written
├── BadImage        the file is no MicroPython for this board
└── NoImage         MicroPython is neither here nor to be fetched
"""

import re
from collections.abc import Callable
from typing import TypeVar

from gateway.errors import GatewayError
from gateway.provision import INSTALL_IT


class FlashError(GatewayError):
    """A board was not flashed. It can be tried again.

    by_itself: the same sentence for whoever runs what goes on by itself where it was cut off;
    None: there is no difference.
    """

    by_itself: str | None = None


class NoPort(FlashError):
    """No such port."""


class NoRights(FlashError):
    """The port may not be opened by this user."""


class PortBusy(FlashError):
    """Another program has the port."""


class NoAnswer(FlashError):
    """Nobody answers in the bootloader."""


class WrongBoard(FlashError):
    """Not the board that was meant."""


class CableLost(FlashError):
    """The way to the board broke off."""


class BadWrite(FlashError):
    """The flash does not hold what was written."""


class BadImage(FlashError):
    """Not a MicroPython for this board."""


class NoImage(FlashError):
    """There is no MicroPython to write."""


_Cut = TypeVar("_Cut", bound=FlashError)


def _to_go_on(kind: type[_Cut], sentence: Callable[[str], str]) -> _Cut:
    """A run that was cut off. sentence: what is told, given how one goes on."""
    told = kind(sentence("run this again with --resume"))
    told.by_itself = sentence("run this again")
    return told


def no_port(port: str) -> NoPort:
    """A port that is not there."""
    return _to_go_on(
        NoPort,
        lambda again: (
            f"There is no {port}: plug the board in with a cable that carries data (some only "
            f"charge), then {again}."
        ),
    )


def no_rights(port: str) -> NoRights:
    """A port of which this user is kept out."""
    return NoRights(
        f"You may not use {port}: run `sudo usermod -aG dialout $USER`, log out and in again, "
        "then run this again."
    )


def not_installed(_: str) -> FlashError:
    """The programs that flashing needs."""
    return FlashError(f"What flashing needs is not installed: {INSTALL_IT}, then run this again.")


def _busy(port: str) -> PortBusy:
    return PortBusy(
        f"Another program uses {port}: close it (a serial monitor, Thonny, a second "
        "`doorknock flash`), then run this again."
    )


def _no_answer(port: str) -> NoAnswer:
    return NoAnswer(
        f"The board on {port} does not answer: hold its BOOT button while you press RESET (or "
        "while you plug the cable in), let go, then run this again."
    )


def cable_lost(port: str) -> CableLost:
    """Somebody answered there before."""
    return _to_go_on(
        CableLost,
        lambda again: (
            f"The board on {port} stopped answering: see that the cable sits firmly and go without "
            f"a hub or a long cable, then {again}."
        ),
    )


def bad_write(port: str) -> BadWrite:
    """The MD5 differs."""
    return _to_go_on(
        BadWrite,
        lambda again: (
            f"The flash of the board on {port} does not hold what was written, tried twice: use "
            f"another cable and {again}; if it happens again, put this board aside."
        ),
    )


_GONE = r"could not open port[^\n]*(Errno 2\b|No such file|FileNotFound)|Could not open"
# What esptool and pyserial say, in the order in which it is looked for; esptool 5.x, pyserial 3.5.
_SIGNS = (
    (r"No module named '?esptool", not_installed),
    (r"Errno 13\b|PermissionError|Permission denied|Access is denied", no_rights),
    (r"exclusively lock|Errno 11\b|Errno 16\b|[Rr]esource (busy|temporarily)", _busy),
    (_GONE, no_port),
    (r"MD5 of file does not match|digest mismatch|Verification failed", bad_write),
    (r"No serial data received|Wrong boot mode|download mode is not supported", _no_answer),
)
# After the chip has named itself, whatever else is said means that it is heard badly or no more.
_ANSWERED = re.compile(r"^(Chip type:|Stub flasher running|Writing )", re.MULTILINE)
_WIRE = re.compile(
    r"disconnected|Errno (5|6|9|32|104)\b|[Tt]imed? ?out|stopped|serial noise|Lost connection|"
    r"No more data|Invalid (head|SLIP)|doesn't match request|Failed to (write|connect|start)|"
    r"SerialException|Unexpected|Connection (refused|reset)|transfer|checksum"
)
_ERROR = re.compile(r"^.*?(?:fatal error occurred:|Error:|ERROR:) *(.+)$", re.MULTILINE)


def explained(output: str, port: str, *, answered_before: bool = False) -> FlashError:
    """What `output`, all that esptool said before it gave up, means for a person.

    answered_before: the board has named itself to an esptool before this one.
    """
    if _ANSWERED.search(output):
        last = output[output.rfind("Chip type:") :]
        if re.search(r"MD5 of file does not match|digest mismatch|Verification failed", last):
            return bad_write(port)
        if _WIRE.search(last):
            return cable_lost(port)
    quiet = re.search(f"No serial data|{_WIRE.pattern}", output)
    # A port that has gone is said to be gone below.
    if answered_before and quiet and not re.search(_GONE, output):
        return cable_lost(port)
    for sign, meaning in _SIGNS:
        if re.search(sign, output):
            return meaning(port)
    if _WIRE.search(output):
        return _no_answer(port)
    said = _ERROR.findall(output) or [line for line in output.splitlines() if line.strip()]
    reason = said[-1].strip().rstrip(".") if said else "it says nothing"
    return _to_go_on(
        FlashError,
        lambda again: (
            f"esptool gave up on {port} ({reason}): unplug the board, plug it in again, "
            f"and {again}."
        ),
    )
