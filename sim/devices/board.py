"""A simulated board: its flash, its settings, its pins and its power, driven from CPython.

Each board is one process of the real MicroPython interpreter on the real firmware, over the
stand-ins in sim/hardware. Real time. The process ends with its power, and with us.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim import hardware, interpreter
from sim.devices import settings_store
from sim.devices.access_point import AccessPoint
from sim.devices.board_line import BoardLine, Console
from sim.devices.outside import BATTERY_MV, Outside
from sim.devices.outside import BoardType as BoardType

# Bytes; more than the firmware needs, and no chip's. Here objects are twice as wide, the stand-ins
# lie beside them, and modules are compiled from their source, for which a chip needs no memory.
# Whether a chip can hold it is weighed elsewhere: sim/target/weight.py, docs/boards.md.
HEAP = 440_000
# How the process ends; the same as in sim/hardware/bench.py.
_RESET, _DEEP_SLEEP, _POWER_CUT = 3, 4, 5
_MARK = "\x1e"

_RADAR_UART = 1
# Nobody's finger is back sooner; the firmware would take it for a bounce.
_BETWEEN_TAPS_S = 0.06
# How much longer than the chip the host waits before it bites: its own scheduling.
_WATCHDOG_GRACE_S = 0.25


class Board(Outside):
    """One simulated board. `folder` is what survives on it: flash, settings, RTC memory."""

    # Its time is the real one, on a machine that may have other work to do.
    patience_s = 60.0

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        board: BoardType = "button",
        on_line: Callable[[BoardLine], None] | None = None,
        seed: int | None = None,
        chip: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            folder, name=name, board=board, on_line=on_line, fresh_id=secrets.token_bytes, chip=chip
        )
        self._random = random.Random(seed)
        # What its Bluetooth does, told to whoever plays the air: sim/bluetooth/peripheral.py.
        self.on_bluetooth: Callable[[Mapping[str, Any]], None] = lambda report: None
        self._access_point_on = True
        # None: whatever network the board wants is there.
        self._networks: dict[str, str] | None = None
        self._access_point = AccessPoint(self._target)
        self._link_port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._stdin = -1
        self._wake: asyncio.Event = asyncio.Event()
        self._wake_pin: tuple[int, int] | None = None
        self._watchdog_s: float | None = None
        # How its process has said it ends: it is ended then, wherever it stands.
        self._ended_as: int | None = None
        self._fed = 0.0
        self.battery_now(BATTERY_MV)

    # --- power -----------------------------------------------------------------------------

    async def power_on(self, cause: str = "power_on") -> None:
        """Starts the interpreter on the firmware; from then on resets and sleep are the board's."""
        if self._life is not None and not self._life.done():
            raise RuntimeError(f"{self.name} has power already")
        if cause == "power_on":
            (self.folder / "rtc.bin").unlink(missing_ok=True)
        if not self._link_port:
            self._link_port = await self._access_point.start()
        started = asyncio.Event()
        self._life = asyncio.create_task(self._live(cause, started))
        await started.wait()

    async def power_cut(self) -> None:
        """The power goes, between any two instructions. RTC memory is lost, flash is not."""
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await life
        (self.folder / "rtc.bin").unlink(missing_ok=True)
        self._emit("off", {})

    async def close(self) -> None:
        """Power off, and the radio's port closed."""
        await self.power_cut()
        await self._access_point.stop()
        self._link_port = 0

    async def __aenter__(self) -> "Board":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def running(self) -> bool:
        """Whether the interpreter runs now: not without power, nor in deep sleep."""
        return self._process is not None

    # --- what is done to it ----------------------------------------------------------------

    async def set_pin(
        self, name: str, level: int, *, after_s: float = 0.0, bounces: int = 0
    ) -> None:
        """Drives an input: "button", "button_b", or a setting's name such as "pin_button".

        after_s: not before the level that it has now has lasted for so long in the board's time.
        bounces: how often it springs back before it stays.
        """
        number = self._pin(name)
        self._levels[number] = level
        after_ms = round(after_s * 1000)
        self._order({"pin": number, "level": level, "after_ms": after_ms, "bounces": bounces})
        if self._wake_pin == (number, level):
            self._wake.set()

    async def press(self, name: str = "button", *, hold_s: float = 0.08) -> None:
        """A finger: down, up after `hold_s`, each with the bounce of a cheap switch."""
        for level, lasted_s in ((0, _BETWEEN_TAPS_S), (1, hold_s)):
            bounces = self._random.randrange(4)
            await self.set_pin(name, level, after_s=lasted_s, bounces=bounces)
            if level == 0:
                await asyncio.sleep(hold_s)

    async def uart(self, data: bytes, *, baudrate: int | None = None) -> None:
        """Bytes the radar sends. They are lost where the board is not awake to take them.

        baudrate: of the radar; noise comes where the board listens at another. None: at the
        board's, whatever it is.
        """
        self._order({"uart": _RADAR_UART, "data": data.hex(), "baudrate": baudrate})

    def access_point(self, on: bool, *, rssi_dbm: int = -61) -> None:
        """The radio: off, connections fall silent and joining fails."""
        self._access_point_on = on
        self._access_point.turn(on)
        self._order({"access_point": on, "rssi": rssi_dbm})

    def networks(self, known: Mapping[str, str]) -> None:
        """Which Wi-Fi there is from now on, by name, each with its password."""
        self._networks = dict(known)
        self._order({"access_point": self._access_point_on, "networks": self._networks})

    def bluetooth(self, order: Mapping[str, Any]) -> None:
        """What comes to its Bluetooth from the air."""
        self._order(order)

    def stall(self, stalled: bool) -> None:
        """A half-open way: the radio looks well, and nothing passes."""
        self._access_point.turn(not stalled)

    def hang_up(self) -> None:
        """Breaks every connection the board has."""
        self._access_point.hang_up()

    def battery_now(self, millivolts: int) -> None:
        """The battery's voltage."""
        number = self._pin("battery")
        self._microvolts[number] = millivolts * 500
        self._order({"adc": number, "microvolts": millivolts * 500})

    def power_cut_in_writing(self, writes: int) -> None:
        """The power goes in the middle of a flash write, after this many more whole ones."""
        self._order({"cut_after_writes": writes})

    def console(self, code: str) -> None:
        """Runs a piece of Python on the board, as over its serial cable."""
        self._order({"run": code})

    # --- one life after another ------------------------------------------------------------

    async def _live(self, cause: str, started: asyncio.Event) -> None:
        wake = ""
        while True:
            code = await self._run(cause, wake, started)
            if code == _DEEP_SLEEP:
                cause, wake = "deep_sleep", await self._sleep()
            elif code == _RESET:
                cause, wake = "software", ""
                self._emit("reset", {"cause": cause})
            elif code == _POWER_CUT:
                (self.folder / "rtc.bin").unlink(missing_ok=True)
                self._emit("off", {})
                return
            else:
                # Killed by the host for want of feeding, or the interpreter itself fell.
                cause, wake = "watchdog", ""
                self._emit("reset", {"cause": cause})

    async def _sleep(self) -> str:
        for_ms = next(x.data["for_ms"] for x in reversed(self.lines) if x.what == "asleep")
        if self._wake_pin is not None and self._levels.get(self._wake_pin[0]) == self._wake_pin[1]:
            return "pin"
        try:
            async with asyncio.timeout(for_ms / 1000 if for_ms else None):
                await self._wake.wait()
            return "pin"
        except TimeoutError:
            return "timer"
        finally:
            self._wake_pin = None

    async def _run(self, cause: str, wake: str, started: asyncio.Event) -> int:
        """One life of the process; its exit code."""
        theirs, ours = os.pipe()
        os.set_blocking(theirs, False)
        stand_ins = Path(hardware.__path__[0])
        try:
            process = await asyncio.create_subprocess_exec(
                interpreter.micropython(),
                "-X",
                f"heapsize={HEAP}",
                str(stand_ins / "start.py"),
                str(self.folder),
                stdin=theirs,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=interpreter.environment(stand_ins),
                limit=1 << 20,
                # Ctrl-C at the host's terminal is the host's: a chip has no keyboard.
                start_new_session=True,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._process, self._stdin = process, ours
        self._watchdog_s = None
        self._wake_pin = None
        self._ended_as = None
        self._emit("power", {"cause": cause})
        self._order(
            {
                "cause": cause,
                "wake": wake,
                "unique_id": self._unique_id().hex(),
                "link_port": self._link_port,
                "pins": self._levels,
                "microvolts": self._microvolts,
                "chip": self._chip,
                "access_point": self._access_point_on,
                "networks": self._networks,
            }
        )
        started.set()
        biting = asyncio.create_task(self._bite(process))
        try:
            await self._follow(process)
            code = await process.wait()
            return code if self._ended_as is None else self._ended_as
        finally:
            self.on_bluetooth({"ble": "active", "on": False})
            biting.cancel()
            self._process, self._stdin = None, -1
            os.close(ours)
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        console = Console()
        while raw := await process.stdout.readline():
            line = raw.decode(errors="replace").rstrip("\r\n")
            if line.startswith(_MARK):
                self._shown(json.loads(line[1:]))
            else:
                self._add(console.said(line, time.monotonic()))

    async def _bite(self, process: asyncio.subprocess.Process) -> None:
        """The watchdog: resets the chip when it has not been fed, whatever the program does."""
        while True:
            await asyncio.sleep(0.05)
            if self._watchdog_s is None:
                continue
            if time.monotonic() - self._fed > self._watchdog_s + _WATCHDOG_GRACE_S:
                process.kill()
                return

    def _shown(self, report: dict[str, Any]) -> None:
        if "fed" in report:
            self._fed = time.monotonic()
        elif "watchdog" in report:
            self._fed = time.monotonic()
            self._watchdog_s = report["watchdog"] / 1000
        elif "pin" in report:
            self._emit("pin", {"name": self._pin_name(report["pin"]), "level": report["level"]})
        elif "pwm" in report:
            self._emit("sound", {"hz": report["hz"] if report["duty"] else 0})
        elif "uart" in report:
            self._emit("uart", {"data": bytes.fromhex(report["data"])})
        elif "ble" in report:
            self.on_bluetooth(report)
        elif "ended" in report:
            self._ended_as = report["ended"]
            if self._process is not None:
                self._process.kill()
        elif "sleep" in report:
            pin = report["wake_pin"]
            self._wake_pin = (pin[0], pin[1]) if pin else None
            self._wake.clear()
            self._emit("asleep", {"for_ms": report["sleep"]})

    def _emit(self, what: str, data: Mapping[str, Any]) -> None:
        self._add(BoardLine(time.monotonic(), what, data))

    # --- small things ----------------------------------------------------------------------

    def _order(self, order: Mapping[str, Any]) -> None:
        if self._stdin < 0:
            return
        with contextlib.suppress(BrokenPipeError):
            os.write(self._stdin, json.dumps(order).encode() + b"\n")

    def _target(self) -> tuple[str, int]:
        port = settings_store.number(self._store, "port", 8883)
        return settings_store.text(self._store, "host", "127.0.0.1"), port
