"""A device that has not been set up: it says what it lacks, and lets nobody rely on it."""

import asyncio

from doorknock import health


class Blank:
    """Shows "cannot send: call out" until somebody provisions it and it starts anew."""

    def __init__(self, config, watchdog, signals, ticks, log) -> None:
        self._signals = signals
        self._supervisor = health.Supervisor(watchdog, ticks, log)
        log("not set up: provision " + ", ".join(config.lacking))
        signals.show("cannot_send")
        log("light cannot_send")

    async def run(self) -> None:
        """For ever."""
        self._task = asyncio.create_task(self._signals.run(self._supervisor.enrol("signals")))
        await self._supervisor.run()
