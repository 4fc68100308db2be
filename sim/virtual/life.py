"""The lives of a simulated board, one after another: starts, resets, sleep, and the end of power.

Each life is a process of the real MicroPython on the real firmware. It runs as far as the loop
grants, and what it does is told at its own moment.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from sim.devices.board_line import BoardLine, Console
from sim.devices.outside import BATTERY_MV, BoardType, Outside
from sim.virtual import battery, process
from sim.virtual.loop import VirtualLoop, VirtualTimeError
from sim.virtual.own_clock import OwnClock
from sim.virtual.radar_line import RadarLine

# From power, reset or wake to the first line of the firmware: the stock image's start-up.
BOOT_MS = 300
# Seconds of the processor for one grant. The longest honest one takes 0.2.
HANG_LIMIT_S = 20.0


class BoardFailed(VirtualTimeError):
    """The firmware, or what stands in for the chip, has fallen. `str()` has the traceback."""


class State(Enum):
    """Where the board is in its life."""

    OFF = "off"
    STARTING = "starting"
    RUNNING = "running"
    ASLEEP = "asleep"


class Life(Outside):
    """A party to virtual time (loop.Party); board.VirtualBoard says what it is plugged into.

    seed: of its chip number and of the chances it takes. drift_ppm: how much its clock runs fast.
    boot_ms: from power to the firmware's first line. flash_endurance: how often a block of flash
    can be erased, 0: for ever. hang_limit_s: processor s for one grant. forgiving: an exception
    that nobody caught in the firmware is only told ("crash" lines); else the run ends with
    BoardFailed.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        folder: Path,
        *,
        name: str,
        board: BoardType = "button",
        on_line: Callable[[BoardLine], None] | None = None,
        seed: int = 0,
        drift_ppm: int = 0,
        boot_ms: int = BOOT_MS,
        flash_endurance: int = 0,
        hang_limit_s: float = HANG_LIMIT_S,
        forgiving: bool = False,
        chip: Mapping[str, Any] | None = None,
    ) -> None:
        self._chance = random.Random(f"{seed} {name}")
        super().__init__(
            folder,
            name=name,
            board=board,
            on_line=on_line,
            fresh_id=self._chance.randbytes,
            chip=chip,
        )
        self.loop = loop
        self.battery: battery.Battery | None = None
        self.state = State.OFF
        self.boot_ms = boot_ms
        self.flash_endurance = flash_endurance
        self.hang_limit_s = hang_limit_s
        self.forgiving = forgiving
        self._clock = OwnClock(drift_ppm)
        self._radar = RadarLine()
        self._process: process.Process | None = None
        # Rises at each start and end: what was scheduled before is then of another life.
        self._life = 0
        self._timer: asyncio.TimerHandle | None = None
        self._reached_ms = loop.now_ms
        self._granted_ms = loop.now_ms
        self._on_to_ms = loop.now_ms
        # Nothing was seen of it in the last span: the next will be like it.
        self._quiet = False
        self._orders: list[tuple[int, Mapping[str, Any]]] = []
        self._console = Console()
        # When its wall clock began, on the board's clock.
        self._wall_from_ms = 0
        self._wake_pin: tuple[int, int] | None = None
        self._connections = 0
        self._on_air = False
        self.battery_now(BATTERY_MV)

    # --- power -----------------------------------------------------------------------------

    def power_on(self, cause: str = "power_on") -> None:
        """Power comes on; from then on resets and sleep are the board's own."""
        if self.state is not State.OFF:
            raise RuntimeError(f"{self.name} has power already")
        if cause == "power_on":
            self.lose_rtc()
            self._wall_from_ms = self._clock.own(self.loop.now_ms)
        self._start(cause, "")

    def power_cut(self) -> None:
        """The power goes, between any two instructions. RTC memory is lost, flash is not."""
        self._stop()
        self.state = State.OFF
        self.lose_rtc()
        self._emit("off", {})

    def close(self) -> None:
        """Ends its process, without a word."""
        self._stop()
        self.state = State.OFF

    def lose_rtc(self) -> None:
        """RTC memory is gone, as after a brown-out in deep sleep."""
        (self.folder / "rtc.bin").unlink(missing_ok=True)

    @property
    def running(self) -> bool:
        """Whether the firmware runs now: not without power, nor in deep sleep."""
        return self.state is State.RUNNING

    # --- its share of time (loop.Party) ----------------------------------------------------

    @property
    def time_ms(self) -> int:
        """How far it has come, in ms of the loop."""
        return self._reached_ms

    def grant(self, until_ms: int, on_to_ms: int) -> None:
        """It may run until then; and on to the other ms, as long as nothing is seen of it."""
        assert self._process is not None  # noqa: S101 - enlisted only while it runs
        self._granted_ms = self._on_to_ms = until_ms
        lots = self._radar.until(until_ms)
        step_ms = self.loop.alone_ms
        if self._clock.drift_ppm:
            # On its clock no two steps are equally long: it has to ask for each.
            lots = [(self._clock.own(ms), data) for ms, data in lots]
        elif on_to_ms > until_ms and self._quiet:
            known_ms, ahead = self._radar.ahead(until_ms, on_to_ms)
            if known_ms < on_to_ms:
                known_ms -= (known_ms - until_ms) % step_ms
                ahead = [lot for lot in ahead if lot[0] <= known_ms]
            self._on_to_ms = known_ms
            lots += ahead
        own_ms = self._clock.own(until_ms)
        on_to = (own_ms + self._on_to_ms - until_ms, step_ms)
        self._process.grant(own_ms, self._orders, lots, self._radar.baudrate, on_to)
        self._orders = []

    def gather(self) -> None:
        """Waits until it has stopped, and schedules what it did."""
        assert self._process is not None  # noqa: S101 - as above
        life = self._life
        try:
            said = self._process.gather(self.hang_limit_s)
        except process.Hangs:
            self._hangs()
            return
        if said.now_ms > self._clock.own(self._granted_ms) and self._on_to_ms > self._granted_ms:
            self._went_on(said.now_ms)
        reached = self._granted_ms
        if said.now_ms < self._clock.own(reached):
            reached = self._clock.loop(said.now_ms)
        for own_ms, report in said.reports:
            if self._asked_for(report):
                continue
            at = min(max(self._clock.loop(own_ms), self.loop.now_ms), reached)
            self.loop.at(at, self._if_still, life, self._shown, report)
        self._reached_ms = reached
        self._quiet = not said.reports
        self._radar.arrived(reached)
        if said.code is not None:
            self.loop.at(reached, self._if_still, life, self._ended, said.code)
            self._let_go()

    def _went_on(self, own_ms: int) -> None:
        """It went on by itself: it is as though it had been granted that, step by step."""
        step_ms = self.loop.alone_ms
        steps = -(-(self._clock.loop(own_ms) - self._granted_ms) // step_ms)
        self._granted_ms = min(self._granted_ms + steps * step_ms, self._on_to_ms)
        self._radar.went_on(self._granted_ms)

    # --- one life after another ------------------------------------------------------------

    def _start(self, cause: str, wake: str) -> None:
        self._stop()
        self.state = State.STARTING
        self._draw(battery.AWAKE_MA)
        self._timer = self.loop.call_later(self.boot_ms / 1000, self._begin, cause, wake)

    def _begin(self, cause: str, wake: str) -> None:
        now = self.loop.now_ms
        self.state = State.RUNNING
        self._wake_pin = None
        self._console = Console()
        self._reached_ms = now
        first = {
            "board": self.board,
            "cause": cause,
            "wake": wake,
            "unique_id": self._unique_id().hex(),
            "seed": self._chance.getrandbits(30),
            "wall_ms": self._clock.own(now) - self._wall_from_ms,
            "flash_endurance": self.flash_endurance,
            "watched": [self._pin("radar_power")],
            "connections": self._connections,
            "pins": self._levels,
            "microvolts": self._microvolts,
            "chip": self._chip,
        }
        self._orders = [(self._clock.own(now), first)]
        self._process = process.Process(self.folder, self._clock.own(now))
        self.loop.enlist(self)
        if self._pin("radar_power") < 0:
            # Nothing switches its supply: it is fed whenever the board is.
            self._radar.supply(True, now)
        self._emit("power", {"cause": cause})

    def _ended(self, code: int) -> None:
        if code == process.DEEP_SLEEP:
            self._sleep()
        elif code == process.POWER_CUT:
            self.power_cut()
        elif code in (process.RESET, process.BITTEN):
            cause = "software" if code == process.RESET else "watchdog"
            self._emit("reset", {"cause": cause})
            self._start(cause, "")
        else:
            said = "\n".join(str(line.data.get("text", "")) for line in self.lines[-30:])
            self.loop.fail(BoardFailed(f"{self.name} has fallen (exit {code}):\n{said.strip()}"))

    def _hangs(self) -> None:
        """It turns in place. On the chip nothing but the watchdog would end that."""
        assert self._process is not None  # noqa: S101 - it is the one that hangs
        bites = max(self._process.bites_ms, self._bites_as_it_went_on())
        self._let_go()
        if bites >= process.NEVER_MS:
            self._emit("hangs", {})
            return
        at = max(self._clock.loop(bites), self.loop.now_ms)
        self._reached_ms = at
        self.loop.at(at, self._if_still, self._life, self._ended, process.BITTEN)

    def _bites_as_it_went_on(self) -> int:
        """When the watchdog was to bite, by its own note of when it last went on by itself."""
        noted = self.folder / process.WENT_ON
        bites = noted.read_bytes() if noted.exists() else b""
        return int.from_bytes(bites, "little")

    def _sleep(self) -> None:
        asleep = next(line for line in reversed(self.lines) if line.what == "asleep")
        for_ms = asleep.data["for_ms"]
        pin = self._wake_pin
        self._stop()
        self.state = State.ASLEEP
        self._draw(battery.ASLEEP_MA)
        self._wake_pin = pin
        if pin is not None and self._levels.get(pin[0]) == pin[1]:
            self._start("deep_sleep", "pin")
        elif for_ms:
            ends = self._clock.loop(self._clock.own(self.loop.now_ms) + for_ms)
            self._timer = self.loop.call_at(ends / 1000, self._start, "deep_sleep", "timer")

    def _let_go(self) -> None:
        """The process is over; what it did last may still be on the way."""
        self.loop.dismiss(self)
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _stop(self) -> None:
        self._life += 1
        self._let_go()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._radar.supply(False, self.loop.now_ms)
        if self._on_air:
            self._on_air = False
            self._on_the_air(False)
        self._draw(0.0)

    # --- its battery -----------------------------------------------------------------------

    def battery_now(self, millivolts: int) -> None:
        """The battery's voltage."""
        number = self._pin("battery")
        self._microvolts[number] = millivolts * 500
        self._order({"adc": number, "microvolts": millivolts * 500})

    def _draw(self, load_ma: float) -> None:
        """From now on it draws so much; the firmware can measure what is left of the voltage."""
        if self.battery is not None:
            self.battery.draw(load_ma, self.loop.now_ms)
            self.battery_now(self.battery.millivolts())

    def _go_on_air(self, on: bool) -> None:
        if on and not self._bursts():
            return
        self._on_air = on
        self._draw(battery.ON_AIR_MA if on else battery.AWAKE_MA)
        self._on_the_air(on)

    def _bursts(self) -> bool:
        """The radio sends. Whether the battery carries it; if not, that was a brown-out."""
        if self.battery is None or self.battery.carries(battery.BURST_MA):
            return True
        self.lose_rtc()
        self._emit("reset", {"cause": "brown_out"})
        if self.battery.carries(battery.AWAKE_MA):
            # MicroPython tells a brown-out as a watchdog's reset (ports/esp32/modmachine.c).
            self._start("watchdog", "")
        else:
            self.power_cut()
        return False

    # --- what the board is plugged into ----------------------------------------------------

    def _asked_for(self, report: dict[str, Any] | str) -> bool:
        """Whether this is an answer that somebody waits for; then it is taken at once."""
        raise NotImplementedError

    def _shown(self, report: dict[str, Any] | str) -> None:
        """Something it did, or printed, at this moment of the loop."""
        raise NotImplementedError

    def _on_the_air(self, on: bool) -> None:
        """It goes on the air, or is gone from it."""
        raise NotImplementedError

    # --- small things ----------------------------------------------------------------------

    def _if_still(self, life: int, act: Callable[[Any], None], what: Any) -> None:
        if life == self._life:
            act(what)

    def _emit(self, what: str, data: Mapping[str, Any]) -> None:
        self._add(BoardLine(self.loop.time(), what, data))

    def _order(self, order: Mapping[str, Any]) -> None:
        """Now, or as soon as the board has come to: it may be a little ahead of the loop."""
        if self._process is not None:
            at = max(self.loop.now_ms, self._reached_ms)
            self._orders.append((self._clock.own(at), order))
