"""The studio's world: a scenario's own, looked at and acted upon from outside.

A virtual loop is driven by hand: each `advance` runs it up to a moment, and between two of them
nothing moves.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.people.condition import Posture
from sim.scenario.format import Scenario
from sim.scenario.load import load
from sim.scenario.record import Record
from sim.scenario.world import World
from sim.studio.acts import Acts
from sim.studio.floor_plan import floor_plan, on_plan
from sim.studio.radar_tap import RadarTap, Reading
from sim.studio.telling import News, news_of
from sim.studio.world import Sample, WorldEnded
from sim.virtual.life import State
from sim.virtual.loop import VirtualLoop, VirtualTimeError

# As often as the breathing radars, 8 to 20 times a second, and often enough for a heartbeat.
_SAMPLE_MS = 100
# A sample of the radar older than this is none.
_RADAR_OLD_MS = 350
_POSTURES = {
    Posture.AWAY.value: "outside",
    Posture.STANDING.value: "standing",
    Posture.SITTING.value: "sitting",
    Posture.LYING.value: "lying",
    Posture.FALLEN.value: "fallen",
}
# How people lie, on the page: along the bed, and askew on the floor.
_FACING_DEG = {"lying": 0, "sleeping": 0, "fallen": 25}
_SLOW, _WEAK = 0.65, 0.6
_OPEN = ("raised", "notified", "attending", "arrived")


class Simulated:
    """See sim.studio.world.StudioWorld. Raises WorldEnded where it cannot begin."""

    def __init__(self, path: Path, *, seed: int, language: str) -> None:
        self._loaded = load(path)
        self._scenario = scenario = self._loaded.scenario
        self._seed, self._language = seed, language
        self._folder = Path(tempfile.mkdtemp(prefix="doorknock-studio-"))
        self._loop = VirtualLoop(real_limit_s=None)
        self._world = World(scenario, seed, self._folder, loop=self._loop, language=language)
        cast = self._world.cast
        self.unit = shown_unit(scenario)
        self._room = cast.rooms[self.unit]
        self._devices = [one for one in cast.devices.values() if one.spec.unit == self.unit]
        self._kinds = {one.name: str(one.spec.board) for one in self._devices}
        self._sensor = next((one for one in self._devices if one.spec.board == "sensor"), None)
        self._tap: RadarTap | None = None
        if self._sensor is not None and self._sensor.radar is not None:
            self._tap = RadarTap(self._sensor.radar)
            self._sensor.board.radar = self._tap
        self._radar: list[Reading] = []
        self._waved_ms = 0
        self._news: list[News] = []
        self._lights = dict.fromkeys(self._kinds, "none")
        self._alert: dict[str, Any] | None = None
        self._messages: dict[str, list[dict[str, Any]]] = {}
        self._acts = Acts(self._world, self.unit, self._tell)
        self._world.records.listen(self._seen)
        self._run(self._world.start())

    @property
    def now_ms(self) -> int:
        """See StudioWorld."""
        return self._loop.now_ms

    def scene(self) -> dict[str, Any]:
        """See StudioWorld."""
        boards = [one for one in self._world.snapshot()["boards"] if one["unit"] == self.unit]
        staff = {one.name for one in self._scenario.responders if one.staff}
        return {
            "title": self._scenario.title,
            "seed": self._seed,
            "room": floor_plan(self._room.layout(), boards),
            "people": [{"id": one.name, "name": one.name.title()} for one in self._room.people],
            "phones": [
                {"id": name, "name": name.title()}
                for name in self._world.cast.building.responders
                if name not in staff
            ],
            "devices": [
                {"id": one.name, "kind": one.spec.board, "unit": self.unit} for one in self._devices
            ],
        }

    def advance(self, until_ms: int) -> None:
        """See StudioWorld."""
        self._run(self._world.advance(until_ms))

    def act(self, act: Mapping[str, Any]) -> None:
        """See StudioWorld."""

        async def within_the_loop() -> None:
            self._acts.act(act)

        self._run(within_the_loop())

    def news(self) -> Sequence[Mapping[str, Any]]:
        """See StudioWorld."""
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        """See StudioWorld."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(VirtualTimeError):
            self._loop.run_until_complete(self._world.stop())
        self._world.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with contextlib.suppress(VirtualTimeError):
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- what is seen -------------------------------------------------------------------------

    def _seen(self, record: Record) -> None:
        if record.event == "light" and record.device in self._lights:
            self._lights[record.device] = str(record.data["state"])
        elif record.event in ("off", "start") and record.device in self._lights:
            self._lights[record.device] = "none"
        elif record.event == "message":
            message = {
                "t_ms": record.t_ms,
                "title": record.data["title"],
                "body": record.data["text"],
            }
            self._messages.setdefault(str(record.data["person"]), []).append(message)
        elif record.event == "alert" and record.unit == self.unit:
            self._alert = dict(record.data)
        if news := news_of(record, self._kinds):
            self._news.append(news)

    def _tell(self, key: str, **values: Any) -> None:
        self._news.append({"t_ms": self.now_ms, "key": key, **values})

    def wave(self) -> Sequence[Sample]:
        """See StudioWorld."""
        person = self._watched()
        if self._tap is not None:
            self._radar += self._tap.heard()
        if person is None:
            self._waved_ms = self.now_ms
            self._radar.clear()
            return ()
        begins = self._waved_ms + _SAMPLE_MS
        mms = person.waveform(begins, self.now_ms, _SAMPLE_MS) if begins <= self.now_ms else []
        samples = []
        place, heard = 0, None
        for number, mm in enumerate(mms):
            t_ms = begins + number * _SAMPLE_MS
            while place < len(self._radar) and self._radar[place][0] <= t_ms:
                heard = self._radar[place]
                place += 1
            fresh = heard is not None and t_ms - heard[0] <= _RADAR_OLD_MS
            samples.append(Sample(t_ms, mm, heard[1] if heard and fresh else None))
            self._waved_ms = t_ms
        # The newest that was taken may still be the newest at the next sample.
        del self._radar[: max(place - 1, 0)]
        return samples

    def _watched(self) -> Any:
        """Whose chest is shown: the first who is in the room."""
        inside = [one for one in self._room.people if one.state(self.now_ms).here]
        return inside[0] if inside else None

    def picture(self) -> dict[str, Any]:
        """See StudioWorld."""
        watched = self._watched()
        return {
            "people": [self._person(one) for one in self._room.people],
            "wave_of": watched.name if watched else None,
            "devices": {
                one.name: {
                    "light": self._lights[one.name],
                    "power": one.board.state is not State.OFF,
                }
                for one in self._devices
            },
            "sensor": self._sensor_now(),
            "way": self._acts.way(),
            "phones": [
                {
                    "id": name,
                    "messages": self._messages.get(name, [])[-5:],
                    "can": self._can(name),
                }
                for name in self._world.cast.building.responders
            ],
            "alert": self._alert_now(),
        }

    def _person(self, person: Any) -> dict[str, Any]:
        state = person.state(self.now_ms)
        posture = _POSTURES[state.posture] if state.here else "outside"
        if state.here and (state.walking or state.posture == Posture.AWAY.value):
            posture = "walking"
        elif state.asleep and posture in ("sitting", "lying"):
            posture = "sleeping"
        slow = state.rate < _SLOW * person.breath.rate
        weak = state.depth < _WEAK
        how = "slow_weak" if slow and weak else "slow" if slow else "weak" if weak else "normal"
        if not state.breathing:
            how = "stopped" if not person.condition.breathing else "held"
        elif self._acts.holds_breath(person.name):
            how = "held"
        return {
            "id": person.name,
            **on_plan(self._room.layout(), state.x, state.y),
            "posture": posture,
            "breathing": how,
            "conscious": state.conscious,
            "facing_deg": _FACING_DEG.get(posture, 90),
        }

    def _sensor_now(self) -> dict[str, Any] | None:
        if self._sensor is None:
            return None
        look = self._sensor.board.look()
        power = self._sensor.board.state is not State.OFF
        return {
            "sees": look.get("room", "unknown") if look.get("power", True) else "off",
            "does": look.get("state", "idle"),
            "tier": "presence" if self._sensor.spec.radar == "ld2410" else "breathing",
            "power": power,
            "faulty": look.get("faulty", False),
        }

    def _alert_now(self) -> dict[str, Any] | None:
        if self._alert is None:
            return None
        state = str(self._alert["state"])
        who = self._alert["arrived"] if state == "arrived" else self._alert["attending"]
        return {
            "kind": self._alert["urgency"],
            "state": state,
            "people": [name.title() for name in _names(who)],
        }

    def _can(self, name: str) -> list[str]:
        """What this person's page offers."""
        if self._alert is None or self._alert["state"] not in _OPEN or name not in self._messages:
            return []
        if name in _names(self._alert["arrived"]):
            return ["done"]
        if name in _names(self._alert["attending"]):
            return ["arrived"]
        return ["on_my_way"]

    def _run(self, work: Any) -> None:
        try:
            self._loop.run_until_complete(work)
        except VirtualTimeError as end:
            raise WorldEnded(str(end).strip().splitlines()[-1]) from end


def shown_unit(scenario: Scenario) -> str:
    """The room that the page shows: where there are people and a sensor, else the first."""
    sensors = [board.unit for board in scenario.boards if board.board == "sensor"]
    people = [person.unit for person in scenario.people]
    both = [unit for unit in people if unit in sensors]
    return (both or people or scenario.units)[0]


def _names(said: object) -> list[str]:
    return [name for name in str(said).split(", ") if name]
