"""The real gateway in virtual time: what its process runs, wired as it wires it.

Not here: its threads (the intake works in the loop, a moment after something has come), its
sockets (door.py, asgi_wire.py), and the broker's process.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import structlog

import gateway.store
from gateway import outbox
from gateway.arrival import Arrival
from gateway.entry import Entered
from gateway.intake import STORE_RETRY_S, Intake
from gateway.outbox import Lane
from gateway.release.library import Library
from gateway.release.release_file import Release
from gateway.rooms import Clocks, Rooms
from gateway.secret_file import Secrets
from gateway.settings import Settings
from gateway.updates.acts import Updating
from sim.building.asgi_wire import AsgiWire
from sim.building.broker import Broker
from sim.building.databases import MortalStore, ProcessEnded, open_database
from sim.building.door import VirtualDoor

_log = structlog.get_logger("intake")

MIGRATIONS = Path(gateway.store.__file__).parent / "migrations"
# From a message's arrival to its commit: the thread wakes, the disk is flushed (10 to 20 ms on a
# Raspberry Pi, gateway/intake.py).
COMMIT_S = 0.015
# A look by itself of what is always told: as good as never.
IDLE_LOOK_S = 600.0


class _StoreAway(Exception):
    """The store does not work, and there is no thread to wait in."""


def _cannot_wait(_stopping: threading.Event, _seconds: float) -> None:
    raise _StoreAway


class LoopIntake(Intake):
    """The intake without a thread. While the store does not work it holds what it has."""

    # Called before each group of alarms is entered.
    before_alarms: Callable[[], None] = staticmethod(lambda: None)
    _running = False
    _due = False
    _tries = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, wait=_cannot_wait)

    @property
    def alive(self) -> bool:
        return self._running

    def start(self) -> None:
        self._running = True

    def stop(self) -> None:
        self._running = False
        super().stop()

    def take(self, arrival: Arrival) -> None:
        super().take(arrival)
        self._work_in(COMMIT_S)

    def _work_in(self, seconds: float) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(seconds, self._work)

    def _work(self) -> None:
        self._due = False
        while self._running and not self._due and (self._alarms or self._telemetry):
            try:
                self.work()
            except ProcessEnded:
                return
            except Exception as error:
                _log.error("the intake stumbled; it goes on, report this", exc_info=error)

    def _in_one_transaction(self, arrivals: Sequence[Arrival]) -> list[Entered] | None:
        if arrivals[0].leaf == "alarm":
            self.before_alarms()
        try:
            entered = super()._in_one_transaction(arrivals)
        except _StoreAway:
            line = self._alarms if arrivals[0].leaf == "alarm" else self._telemetry
            line.extendleft(reversed(arrivals))
            self._work_in(STORE_RETRY_S[min(self._tries, len(STORE_RETRY_S) - 1)])
            self._tries += 1
            return None
        self._tries = 0
        return entered


class _Idleness:
    """Saves the looks by which a gateway in which nothing waits finds nothing: they are most of
    what it does in a day, and each would stop the boards' time as well."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.rooms: Rooms | None = None
        # Something may be due by the clock alone: an update goes on when its time has come.
        self.attentive = False
        self._loop = loop
        self._something_came = asyncio.Event()
        self._something_came.set()

    def wake(self, lane: Lane) -> None:
        """There are new parcels."""
        self._something_came.set()
        self._loop.call_soon(lane.wake)

    def attend(self) -> None:
        """From now on it looks again and again."""
        self.attentive = True
        self._something_came.set()

    async def wait(self, event: asyncio.Event, longest_s: float) -> None:
        """See gateway.outbox.wait: an idle lane is woken, and need not look by itself."""
        idle = self.rooms is not None and self.rooms.lane.idle
        await outbox.wait(event, IDLE_LOOK_S if idle else longest_s)

    async def sleep(self, seconds: float) -> None:
        """Between two looks for unheard calls: no look where none can be."""
        rooms = self.rooms
        if rooms is not None and rooms.lane.idle and not (rooms.unheard.devices or self.attentive):
            self._something_came.clear()
        await self._something_came.wait()
        await asyncio.sleep(seconds)


