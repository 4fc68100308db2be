"""A board at its cable: MicroPython's raw REPL, by mpremote.

mpremote is used as a library: its command would want what is run in a file, and the key is in that.
Nothing that is sent is ever shown; of what a board says only what it says of itself.
"""

import contextlib
import io
import json
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

from gateway.provision.flash.ports import may_use
from gateway.provision.flash.trouble import FlashError, explained
from gateway.provision.setup import on_board
from gateway.provision.setup.nvs import not_installed
from gateway.provision.setup.trouble import NotThere, SetupError

BAUD = 115200
# A board that was just flashed, or reset, takes 2 to 5 s until MicroPython listens; one that asks
# for its Wi-Fi blocks for up to 10.
PATIENCE_S = 30.0
_TRY_S = 3.0
_TRY_AGAIN_S = 0.5
# A single read; a board that has hung is no reason to hang with it.
_READ_S = 5.0


class Cable:
    """One board. Use it as a context: the port is given back, and the board starts anew."""

    def __init__(
        self,
        port: str,
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.port = port
        self._patience_s = patience_s
        self._clock = clock
        self._sleep = sleep
        self._transport: Any = None

    def __enter__(self) -> "Cable":
        return self

    def __exit__(self, *_: object) -> None:
        if self._transport is not None and self._transport.in_raw_repl:
            with contextlib.suppress(SetupError):
                self.restart()
        self._close()

    def run(self, code: str, *, within_s: float = 20.0) -> Any:
        """Runs a piece of on_board.py; what it says. Raises SetupError."""
        self._begin()
        with self._troubles():
            output, error = self._transport.exec_raw(code, timeout=within_s)
        if error:
            # Its last line: the exception's own. A traceback may quote what was sent.
            kind = error.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
            raise SetupError(
                f"The board on {self.port} stumbled ({kind}): press its RESET, then run this "
                "again; if it stays so, flash it anew."
            )
        said = output.decode(errors="replace").rpartition(on_board.MARK)[2].strip()
        try:
            return json.loads(said)
        except ValueError:
            raise self._lost() from None

    def restart(self) -> None:
        """The board starts anew, as at power on."""
        self._begin()
        with self._troubles(), contextlib.redirect_stdout(io.StringIO()):
            self._transport.exec_raw_no_follow(on_board.RESTART)
        self._transport.in_raw_repl = False

    def lines(self) -> Iterator[str]:
        """What the firmware says on its console, line by line, for ever; "" where it says nothing
        for a moment. A port that goes away (USB of the chip's own) and comes back is followed."""
        partial = b""
        while True:
            some = b""
            try:
                if self._transport is None:
                    self._open()
                waiting = self._transport.serial.inWaiting()
                some = self._transport.serial.read(waiting) if waiting else b""
            except Exception:
                self._close()
            partial += some
            *whole, partial = partial.split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").strip()
            if not some:
                yield ""

    def _begin(self) -> None:
        """Opens the port and stops the program on the board, where that is not done yet."""
        if self._transport is not None and self._transport.in_raw_repl:
            return
        may_use(self.port)
        until = self._clock() + self._patience_s
        while True:
            try:
                if self._transport is None:
                    self._open()
                # What it prints when it does not succeed is the board's console.
                with contextlib.redirect_stdout(io.StringIO()):
                    self._transport.enter_raw_repl(soft_reset=True, timeout_overall=_TRY_S)
                return
            except SetupError:
                raise
            except Exception:
                self._close()
                if self._clock() >= until:
                    raise self._silent() from None
                self._sleep(_TRY_AGAIN_S)

    def _open(self) -> None:
        try:
            from mpremote.transport_serial import SerialTransport
        except ImportError:
            raise not_installed() from None
        self._transport = SerialTransport(self.port, baudrate=BAUD, timeout=_READ_S)

    def _close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            with contextlib.suppress(Exception):
                transport.close()

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        from mpremote.transport import TransportError

        try:
            yield
        except (TransportError, OSError, struct.error, IndexError):
            self._close()
            raise self._lost() from None

    def _lost(self) -> NotThere:
        return NotThere(
            f"The board on {self.port} stopped answering: see that the cable sits firmly, then run "
            "this again; it goes on where it was."
        )

    def _silent(self) -> FlashError | NotThere:
        """Why nobody answers: the port itself, or the board behind it."""
        import serial

        try:
            serial.serial_for_url(self.port, exclusive=True).close()
        except OSError as error:
            return explained(str(error), self.port)
        return NotThere(
            f"The board on {self.port} does not answer as MicroPython: press its RESET and run "
            "this again (a button on battery sleeps); if it is new, add --flash."
        )
