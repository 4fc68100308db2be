"""Runs a fleet from its first connection to its reckoning.

registered ─ ramp: connected a few at a time ─ plan played, faults on time ─ drained ─ reckoned
"""

import asyncio
import errno
import os
import random
import secrets
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from doorknock import wire

from gateway.devices import NewDevice
from gateway.file_limit import raise_file_limit
from sim.fleet import habits
from sim.fleet.device import FleetDevice, Provisioned
from sim.fleet.errors import FleetFailed, WrongUse
from sim.fleet.house import House, OwnHouse, RunningHouse
from sim.fleet.ledger import Ledger
from sim.fleet.order import Order, Watcher
from sim.fleet.report import Report
from sim.fleet.responders import Ana
from sim.fleet.tally import Tally
from sim.fleet.usage import SAMPLE_EVERY_S, Usage, parent_of

Result = TypeVar("Result")

# A building's power coming back is as many at once as its access points let in.
RAMP_A_SECOND = 200
RAMP_WITHIN_S = 60.0
# Beyond a file for each device: logs, stores, pages, the gateway's own.
OTHER_FILES = 200
# Until all is answered and handed on: a retry takes up to 60 s, and a second one may be due.
DRAIN_WITHIN_S = 150.0
LOOK_EVERY_S = 0.5
KILL_AGAIN_S = 0.05


async def run(order: Order, watcher: Watcher) -> Report:
    """The fleet's report. Raises FleetError, GatewayError, GatewayWillNotRun; CancelledError on
    SIGTERM, when all that it started is ended."""
    _check_files(order.devices)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_but_closed_sockets)
    if (task := asyncio.current_task()) is not None:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    async with AsyncExitStack() as ends:
        return await Fleet(order, watcher, ends).run()


