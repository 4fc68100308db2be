"""The device's health: a supervised watchdog, and what the heartbeat says."""

import asyncio

from doorknock import clock

# A task that has nothing to do wakes so often, to report. The loop may stand still for 2 s in a TLS
# handshake; twice that again, and a task is late.
REPORT_MS = 2000
LATE_MS = 6000
# The watchdog's patience is 2 s at the least.
_CHECK_MS = 500
# From the first event to the next: DESIGN, "a heartbeat every 15 minutes costs 3 mAh a day".
HEARTBEAT_S = {"button": 900, "sensor": 60}


class Supervisor:
    """Feeds the hardware watchdog only while every enrolled task has reported on time.

    One dead task, and nothing is fed: the chip resets, with cause "watchdog". watchdog: a
    machine.WDT, or None where none is wanted.
    """

    def __init__(self, watchdog, ticks, log) -> None:
        self._watchdog = watchdog
        self._ticks = ticks
        self._log = log
        self._names = []
        self._reported = []
        self._told = False
        # No task can be late before so many ms after this tick.
        self._looked = ticks()
        self._sure_ms = 0

    def enrol(self, name: str):
        """A new task; returns the function by which it reports."""
        at = len(self._names)
        reported, ticks = self._reported, self._ticks
        self._names.append(name)
        reported.append(ticks())
        self._sure_ms = 0

        def report() -> None:
            reported[at] = ticks()

        return report

    def late(self, now: int):
        """The name of a task that has not reported on time, or None."""
        if clock.since(now, self._looked) <= self._sure_ms:
            return None
        longest = 0
        for i in range(len(self._reported)):
            silent = clock.since(now, self._reported[i])
            if silent > LATE_MS:
                self._sure_ms = 0
                return self._names[i]
            longest = max(longest, silent)
        self._looked = now
        self._sure_ms = LATE_MS - longest
        return None

    def check(self) -> None:
        """Feeds the watchdog, if it may."""
        late = self.late(self._ticks())
        if late is None:
            self._told = False
            if self._watchdog is not None:
                self._watchdog.feed()
        elif not self._told:
            self._told = True
            self._log("task %s is late" % late)

    async def run(self) -> None:
        """For ever."""
        while True:
            self.check()
            await asyncio.sleep_ms(_CHECK_MS)


class Battery:
    """Tells low and good apart, with a gap between so that it does not flap.

    low_mv: of the cells that are in it. 2,300 mV: two AA cells with 15 % left carry a Wi-Fi burst
    (350 mA) without a brown-out; 200 mV more is a fresh pair, not a rested one. A lithium cell is
    never seen so low: its own protection ends it before.

    What was told last is kept in `nvs` (an esp32.NVS or its like): a button that sleeps between
    heartbeats would tell it at each, and one with new batteries would never say that they are good.
    """

    LOW_MV = 2300
    _RECOVERED_MV = 200
    GOOD_MV = LOW_MV + _RECOVERED_MV
    _KEY = "battery_low"

    def __init__(self, nvs, low_mv: int = LOW_MV) -> None:
        self._nvs = nvs
        self._low_mv = low_mv
        try:
            self.low = nvs.get_i32(self._KEY) == 1
        except OSError:
            self.low = False  # nothing has been told yet

    def measured(self, millivolts: int) -> str:
        """ "low" or "good" when that has changed, else ""."""
        if not self.low and millivolts < self._low_mv:
            self._keep(True)
            return "low"
        if self.low and millivolts >= self._low_mv + self._RECOVERED_MV:
            self._keep(False)
            return "good"
        return ""

    def _keep(self, low: bool) -> None:
        self.low = low
        try:
            self._nvs.set_i32(self._KEY, 1 if low else 0)
            self._nvs.commit()
        except OSError:
            pass  # told once more after the next start; a full flash is reported as such
