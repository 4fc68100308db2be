"""A simulated board in virtual time, driven from CPython: what is done to it, and what it does."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.devices.board_line import BoardLine
from sim.devices.outside import BoardType
from sim.virtual.life import BoardFailed as BoardFailed
from sim.virtual.life import Life, State
from sim.virtual.loop import VirtualLoop
from sim.virtual.ports import Network as Network
from sim.virtual.ports import RadarModel as RadarModel

# A cheap switch bounces for 1 to 10 ms, a few times.
_BOUNCES = 3
_BOUNCE_MS = 3
# What comes over the network comes in pieces, and no larger ones than lwIP's buffers have.
_SEGMENT_BYTES = 512


class VirtualBoard(Life):
    """One board. `folder` is what survives on it: flash, settings, RTC memory.

    `options`: of life.Life. `radar` and `battery` may be set while the board has no power. on_line
    is called at the moment of each line.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        folder: Path,
        *,
        name: str,
        board: BoardType = "button",
        network: Network,
        on_line: Callable[[BoardLine], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(loop, folder, name=name, board=board, on_line=on_line, **options)
        self.network = network
        self._traceback: list[str] = []
        self._looked: dict[str, Any] = {}

    # --- what is done to it ----------------------------------------------------------------

    def set_pin(self, name: str, level: int) -> None:
        """Drives an input: "button", "button_b", or a setting's name such as "pin_button"."""
        number = self._pin(name)
        self._levels[number] = level
        self._order({"pin": number, "level": level})
        if self.state is State.ASLEEP and self._wake_pin == (number, level):
            self._start("deep_sleep", "pin")

    def press(
        self, name: str = "button", hold_ms: int = 80, bounce: random.Random | None = None
    ) -> None:
        """A finger: down now, up after `hold_ms`; with the bounce of a cheap switch, by chance."""
        for level, begins in ((0, self.loop.now_ms), (1, self.loop.now_ms + hold_ms)):
            at = begins
            self._later(at, self.set_pin, name, level)
            for _ in range(bounce.randrange(_BOUNCES + 1) if bounce else 0):
                for other in (1 - level, level):
                    at += bounce.randint(1, _BOUNCE_MS) if bounce else 0
                    self._later(at, self.set_pin, name, other)

    def power_cut_in_writing(self, writes: int) -> None:
        """The power goes in the middle of a flash write, after this many more whole ones."""
        self._order({"cut_after_writes": writes})

    def console(self, code: str) -> None:
        """Runs a piece of Python on the board, as over its serial cable."""
        self._order({"run": code})

    def look(self) -> dict[str, Any]:
        """The sensor from inside: "state", "room", "watching", "prompting", "faulty", "power".

        {} where there is no sensor, or the firmware does not run. No time passes.
        """
        if self._process is None:
            return {}
        self._looked = {}
        self._order({"look": 1})
        self.grant(self._reached_ms, self._reached_ms)
        self.gather()
        return self._looked

    @property
    def radar(self) -> RadarModel | None:
        """The module at its UART; nothing comes from it without the supply that the board gives."""
        return self._radar.model

    @radar.setter
    def radar(self, model: RadarModel | None) -> None:
        self._radar.model = model

    # --- what the network does to it -------------------------------------------------------

    def wifi(self, up: bool, rssi_dbm: int = -61) -> None:
        """It has joined its access point, or has lost it."""
        self._order({"wifi": up, "rssi": rssi_dbm})

    def tcp_connected(self, connection: int) -> None:
        """The other side has taken the connection."""
        self._order({"connected": connection})

    def tcp_refused(self, connection: int) -> None:
        """Nobody listens there."""
        self._order({"refused": connection})

    def tcp_received(self, connection: int, data: bytes) -> None:
        """Bytes from the other side."""
        for at in range(0, len(data), _SEGMENT_BYTES):
            self._order({"received": connection, "data": data[at : at + _SEGMENT_BYTES]})

    def tcp_closed(self, connection: int) -> None:
        """The other side has ended the connection."""
        self._order({"closed": connection})

    # --- what it shows ---------------------------------------------------------------------

    def _shown(self, report: dict[str, Any] | str) -> None:
        if isinstance(report, str):
            self._printed(report)
        elif "pin" in report:
            if report["pin"] == self._pin("radar_power"):
                self._radar.supply(bool(report["level"]), self.loop.now_ms)
            self._emit("pin", {"name": self._pin_name(report["pin"]), "level": report["level"]})
        elif "pwm" in report:
            self._emit("sound", {"hz": report["hz"] if report["duty"] else 0})
        elif "uart" in report:
            data = bytes.fromhex(report["data"])
            self._emit("uart", {"data": data})
            self._radar.written(self.loop.now_ms, data)
        elif "sleep" in report:
            pin = report["wake_pin"]
            self._wake_pin = (pin[0], pin[1]) if pin else None
            self._emit("asleep", {"for_ms": report["sleep"]})
        elif "wants_wifi" in report:
            self._go_on_air(report["wants_wifi"])
        elif "open" in report:
            self._connections = report["open"]
            self.network.opened(self, report["open"], report["host"], report["port"])
        elif "send" in report:
            if self._bursts():
                self.network.sent(self, report["send"], bytes.fromhex(report["data"]))
        elif "close" in report:
            self.network.closed(self, report["close"])

    def _asked_for(self, report: dict[str, Any] | str) -> bool:
        if isinstance(report, dict) and "look" in report:
            self._looked = report["look"]
            return True
        return False

    def _on_the_air(self, on: bool) -> None:
        self.network.wifi_wanted(self, on)

    def _printed(self, text: str) -> None:
        line = self._console.said(text, self.loop.time())
        self._add(line)
        if line.what == "crash":
            self._traceback.append(text)
            if not text.startswith(("Traceback ", " ")):
                told, self._traceback = "\n".join(self._traceback), []
                if not self.forgiving:
                    self.loop.fail(BoardFailed(f"The firmware of {self.name} has fallen:\n{told}"))

    def _later(self, ms: int, act: Callable[..., None], *rest: Any) -> None:
        if ms <= self.loop.now_ms:
            act(*rest)
        else:
            self.loop.at(ms, act, *rest)