class Fleet:
    """One run of a fleet. What is started is ended by *ends*."""

    def __init__(self, order: Order, watcher: Watcher, ends: AsyncExitStack) -> None:
        self._order = order
        self._watcher = watcher
        self._ends = ends
        self._began = self._up = time.monotonic()
        self._chance = random.Random(order.seed)
        self._tally = Tally(watcher.line, lambda: round(1000 * self._since_s(self._began)))
        self._usage = Usage()
        self._ana = Ana(random.Random(self._chance.getrandbits(64)), self._tally.somebody_goes)
        self._own: OwnHouse | None = None
        self._parts: set[asyncio.Task[None]] = set()
        self._trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> Report:
        """From nothing to the report."""
        house = await self._house()
        new = self._identities(house)
        self._watcher.stage("registering", 1)
        await asyncio.to_thread(house.add, new)
        self._ends.callback(self._leave, house, [one.device for one in new])
        self._ends.push_async_callback(self._end_parts)
        if self._own is not None:
            self._watcher.stage("starting the gateway", 1)
            await self._own.start()
            self._go_on(self._own.until_it_fails())
            self._go_on(self._ana.run())
        self._go_on(self._look_at(house))
        devices = [self._device(number, one, house) for number, one in enumerate(new)]
        return await self._perform(self._play(devices, house))

    async def _play(self, devices: list[FleetDevice], house: House) -> Report:
        began = time.monotonic()
        await self._ramp(devices)
        ramp_s = self._since_s(began)
        self._up = time.monotonic()
        faults = asyncio.create_task(self._break())
        await self._live(devices)
        await faults
        ledger = Ledger(house.settings)
        try:
            await self._drain(ledger)
            length_s = self._since_s(self._up)
            reckoning = await asyncio.to_thread(ledger.reckon, self._tally.identities)
        finally:
            ledger.close()
        own = self._own
        return Report(
            devices=len(devices),
            seed=self._order.seed,
            ramp_s=ramp_s,
            length_s=length_s,
            tally=self._tally,
            reckoning=reckoning,
            used=self._usage.parts,
            phone_messages=len(own.phone.messages) if own else None,
            alerts_closed=self._ana.answered if own else None,
        )

    # --- what is set up -------------------------------------------------------------------------

    async def _house(self) -> House:
        if self._order.gateway is not None:
            return RunningHouse(self._order.gateway)
        folder = Path(self._ends.enter_context(TemporaryDirectory(prefix="doorknock-fleet-")))
        self._own = OwnHouse(folder, self._ana.hears, self._gateway_says)
        self._ends.push_async_callback(self._own.stop)
        await self._own.prepare()
        return self._own

    def _identities(self, house: House) -> list[NewDevice]:
        """New ids and secrets, of no seed: on a gateway that goes on none may be used twice."""
        run = secrets.token_hex(3)
        return [
            NewDevice(
                f"{run}{number:06x}",
                secrets.token_bytes(wire.SECRET_BYTES),
                f"{run}-{number // 2 + 1}",
                habits.type_of(number),
            )
            for number in range(self._order.devices)
        ]

    def _device(self, number: int, new: NewDevice, house: House) -> FleetDevice:
        given = Provisioned(
            new.device,
            new.secret,
            new.device_type,
            habits.tier_of(number),
            new.unit,
            house.plain_port,
        )
        return FleetDevice(given, self._tally, random.Random(self._chance.getrandbits(64)))

    @staticmethod
    def _leave(house: House, devices: list[str]) -> None:
        """On a gateway that goes on they would be missed for ever."""
        if isinstance(house, RunningHouse):
            house.retire(devices)

    # --- what happens ---------------------------------------------------------------------------

    async def _ramp(self, devices: list[FleetDevice]) -> None:
        self._watcher.stage("connecting", len(devices))
        for device in devices:
            self._go_on(device.run())
            await asyncio.sleep(1 / RAMP_A_SECOND)
        deadline = time.monotonic() + RAMP_WITHIN_S
        while (up := sum(device.up for device in devices)) < len(devices):
            self._watcher.at(up)
            if time.monotonic() > deadline:
                raise FleetFailed(
                    f"Only {up} of {len(devices)} devices could connect within "
                    f"{RAMP_WITHIN_S:g} s; take fewer, or look at the gateway's log."
                )
            await asyncio.sleep(LOOK_EVERY_S)

    async def _live(self, devices: list[FleetDevice]) -> None:
        """Plays the plan in real time."""
        length_s = self._order.minutes * 60
        self._watcher.stage("running", length_s)
        for doing in habits.plan(
            len(devices), length_s, self._order.presses_a_minute, self._chance
        ):
            await asyncio.sleep(max(0.0, doing.at_s - self._since_s(self._up)))
            devices[doing.device].do(doing)
            self._watcher.at(doing.at_s)
        await asyncio.sleep(max(0.0, length_s - self._since_s(self._up)))

    async def _break(self) -> None:
        """What is to break, when it is to."""
        own = self._own
        if own is None:
            return
        faults: list[tuple[float, str, Callable[[], bool]]] = []
        if self._order.kill_gateway_at_s is not None:
            faults.append((self._order.kill_gateway_at_s, "gateway", own.kill_gateway))
        if self._order.kill_broker_at_s is not None:
            faults.append((self._order.kill_broker_at_s, "broker", own.kill_broker))
        for at_s, what, kill in sorted(faults, key=lambda fault: fault[0]):
            await asyncio.sleep(max(0.0, at_s - self._since_s(self._up)))
            # The one may be on its way back from the other's end.
            while not kill():  # noqa: ASYNC110  another process has no event
                await asyncio.sleep(KILL_AGAIN_S)
            self._tally.note(what, "killed")

    async def _drain(self, ledger: Ledger) -> None:
        """Until all is answered and handed on, and nobody waits for Ana; or it takes too long."""
        self._watcher.stage("draining", max(1, self._tally.waits))
        most = self._tally.waits
        deadline = time.monotonic() + DRAIN_WITHIN_S
        ours = self._tally.identities.keys()
        while time.monotonic() < deadline:
            self._watcher.at(most - self._tally.waits)
            at_rest = not self._tally.waits and self._ana.idle
            if at_rest and not await asyncio.to_thread(ledger.waiting, ours):
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look_at(self, house: House) -> None:
        """What everything uses, until cancelled."""
        while True:
            broker = house.broker_pid()
            pids = {"gateway": parent_of(broker), "broker": broker, "fleet": os.getpid()}
            self._usage.sample(pids)
            await asyncio.sleep(SAMPLE_EVERY_S)

    def _gateway_says(self, line: Mapping[str, Any]) -> None:
        if line.get("level") in ("warning", "error"):
            self._tally.note("gateway", "says", words=str(line.get("event")))

    # --- small things ---------------------------------------------------------------------------

    async def _perform(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of *work*. Raises, at once, what ended a part that should not have ended."""
        playing = asyncio.create_task(work)
        try:
            both: set[asyncio.Future[Any]] = {playing, self._trouble}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self._trouble.done():
                self._trouble.result()
            return playing.result()
        finally:
            playing.cancel()

    def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Does *work* until the end."""
        task = asyncio.create_task(work)
        self._parts.add(task)
        task.add_done_callback(self._part_ended)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        self._parts.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._trouble.done():
            self._trouble.set_exception(error)

    async def _end_parts(self) -> None:
        parts = list(self._parts)
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)

    @staticmethod
    def _since_s(began: float) -> float:
        return time.monotonic() - began


def _but_closed_sockets(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """aiomqtt asks the loop to watch a socket that the broker's end may have closed just then; the
    connection is known to be lost all the same."""
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno == errno.EBADF):
        loop.default_exception_handler(context)


def _check_files(devices: int) -> None:
    allowed = raise_file_limit()
    needed = devices + OTHER_FILES
    if allowed < needed:
        raise WrongUse(
            f"A fleet of {devices} needs {needed} open files and this system allows {allowed}; "
            f"raise that with 'ulimit -n {needed}', or take fewer devices."
        )
