"""The world of a scenario: people in rooms, boards, a building and its people with phones.

Composes what the other rooms of the simulator make, and writes down what is seen. Everything in it
lives in the virtual time of one loop.

    world = World(scenario, seed, folder, loop=loop)
    loop.run_until_complete(world.play())            # or, for somebody who watches:
    await world.start(); await world.advance(60_000); world.act(action); world.snapshot()
"""

import asyncio
import random
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sim.devices.board_line import BoardLine
from sim.people.doings import Doing
from sim.scenario import actions, doings
from sim.scenario.acting import Acting
from sim.scenario.cast import cast_of
from sim.scenario.cues import Cues
from sim.scenario.format import AnyAction, BoardSpec, Cue, Scenario
from sim.scenario.record import Record, Records
from sim.scenario.responding import Responding
from sim.scenario.seeing import of_board, of_building
from sim.scenario.sense import times_of
from sim.scenario.snapshot import snapshot
from sim.virtual.loop import VirtualLoop, VirtualTimeError

_ACTION: TypeAdapter[Any] = TypeAdapter(AnyAction)


class CueFailed(VirtualTimeError):
    """Something could not be done at its moment. `str()` says which, when and why."""


class World:
    """One world, which begins with `start()` and is left with `stop()`, then `close()`.

    folder: what survives in it: flash, databases. records: what was seen so far; moments: when
    what has a name came; cast: everybody and everything. The loop is the caller's. language: that
    of the messages on phones; what a scenario expects is in English.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        folder: Path,
        *,
        loop: VirtualLoop,
        language: str = "en",
    ) -> None:
        self.scenario = scenario
        self.loop = loop
        self.records = Records()
        self._stopped = False
        self.cast = cast_of(
            scenario, seed, folder, loop, self._board_did, self._building_told, language
        )
        self._responding = Responding(scenario.responders, self.cast.building, self.records)
        chance = random.Random(f"{seed}/hands")
        self._acting = Acting(loop, self.cast, self._responding, chance)
        self._cues = Cues(loop, self.records, self._cue)

    @property
    def moments(self) -> dict[str, int]:
        """When each name came first, in ms."""
        return self._cues.moments

    async def play(self) -> None:
        """From the beginning to the end. Raises VirtualTimeError where it cannot go on."""
        await self.start()
        try:
            await self.advance(self.scenario.length)
        finally:
            await self.stop()

    async def start(self) -> None:
        """Gateway and backend run, boards have power, and plans and cues take their course."""
        building = self.cast.building
        await building.start()
        building.way.weather.delay_ms = self.scenario.building.delay
        for device in self.cast.devices.values():
            if device.spec.powered:
                device.board.power_on()
        for person in self.scenario.people:
            for at, step in zip(times_of(person), person.plan, strict=True):
                name = step.name or step.doing.do
                self.loop.at(at, self._step, person.name, name, step.doing)
        self._cues.begin(self.scenario.cues)

    async def advance(self, until_ms: int) -> None:
        """Lets the world go on to this ms."""
        await asyncio.sleep(max(0, until_ms - self.loop.now_ms) / 1000)

    def act(self, action: dict[str, Any], who: str = "") -> None:
        """Does this now: an action, or with *who* a doing, as a cue would write it, in a table.

        ValueError, one sentence, where it cannot be done (pydantic's own for what is no action).
        """
        meant = _ACTION.validate_python(action)
        if isinstance(meant, doings.Doing):
            self._does(who, meant)
        else:
            self._do(meant)

    def snapshot(self) -> dict[str, Any]:
        """How everything is now, as plain data; see snapshot.py."""
        return snapshot(self.loop.now_ms, self.cast, self.records)

    async def stop(self) -> None:
        """Everything ends: nothing more is seen."""
        self._stopped = True
        self._responding.stop()
        for device in self.cast.devices.values():
            device.board.close()
        await self.cast.building.stop()

    def close(self) -> None:
        """Ends the boards' processes, also where the loop could not go on."""
        self._stopped = True
        for device in self.cast.devices.values():
            device.board.close()
        self.cast.building.abandon()

    # --- what is done ----------------------------------------------------------------------

    def _cue(self, cue: Cue) -> None:
        try:
            if isinstance(cue.action, doings.Doing):
                self._does(cue.who or "", cue.action)
            else:
                said = cue.action.model_dump(exclude_defaults=True)
                self._see("cue", cue.name or cue.action.do, said)
                self._do(cue.action)
        except (ValueError, RuntimeError) as trouble:
            name = cue.name or cue.action.do
            self.loop.fail(CueFailed(f"{name!r} cannot be done at {self._at()} s: {trouble}"))

    def _do(self, action: actions.Action) -> None:
        self._acting.act(action)

    def _does(self, who: str, doing: doings.Doing) -> None:
        meant: Doing = doing.meant()
        if who not in self.cast.people:
            known = ", ".join(self.cast.people)
            raise ValueError(f"There is nobody called {who!r}; there are {known}.")
        self._acting.person(who, meant)
        self._tell_of(who, doing)

    def _step(self, who: str, name: str, doing: doings.Doing) -> None:
        """A step of a plan: the person does it by themselves; here it gets its name and is told."""
        person = self.cast.people[who]
        person.lay(self.loop.time())
        skipped = [why for step, why in person.skipped if step.at_s == self.loop.time()]
        if skipped:
            self._see(who, "skips", {"what": doing.do, "because": skipped[0]}, self._unit(who))
            return
        self._tell_of(who, doing)
        self._cues.came(name)

    def _tell_of(self, who: str, doing: doings.Doing) -> None:
        said = doing.model_dump(exclude_unset=True)
        self._see(who, "does", {"what": said.pop("do"), **said}, self._unit(who))

    def _unit(self, who: str) -> str:
        return next(person.unit for person in self.scenario.people if person.name == who)

    # --- what is seen ----------------------------------------------------------------------

    def _board_did(self, spec: BoardSpec, line: BoardLine) -> None:
        record = of_board(self.loop.now_ms, spec.called, spec.unit, line)
        if record is not None and not self._stopped:
            self.records.add(record)

    def _building_told(self, told: dict[str, Any]) -> None:
        if self._stopped:
            return
        device = str(told.get("device", ""))
        board = next((one.name for one in self.cast.devices.values() if one.id == device), "")
        unit = next((one.spec.unit for one in self.cast.devices.values() if one.id == device), "")
        record = of_building({"unit": unit, **told}, board, self.scenario.units)
        self.records.add(record)

    def _see(self, device: str, event: str, data: dict[str, Any], unit: str = "") -> None:
        self.records.add(Record(self.loop.now_ms, device, event, data, unit))

    def _at(self) -> str:
        return f"{self.loop.time():g}"
