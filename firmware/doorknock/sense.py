"""The radar's task: bytes from its UART to the sensor, the sensor's wishes to the radar."""

import asyncio

from doorknock import keep, radar, sensor
from doorknock.radar import rates

_READ_BYTES = 512
# The sensor wants to know the time at least four times a second, also when no bytes come.
_WAIT_MS = 100


class Sense:
    """Owns the UART, the radar's supply and the sensor; a watch goes on after a reset."""

    def __init__(self, chip, config, emit, signals, ticks, log) -> None:
        self._uart, self._power = chip.radar()
        self._buffer = bytearray(_READ_BYTES)
        self._signals = signals
        self._ticks = ticks
        self._log = log
        self._emit = emit
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
        self._saved_version = self.sensor.saved_version
        self._power.value(1 if self.sensor.radar_power else 0)

    def _happened(self, kind: str, details: dict) -> None:
        if kind == "watch":
            self._signals.play("watch_started" if details["state"] == "started" else "watch_ended")
        self._emit(kind, details)

    async def run(self, report) -> None:
        """For ever."""
        while True:
            report()
            count = await self._read()
            now = self._ticks()
            if count:
                self.sensor.feed(self._buffer, count, now)
            self.sensor.tick(now)
            self._power.value(1 if self.sensor.radar_power else 0)
            wish = self.sensor.command(now)
            if wish is not None:
                self._uart.write(wish)
            self._listen_at_the_rate(now)
            if self.sensor.saved_version != self._saved_version:
                self._saved_version = self.sensor.saved_version
                if not self._keep.write(self.sensor.saved()):
                    self._log("flash does not take the watch")

    def _listen_at_the_rate(self, now: int) -> None:
        frames = self.sensor.counts[radar.FRAMES]
        if self._rates.changes(self.sensor.radar_power, frames, now):
            # Pins and buffer stay as they were.
            self._uart.init(self._rates.baud)
            # Told once: the sensor itself reports a radar that stays silent.
            if not self._rate_told:
                self._rate_told = True
                self._log("no frame from the radar; listening at %d baud" % self._rates.baud)

    async def _read(self) -> int:
        # The buffer holds 0.8 s of the busiest radar; looking ten times a second is enough.
        await asyncio.sleep_ms(0 if self._uart.any() >= _READ_BYTES else _WAIT_MS)
        return self._uart.readinto(self._buffer) or 0
