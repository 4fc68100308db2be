"""Who has gone silent, the gateway's own heartbeat to the backend, and whether it still hears.

A device is late after two missed heartbeats. One that has never been heard counts from the day it
was added; and while the gateway itself was away, or had no broker, its devices are not blamed:
silence counts from when the gateway could hear, or from when its clock was set.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import structlog

from gateway import devices
from gateway.clock_step import ClockStep
from gateway.destinations import Undelivered
from gateway.destinations.webhook import WebhookDestination, rfc3339
from gateway.devices import Device
from gateway.entry import REFUSED
from gateway.errors import Deaf
from gateway.store import Store, parcels
from gateway.store import events as table

_log = structlog.get_logger("supervision")

HEARTBEAT_EVERY_S = 60.0
# Between a failed heartbeat and the next try: the backend raises the gateway's loss at 180 s.
RETRY_S = 5.0
# How often a device says that it is there: a battery button every 15 minutes (about 3 mAh a day),
# a sensor every minute.
DEVICE_HEARTBEAT_MS = {"button": 15 * 60_000, "sensor": 60_000}
# Two misses, not one: one lost heartbeat is Wi-Fi, two are a device in trouble.
HEARTBEATS_MISSED_BEFORE_LATE = 2
# For the second to arrive: a battery button wakes up, joins the Wi-Fi and sends.
GRACE_MS = 15_000


# Devices try again for a minute and more; a gateway that is deaf should be back before they tire.
ALIVE_LOOKED_EVERY_S = 1.0


async def stay_alive(
    parts: Mapping[str, Callable[[], bool]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until cancelled, or until one of the *parts* (name: whether it lives) has ended: raises Deaf.

    A process that runs and hears nobody is worse than none: nobody starts it again, and to
    devices and backend all looks well."""
    while True:
        for name, alive in parts.items():
            if not alive():
                raise Deaf(f"The gateway's {name} has ended; start the gateway again, report this.")
        await sleep(ALIVE_LOOKED_EVERY_S)


def late(device: Device, now_ms: int, hearing_since_ms: int) -> bool:
    """Whether *device* should have been heard by now. hearing_since_ms: the gateway has been
    able to hear since then (Unix ms)."""
    heard_at_ms = device.last_heard_at_ms or device.added_at_ms
    if heard_at_ms > now_ms + GRACE_MS:
        # By a clock that was ahead and has been corrected: nobody waits until it is so late again.
        heard_at_ms = hearing_since_ms
    since = max(heard_at_ms, hearing_since_ms)
    every = DEVICE_HEARTBEAT_MS[device.device_type]
    return now_ms - since > HEARTBEATS_MISSED_BEFORE_LATE * every + GRACE_MS


class Supervision:
    """Sends the gateway's heartbeat and says who is late: `run()` until cancelled."""

    def __init__(
        self,
        store: Store,
        backend: WebhookDestination,
        *,
        clock_ms: Callable[[], int],
        monotonic_ms: Callable[[], int],
        can_hear: Callable[[], bool],
        store_works: Callable[[], bool],
        unheard: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._backend = backend
        self._clock_ms = clock_ms
        self._clock_step = ClockStep(clock_ms, monotonic_ms)
        self._can_hear = can_hear
        self._store_works = store_works
        self._unheard = unheard
        self._sleep = sleep
        self._hearing_since_ms: int | None = None
        self._late: set[str] = set()

    async def run(self) -> None:
        """A heartbeat at once, and then every minute."""
        while True:
            try:
                done = await self._beat()
            except Exception as error:
                done = False
                _log.error("the heartbeat stumbled; it goes on", exc_info=error)
            await self._sleep(HEARTBEAT_EVERY_S if done else RETRY_S)

    async def _beat(self) -> bool:
        now_ms = self._clock_ms()
        step_ms = self._clock_step.look_ms()
        self._clock_step.taken(step_ms)
        if step_ms or not self._can_hear():
            self._hearing_since_ms = None
        if self._can_hear() and self._hearing_since_ms is None:
            self._hearing_since_ms = now_ms
        data = await asyncio.to_thread(self._data, now_ms)
        try:
            await self._backend.deliver(self._backend.heartbeat(now_ms, data))
        except Undelivered:
            # The lane of the outbox tells that the backend is away; and the backend misses us.
            return False
        return True

    def _data(self, now_ms: int) -> dict[str, Any]:
        known = devices.in_service(self._store)
        self._tell_late(known, now_ms)
        with self._store.read() as connection:
            refused = table.counted(connection, REFUSED)
            waiting, set_aside = parcels.depth(connection)
        return {
            "devices": [
                {
                    "device": one.device,
                    "unit": one.unit,
                    "device_type": one.device_type,
                    "tier": one.tier,
                    "last_heard_at": one.last_heard_at_ms and rfc3339(one.last_heard_at_ms),
                    "battery_millivolts": one.battery_millivolts,
                    "late": one.device in self._late,
                }
                for one in known
            ],
            "refused": refused,
            "hears": self._can_hear(),
            "store_works": self._store_works(),
            "waiting": waiting,
            "set_aside": set_aside,
            "unheard": self._unheard(),
        }

    def _tell_late(self, known: Iterable[Device], now_ms: int) -> None:
        """Each once when it becomes late, and once when it is heard again."""
        since = self._hearing_since_ms
        if since is None:
            return
        now_late = {one.device for one in known if late(one, now_ms, since)}
        units = {one.device: one.unit for one in known}
        for device in sorted(now_late - self._late):
            _log.warning("not heard from a device", device=device, unit=units[device])
        for device in sorted(self._late - now_late):
            _log.info("a device is heard again", device=device, unit=units.get(device))
        self._late = now_late
