"""Those with phones: who answers a call, after how long, and what they then do."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from sim.building.building import Building
from sim.building.people import NoMessage
from sim.responder import PageError
from sim.scenario.actions import Respond
from sim.scenario.format import Responder
from sim.scenario.record import Record, Records

_ASKING = ("raised", "notified")


class Responding:
    """Answers for everybody who has been said to answer. on_fault: what has gone wrong with it."""

    def __init__(self, responders: list[Responder], building: Building, records: Records) -> None:
        self._who = {one.name: one for one in responders}
        self._building = building
        self._records = records
        # What is known of each unit's alert: its state, and who is on their way.
        self._state: dict[str, str] = {}
        self._going: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        records.listen(self._seen)

    def respond(self, action: Respond, unit: str) -> None:
        """Somebody does this on the page now."""
        self._run(self._press(action.who, unit, action.what, action.outcome))

    def stop(self) -> None:
        """Nobody does anything more."""
        for task in self._tasks:
            task.cancel()

    def _seen(self, record: Record) -> None:
        if record.event == "alert":
            self._state[record.unit] = str(record.data["state"])
        elif record.event == "message":
            who = self._who.get(str(record.data["person"]))
            if who is not None and who.answers_after is not None and record.unit:
                self._run(self._answers(who, record.unit, who.answers_after))

    async def _answers(self, who: Responder, unit: str, after_ms: int) -> None:
        if (who.name, unit) in self._going or self._state.get(unit) not in _ASKING:
            return
        self._going.add((who.name, unit))
        try:
            await asyncio.sleep(after_ms / 1000)
            # Whoever sees that somebody else is on the way stays.
            if self._state.get(unit) not in _ASKING:
                return
            if not await self._press(who.name, unit, "on_my_way") or who.arrives_after is None:
                return
            await asyncio.sleep(who.arrives_after / 1000)
            if not await self._press(who.name, unit, "arrived") or who.done_after is None:
                return
            await asyncio.sleep(who.done_after / 1000)
            await self._press(who.name, unit, "done", who.outcome)
        finally:
            self._going.discard((who.name, unit))

    async def _press(self, name: str, unit: str, what: str, outcome: str = "") -> bool:
        """Whether the page took it. What it did not is in the records, and is no failure: pages
        say no to whoever comes too late."""
        person = self._building.responders[name]
        self._tell(name, unit, what, outcome)
        try:
            match what:
                case "on_my_way":
                    await person.on_my_way(unit)
                case "cannot_go":
                    await person.cannot_go(unit)
                case "arrived":
                    await person.arrived(unit)
                case _:
                    await person.done(outcome, unit)
        except (PageError, NoMessage) as trouble:
            self._tell(name, unit, "finds that it cannot be done", str(trouble))
            return False
        return True

    def _tell(self, name: str, unit: str, what: str, more: str) -> None:
        t_ms = round(self._building.loop.time() * 1000)
        data = {"what": what, **({"outcome": more} if more else {})}
        self._records.add(Record(t_ms, name, "does", data, unit))

    def _run(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
