"""The radar's task: bytes from its UART to the sensor, the sensor's wishes to the radar.

And the person's word on whether the radar looks after them: a watch that they begin is confirmed
once its radar has been seen to work, and refused where it does not.
"""

import asyncio

from doorknock import door, keep, radar, selftest, sensor
from doorknock.radar import rates

_READ_BYTES = 512
# The sensor wants to know the time at least four times a second, also when no bytes come.
_WAIT_MS = 100


class Sense:
    """Owns the UART, the radar's supply and the sensor; a watch goes on after a reset."""

    def __init__(self, chip, config, emit, signals, ticks, log) -> None:
        self._uart, self._power = chip.radar()
        self._door_pin = chip.door()
        self._door = door.Contact()
        self._buffer = bytearray(_READ_BYTES)
        self._signals = signals
        self._ticks = ticks
        self._log = log
        self._emit = emit
        self._test = selftest.SelfTest()
        self._trusted = True
        self._silence_told = False
        # Something may have changed in whether the person can trust the radar.
        self._stirred = True
        self.sensor = sensor.Sensor(
            config["radar"], config["mode"], config.sensing(), self._happened
        )
        self.tier = self.sensor.tier
        self._rates = rates.Rates(config["radar"])
        self._rate_told = False
        self._keep = keep.Keep("watch")
        saved = self._keep.read()
        if saved:
            self.sensor.resume(saved, ticks())
        self._saved_version = self.sensor.saved_version()
        self._powered = self.sensor.radar_power()
        self._power.value(1 if self._powered else 0)

    def _happened(self, kind: str, details: dict) -> None:
        self._stirred = True
        if kind == "watch":
            if details["by"] == "resident" and details["state"] == "started":
                self._begin_test()
            elif self._test.state != selftest.FAILED:
                self._test.end()
                started = details["state"] == "started"
                self._signals.play("watch_started" if started else "watch_ended")
        self._emit(kind, details)

    # --- whether the radar works -----------------------------------------------------------

    def faulty(self) -> bool:
        """Whether the radar should be heard and is not."""
        unheard = self.sensor.radar_power() and not self.sensor.counts[radar.FRAMES]
        return self.sensor.faulty() or unheard

    def _begin_test(self) -> None:
        self._test.begin(self.sensor.counts[radar.FRAMES], self._ticks())
        self._trusted = True
        self._signals.play("self_test")

    def _look_at_test(self, now: int) -> None:
        state = self._test.look(self.sensor.counts[radar.FRAMES], now)
        if state == selftest.LOOKING and not self._signals.in_short:
            self._signals.play("self_test")
        elif state == selftest.GOOD:
            self._test.end()
            self._say_silent(False)
            self._signals.play("watch_started")
        elif state == selftest.FAILED:
            self._refuse()

    def _refuse(self) -> None:
        """No watch without a radar: it ends, the person is told, and so is who can mend it."""
        self._log("the radar is silent: the watch is refused")
        if not self.sensor.faulty():
            self._say_silent(True)
        self.sensor.refuse()
        self._test.end()
        self._signals.play("watch_refused")

    def _say_silent(self, silent: bool) -> None:
        """A fault of our own, where the sensor's own patience with a silent radar is longer."""
        if silent != self._silence_told:
            self._silence_told = silent
            state = "raised" if silent else "cleared"
            self._emit("fault", {"what": "radar_silent", "state": state})

    def _turn_trust(self) -> None:
        """In the midst of a watch: the person is told when the radar fails, and when it is back."""
        self._trusted = not self._trusted
        self._signals.play("watch_started" if self._trusted else "watch_refused")

    async def run(self, report) -> None:
        """For ever, ten times a second: what is asked at each turn is a local name (sensor.py)."""
        of_room = self.sensor
        uart = self._uart
        buffer = self._buffer
        ticks = self._ticks
        feed, command, powered = of_room.feed, of_room.command, of_room.radar_power
        watching, faulty, version = of_room.watching, of_room.faulty, of_room.saved_version
        # A module that knows one rate alone is never listened to at another.
        listen = self._listen_at_the_rate if self._rates.several else None
        count = 0
        while True:
            report()
            # The UART holds 0.8 s of the busiest radar; looking ten times a second is enough.
            more = count == _READ_BYTES and uart.any() >= _READ_BYTES
            await asyncio.sleep_ms(0 if more else _WAIT_MS)
            count = uart.readinto(buffer) or 0
            now = ticks()
            if self._door_pin is not None:
                self._look_at_door(now)
            feed(buffer, count, now)
            testing = self._test.state != selftest.OFF
            if testing:
                self._stirred = True
                self._look_at_test(now)
            # A watch that begins or ends is to be kept as well; a fault is told (_happened).
            saved_version = version()
            changed = saved_version != self._saved_version
            if not testing and (self._stirred or changed):
                self._stirred = False
                if watching() and faulty() == self._trusted:
                    self._turn_trust()
            if changed and powered() != self._powered:
                self._powered = not self._powered
                self._power.value(1 if self._powered else 0)
            wish = command(now)
            if wish is not None:
                uart.write(wish)
            if listen is not None:
                listen(now)
            if changed:
                self._saved_version = saved_version
                if not self._keep.write(of_room.saved()):
                    self._log("flash does not take the watch")

    def _look_at_door(self, now: int) -> None:
        # Often enough without an interrupt: a door stands open for longer than two looks.
        if self._door.look(self._door_pin.value() == 1):
            self.sensor.door(self._door.is_open, now)

    def _listen_at_the_rate(self, now: int) -> None:
        frames = self.sensor.counts[radar.FRAMES]
        if self._rates.changes(self.sensor.radar_power(), frames, now):
            # Pins and buffer stay as they were.
            self._uart.init(self._rates.baud)
            # Told once: the sensor itself reports a radar that stays silent.
            if not self._rate_told:
                self._rate_told = True
                self._log("no frame from the radar; listening at %d baud" % self._rates.baud)
