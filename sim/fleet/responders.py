"""Ana, who answers every alert of a fleet: on her way, there, done. By the links on her phone and
the page's own buttons, as a person does, and faster than any."""

import asyncio
import random
from collections.abc import Callable

import httpx

from sim.phone import PhoneMessage
from sim.responder import PageError, Responder

ANA = "ana"
# From the message to "on my way", from there to the door, from the door to the end of it.
READS_S = (1.0, 4.0)
WALKS_S = (1.0, 4.0)
STAYS_S = (1.0, 4.0)
# What it was, by the programme's own list (gateway/backend/policy.py).
OUTCOME = "fine"
# A page that does not do as asked: they have called again from inside, or the gateway starts again.
TRIES = 5
# Pages open at once; more would be a load of its own.
AT_ONCE = 8


class Ana:
    """`hears(message)` for each on her phone; `run()` until cancelled. answered: alerts closed.
    given_up: alerts whose page would not close. on_going(unit): she opens the page to say that she
    is on her way."""

    def __init__(self, chance: random.Random, on_going: Callable[[str], None]) -> None:
        self._chance = chance
        self._on_going = on_going
        # The newest link of each unit that has called her and that she has not closed since.
        self._called: dict[str, str] = {}
        self._going: set[str] = set()
        self._to_go: asyncio.Queue[str] = asyncio.Queue()
        self._pages = asyncio.Semaphore(AT_ONCE)
        self.answered = 0
        self.given_up = 0

    @property
    def idle(self) -> bool:
        """Whether nobody waits for her."""
        return not self._going

    def hears(self, message: PhoneMessage) -> None:
        """Takes note of a call for somebody; what else is on her phone needs nothing of her."""
        urgency, _, unit = message.title.partition(": ")
        if message.person != ANA or urgency not in ("Urgent", "Check in") or not message.link:
            return
        self._called[unit] = message.link
        if unit not in self._going:
            self._going.add(unit)
            self._to_go.put_nowait(unit)

    async def run(self) -> None:
        """Answers whatever comes, side by side."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._see_to(await self._to_go.get()))

    async def _see_to(self, unit: str) -> None:
        """Until this unit has not called again since she closed its alert."""
        while unit in self._called:
            await self._wait(READS_S)
            await self._visit(unit)
        self._going.discard(unit)

    async def _visit(self, unit: str) -> None:
        # The page is plain HTTP on this machine: there is no certificate to look at.
        way = httpx.AsyncHTTPTransport(verify=False)
        async with Responder(self._called[unit], way) as responder:
            try:
                async with self._pages:
                    self._on_going(unit)
                    await responder.on_my_way()
                await self._wait(WALKS_S)
                async with self._pages:
                    await responder.arrived()
            except PageError:
                # A reminder that came after its alert was closed has no such button.
                pass
            await self._wait(STAYS_S)
            for _ in range(TRIES):
                # What comes from now on is a new call.
                self._called.pop(unit, None)
                try:
                    async with self._pages:
                        await responder.done(OUTCOME)
                except PageError:
                    await self._wait(READS_S)
                else:
                    self.answered += 1
                    return
            self.given_up += 1

    async def _wait(self, between_s: tuple[float, float]) -> None:
        await asyncio.sleep(self._chance.uniform(*between_s))
