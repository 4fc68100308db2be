"""A simulated board at a USB cable: a serial port behind which MicroPython answers.

While the firmware runs, what it prints comes out of the port. Ctrl-C stops it, as on a chip, and
the real MicroPython's own prompt takes its place (raw REPL too), on the same flash and settings;
`machine.reset()` starts the firmware again, and so does the watchdog, which nobody can stop.
"""

import asyncio
import contextlib
import json
import os
import pty
import subprocess
import termios
import tty
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim import hardware, interpreter
from sim.devices.board import HEAP, Board
from sim.devices.board_line import BoardLine
from sim.devices.outside import BATTERY_MV

_CTRL_A, _CTRL_C = b"\x01", b"\x03"
_PROMPT = b">>> "
# How the prompt's process ends: Ctrl-D, and machine.reset(); as in sim/hardware/bench.py.
_RESET = 3
# As the session's own watchdog, which begins with it.
WATCHDOG_S = 60.0


class UsbBoard:
    """A board and its `port`. machine: what MicroPython calls it. radar: what its module sends in
    10 s. Use `plug_in()` and `pull()`, `close()` at the end.

    cut_after: the cable comes out after so many bytes from the host. deaf: it hears nothing.
    """

    def __init__(
        self,
        board: Board,
        port: Path,
        *,
        machine: str,
        radar: bytes = b"",
        facts: Mapping[str, Any] | None = None,
        watchdog_s: float = WATCHDOG_S,
    ) -> None:
        self.board = board
        self.port = port
        self.heard = 0
        self.cut_after: int | None = None
        self.deaf = False
        self._facts = dict(facts or {})
        self._radar = radar
        self._watchdog_s = watchdog_s
        self._ours = self._theirs = -1
        self._prompt: subprocess.Popen[bytes] | None = None
        self._terminal = -1
        self._waiting = b""
        self._ready = False
        self._bite: asyncio.TimerHandle | None = None
        self._acts: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        board.folder.mkdir(parents=True, exist_ok=True)
        board.listen(self._says)
        self._shims = board.folder / "cable"
        self._write_shims(machine)

    def _write_shims(self, machine: str) -> None:
        self._shims.mkdir(exist_ok=True)
        (self._shims / "os.py").write_text(
            "from uos import *\n"
            "class _Name:\n"
            f"    machine = {machine!r}\n"
            "def uname():\n"
            "    return _Name\n"
        )
        (self._shims / "time.py").write_text(
            "import utime\n"
            "from utime import *\n"
            "def ticks_ms():\n"
            "    return utime.ticks_ms() * 10 & 0x3FFFFFFF\n"
            "def ticks_diff(later, earlier):\n"
            "    return ((later - earlier + 0x20000000) & 0x3FFFFFFF) - 0x20000000\n"
            "def sleep_ms(ms):\n"
            "    utime.sleep_ms((ms + 9) // 10)\n"
        )
        self.radar(self._radar)

    def radar(self, sent: bytes) -> None:
        """From now on its module sends this in 10 s."""
        (self._shims / "radar.bin").write_bytes(sent)

    # --- the cable ---------------------------------------------------------------------------

    async def plug_in(self) -> None:
        """Power and data."""
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        with contextlib.suppress(FileNotFoundError):
            self.port.unlink()
        self.port.symlink_to(os.ttyname(self._theirs))
        asyncio.get_running_loop().add_reader(self._ours, self._host_says)
        await self.board.power_on()

    async def pull(self) -> None:
        """The cable comes out, and the power with it."""
        self._unplug()
        self._end_prompt()
        await self.board.power_cut()

    async def close(self) -> None:
        """Everything ends."""
        self._unplug()
        self._end_prompt()
        for act in list(self._acts):
            act.cancel()
        await self.board.close()

    def _unplug(self) -> None:
        if self._ours < 0:
            return
        asyncio.get_running_loop().remove_reader(self._ours)
        with contextlib.suppress(FileNotFoundError):
            self.port.unlink()
        os.close(self._ours)
        os.close(self._theirs)
        self._ours = self._theirs = -1

    def _says(self, line: BoardLine) -> None:
        """The firmware prints."""
        if self._prompt is None and line.what in ("log", "light"):
            text = line.data.get("text") or f"light {line.data.get('state')}"
            self._out(text.encode() + b"\r\n")

    def _out(self, some: bytes) -> None:
        if self._ours >= 0:
            # A host that does not read loses the oldest; ours never waits.
            with contextlib.suppress(OSError):
                os.write(self._ours, some)

    def _host_says(self) -> None:
        try:
            some = os.read(self._ours, 4096)
        except OSError:
            return
        self.heard += len(some)
        if self.deaf:
            return
        if self.cut_after is not None and self.heard >= self.cut_after:
            self.cut_after = None
            self._do(self.pull())
            return
        if self._prompt is None:
            if _CTRL_C in some:
                self._waiting = some.partition(_CTRL_C)[2]
                self._do(self._stop_program())
            return
        if self._ready:
            os.write(self._terminal, some)
        else:
            self._waiting += some

    def _do(self, act: Any) -> None:
        task = asyncio.create_task(act)
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    # --- its prompt --------------------------------------------------------------------------

    async def _stop_program(self) -> None:
        """Ctrl-C: the program ends where it is, and the prompt comes."""
        async with self._turn:
            if self._prompt is not None:
                return
            self._start_prompt()
            await self.board.power_cut()

    def _start_prompt(self) -> None:
        self._terminal, theirs = pty.openpty()
        tty.setraw(theirs)
        mode = termios.tcgetattr(theirs)
        mode[1] &= ~termios.OPOST
        termios.tcsetattr(theirs, termios.TCSANOW, mode)
        told = {
            "folder": str(self.board.folder),
            "unique_id": self.board.unique_id().hex(),
            "chip": self._facts,
            "radar": str(self._shims / "radar.bin"),
        }
        begin = f"import at_the_cable; at_the_cable.begin({json.dumps(told)!r})"
        self._prompt = subprocess.Popen(
            [interpreter.micropython(), "-X", f"heapsize={HEAP}", "-i", "-c", begin],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=interpreter.environment(self._shims, Path(hardware.__path__[0])),
            start_new_session=True,
        )
        os.close(theirs)
        self._ready = False
        self._seen = b""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._terminal, self._prompt_says)
        if self._bite is not None:
            self._bite.cancel()
        self._bite = loop.call_later(self._watchdog_s, lambda: self._do(self._start("watchdog")))

    def _prompt_says(self) -> None:
        try:
            some = os.read(self._terminal, 4096)
        except OSError:
            some = b""
        if not some:
            self._prompt_ended()
            return
        if self._ready:
            self._out(some)
            return
        self._seen += some
        if self._seen.endswith(_PROMPT):
            self._ready = True
            waiting, self._waiting = self._waiting, b""
            os.write(self._terminal, waiting)

    def _prompt_ended(self) -> None:
        assert self._prompt is not None  # noqa: S101 - its terminal is read
        code = self._prompt.wait()
        self._end_prompt(keep_bite=True)
        if code == _RESET:
            self._do(self._start("software"))
            return
        # Ctrl-D: the chip starts its interpreter anew, and stays in the raw REPL.
        self._out(b"MPY: soft reboot\r\n")
        self._waiting = _CTRL_A
        self._start_prompt()

    async def _start(self, cause: str) -> None:
        """The firmware runs again."""
        async with self._turn:
            self._end_prompt()
            self.board.look_again()
            self.board.battery_now(BATTERY_MV)
            if self._ours >= 0 and not self.board.running:
                await self.board.power_on(cause)

    def _end_prompt(self, *, keep_bite: bool = False) -> None:
        if self._bite is not None and not keep_bite:
            self._bite.cancel()
            self._bite = None
        if self._prompt is None:
            return
        asyncio.get_running_loop().remove_reader(self._terminal)
        os.close(self._terminal)
        self._terminal = -1
        if self._prompt.poll() is None:
            self._prompt.kill()
            self._prompt.wait()
        self._prompt = None