class GatewayProcess:
    """`start()`, `kill()`, and again. clock_ahead_ms: how far its computer's clock is set ahead
    of the true time; may be changed at any time."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        broker: Broker,
        wire: AsgiWire,
        chance: random.Random,
        unix_ms: Callable[[], int],
        *,
        durable: bool,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._broker = broker
        self._wire = wire
        self._chance = chance
        self._unix_ms = unix_ms
        self._durable = durable
        self._tasks: list[asyncio.Task[None]] = []
        self._running: tuple[Rooms, MortalStore] | None = None
        self._doomed = False
        self._death: asyncio.Task[None] | None = None
        self._idleness: _Idleness | None = None
        self._updates = False
        self.clock_ahead_ms = 0

    @property
    def running(self) -> bool:
        return self._running is not None

    def fill_disk(self, full: bool = True) -> None:
        """Its disk is full from now on, or has room again; RuntimeError where it does not run."""
        if self._running is None:
            raise RuntimeError("The gateway does not run.")
        self._running[1].full = full

    def open_store(self) -> MortalStore:
        """Its store, for whoever looks into it or adds a device: another process does so too."""
        path = self._settings.data / "gateway.db"
        return open_database(path, MIGRATIONS, durable=self._durable)

    def update(self, made: Release, devices: Sequence[str]) -> None:
        """Staff bring a release, and order it for these devices, in stages.

        Raises ReleaseError, one sentence."""
        library = Library(self._settings.data)
        library.add(made)
        store = self.open_store()
        try:
            now_ms = self._unix_ms() + self.clock_ahead_ms
            Updating(store, library, lambda: now_ms).begin(made.version, devices, "staff")
        finally:
            store.close()
        self._updates = True
        if self._idleness is not None:
            self._idleness.attend()

    def start(self) -> None:
        """Starts it, unless it runs."""
        if self._running is not None:
            return
        loop = asyncio.get_running_loop()
        store = self.open_store()
        clocks = Clocks(
            unix_ms=lambda: self._unix_ms() + self.clock_ahead_ms,
            monotonic_ms=lambda: round(loop.time() * 1000),
        )

        def open_door(take: Callable[[Arrival], None]) -> VirtualDoor:
            return VirtualDoor(self._broker, take, clocks.unix_ms)

        idleness = self._idleness = _Idleness(loop)
        if self._updates:
            idleness.attend()
        rooms = Rooms(
            self._settings,
            self._secrets,
            store,
            httpx.AsyncClient(transport=self._wire, trust_env=False),
            open_door,
            wake=idleness.wake,
            clocks=clocks,
            jitter=self._chance.random,
            wait=idleness.wait,
            sleep=idleness.sleep,
            intake=LoopIntake,
        )
        idleness.rooms = rooms
        if isinstance(rooms.intake, LoopIntake):
            rooms.intake.before_alarms = self._before_alarms
        self._running = rooms, store
        self._tasks = [asyncio.create_task(run) for run in rooms.start()]
        for task in self._tasks:
            task.add_done_callback(_fallen)

    def lose_broker(self, *sessions: str) -> None:
        """Its sessions at the broker, or those named, lose their connections and make new ones;
        RuntimeError where it does not run."""
        if self._running is None or not isinstance(self._running[0].door, VirtualDoor):
            raise RuntimeError("The gateway does not run.")
        self._running[0].door.lose(*sessions)

    def die_in_commit(self) -> None:
        """kill -9 in the next commit of what asks for somebody: it has been received, and all that
        comes before the commit is done. RuntimeError where it does not run."""
        if self._running is None:
            raise RuntimeError("The gateway does not run.")
        self._doomed = True

    async def kill(self) -> None:
        """As kill -9: nothing is finished and nothing is said."""
        if self._death is not None:
            await self._death
        await self._end()

    async def _end(self) -> None:
        if self._running is None:
            return
        rooms, store = self._running
        self._running, self._doomed = None, False
        store.die()
        rooms.stop()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        store.close()

    def _before_alarms(self) -> None:
        if self._doomed and self._running is not None:
            self._running[1].at_commit = self._dies

    def _dies(self) -> None:
        """The end begins after what the loop has in hand: bytes that a process has given to the
        network before it was killed are sent all the same."""
        if self._running is not None:
            self._running[1].die()
        _log.warning("the gateway's process was killed in a commit")
        self._death = asyncio.get_running_loop().create_task(self._end())


def _fallen(task: asyncio.Task[None]) -> None:
    """A real gateway ends with whatever of it has fallen, and says so: here the run does."""
    if not task.cancelled() and (error := task.exception()) is not None:
        found = {"message": "the gateway has fallen", "exception": error, "task": task}
        task.get_loop().call_exception_handler(found)
