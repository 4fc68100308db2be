"""The outbox: carries parcels to destinations until each has committed them.

At least once, under an id that never changes. Each destination is a lane of its own, with its own
back-off, so that one that is down holds up no other. In a lane alarms go before telemetry, and a
device's alarms go in order as long as they are taken. A parcel that a destination will never take
is set aside and reported; all others are tried for ever, and one that keeps failing while others
are taken waits by itself. A parcel's row is marked only after the destination has said so.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

from gateway.destinations import Destination, Parcel, Rejected, Unreachable
from gateway.store import Store, parcels
from gateway.store.engine import is_store_trouble

_log = structlog.get_logger("outbox")

# Requests in flight in a lane: enough for a house in which everybody presses at once, few enough
# for a backend on the same Raspberry Pi. Telemetry may use half, so there is room for an alarm.
AT_ONCE = 8
TELEMETRY_AT_ONCE = 4
# 1, 2, 4 … 60 s, each shortened by up to a half, so that many gateways do not return as one.
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0
# The intake wakes the lane. This is for parcels that wait by themselves, and for what the store
# would not take.
LOOK_EVERY_S = 3.0


async def wait(event: asyncio.Event, longest_s: float) -> None:
    """Until the event is set, or the time is over."""
    # Not wait_for(): before Python 3.12 it can swallow a cancellation, and the lane would not end.
    with suppress(TimeoutError):
        async with asyncio.timeout(longest_s):
            await event.wait()


class Lane:
    """One destination's lane. `run()` until cancelled; `wake()` when there is something new."""

    def __init__(
        self,
        store: Store,
        destination: Destination,
        *,
        clock_ms: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = wait,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._destination = destination
        self._clock_ms = clock_ms
        self._monotonic = monotonic
        self._wait = wait
        self._jitter = jitter
        self._something = asyncio.Event()
        self._new = asyncio.Event()
        # Read from the store, not yet sent; stale: there may be more, or others first.
        self._waiting: list[Any] = []
        self._stale = True
        self._sending: dict[int, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Accepted, and not yet marked so in the store: not to be sent again by this process.
        self._accepted: set[int] = set()
        self._marking = asyncio.Lock()
        # Failures of the lane in a row; and of single parcels: how often, and not again before.
        self._failures = 0
        self._failed: dict[int, tuple[int, float]] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing waits that it knows of."""
        waits = self._stale or self._waiting or self._sending or self._accepted or self._failed
        return not waits

    def wake(self) -> None:
        """There is something new. From the event loop's thread only."""
        self._stale = True
        self._new.set()
        self._something.set()

    async def run(self) -> None:
        """Carries parcels for ever."""
        try:
            while True:
                self._something.clear()
                if self._failures:
                    # What is new is tried at once: an outage may be over, and somebody waits.
                    await self._wait(self._new, self._back_off_s(self._failures))
                self._new.clear()
                await self._look()
                await self._wait(self._something, LOOK_EVERY_S)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._mark()

    async def _look(self) -> None:
        try:
            await self._mark()
            for row in await self._chosen():
                self._sending[row.id] = row
                self._waiting.remove(row)
                task = asyncio.create_task(self._send(row, self._failures))
                self._tasks.add(task)
                task.add_done_callback(self._sent)
        except Exception as error:
            # The intake says what is the matter with the store; a lane only comes back.
            if not is_store_trouble(error):
                _log.error("a lane stumbled; it goes on", exc_info=error)

    async def _chosen(self) -> list[Any]:
        """As many as there is room for; after a failure one alone, the least tried, to see."""
        if self._stale or self._failures or not self._waiting:
            self._stale = False
            self._waiting = await asyncio.to_thread(self._read, self._not_now())
        if self._failures:
            least_tried = sorted(self._waiting, key=lambda row: self._tries(row.id))
            return [] if self._sending else least_tried[:1]
        room = AT_ONCE - len(self._sending)
        telemetry_room = TELEMETRY_AT_ONCE - sum(not row.alarm for row in self._sending.values())
        chosen: list[Any] = []
        busy = {(row.device, row.alarm) for row in self._sending.values()}
        for row in self._waiting:
            # A device's alarms go in order, and so does its telemetry; neither waits for the other.
            if (row.device, row.alarm) in busy:
                continue
            if len(chosen) >= room or (not row.alarm and telemetry_room <= 0):
                break
            telemetry_room -= not row.alarm
            busy.add((row.device, row.alarm))
            chosen.append(row)
        return chosen

    def _not_now(self) -> set[int]:
        """Parcels in hand, and those that wait by themselves for their next try."""
        now = self._monotonic()
        later = () if self._failures else (i for i, (_, at) in self._failed.items() if at > now)
        return {*self._sending, *self._accepted, *later}

    def _read(self, but: set[int]) -> list[Any]:
        """Alarms first, then the rest, oldest first."""
        name = self._destination.name
        # More than there is room for: some may be behind another of their device.
        limit = 8 * AT_ONCE
        with self._store.read() as connection:
            alarms = parcels.waiting(connection, name, alarm=True, limit=limit, but=but)
            rest = parcels.waiting(connection, name, alarm=False, limit=limit, but=but)
        return [*alarms, *rest]

    def _tries(self, id_: int) -> int:
        return self._failed.get(id_, (0, 0.0))[0]

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._something.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a parcel's journey failed; it is tried again", exc_info=error)

    async def _send(self, row: Any, failures_before: int) -> None:
        try:
            await self._destination.deliver(Parcel(row.parcel_id, row.body))
        except Unreachable as error:
            self._note_failure(row, failures_before, str(error))
        except Rejected as error:
            await asyncio.to_thread(self._put_aside, row.id, str(error))
            self._failures = 0
            _log.error(
                "a destination will never take this; it is set aside, report this",
                destination=self._destination.name,
                parcel=row.parcel_id,
                why=str(error),
            )
        else:
            self._note_accepted(row)
        finally:
            self._sending.pop(row.id, None)
        if row.id in self._accepted:
            # What is next for this device need not wait for the disk.
            self._something.set()
            await self._mark()

    def _note_failure(self, row: Any, failures_before: int, why: str) -> None:
        if not self._failures:
            _log.warning(
                "a destination does not take anything; trying on",
                destination=self._destination.name,
                why=why,
            )
        # Those in flight together fail together: that is one failure, not eight.
        self._failures = max(self._failures, failures_before + 1)
        self._stale = True
        tries = self._tries(row.id) + 1
        self._failed[row.id] = (tries, self._monotonic() + self._back_off_s(tries))

    def _note_accepted(self, row: Any) -> None:
        if self._failures:
            _log.warning("a destination works again", destination=self._destination.name)
        self._failures = 0
        self._failed.pop(row.id, None)
        self._accepted.add(row.id)
        if row.alarm:
            # Without the kind of event, and so not for the log that stays: see gateway/intake.py.
            _log.debug(
                "accepted",
                destination=self._destination.name,
                parcel=row.parcel_id,
                since_received_ms=self._clock_ms() - row.received_at,
            )

    def _put_aside(self, id_: int, why: str) -> None:
        with self._store.write() as connection:
            parcels.put_aside(connection, id_, why, self._clock_ms())

    async def _mark(self) -> None:
        """Marks all that has been accepted meanwhile, in one transaction. They stay in hand where
        the store does not take it."""
        async with self._marking:
            accepted = sorted(self._accepted)
            if not accepted:
                return
            try:
                await asyncio.to_thread(self._write_delivered, accepted)
            except Exception as error:
                if not is_store_trouble(error):
                    raise
                return
            self._accepted.difference_update(accepted)

    def _write_delivered(self, ids: list[int]) -> None:
        with self._store.write() as connection:
            parcels.delivered(connection, ids, self._clock_ms())

    def _back_off_s(self, tries: int) -> float:
        # 2 to the 6th is above the longest already, and to the 2,000th is no float.
        longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * float(1 << min(tries - 1, 6)))
        return longest * (1 - self._jitter() / 2)
