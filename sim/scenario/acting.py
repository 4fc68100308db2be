"""Does what a cue, or somebody at the studio, says: each action carried to whoever it is about."""

import asyncio
import random
from typing import Any

from gateway.errors import GatewayError
from sim import interpreter
from sim.building.asgi_wire import Backend
from sim.building.pipe import Weather
from sim.building.releases import release
from sim.building.way import Air
from sim.people.doings import Doing as RealDoing
from sim.radars.breathing import BreathingRadar
from sim.radars.line import Quirks
from sim.radars.presence import PresenceRadar
from sim.rooms.things import Curtain, Fan
from sim.scenario import actions
from sim.scenario.cast import Cast, Device
from sim.scenario.responding import Responding
from sim.virtual.battery import Battery
from sim.virtual.loop import VirtualLoop

# Between two taps of one press, and how long a finger stays down (doorknock/button.py waits 600 ms
# for the next).
TAP_MS = 80
BETWEEN_TAPS_MS = 220
# Real seconds after which a board that is told to hang does.
_HANG_LIMIT_S = 1.0
# Releases whose boards hang.
_HANGING = ("hangs", "restless")
# What no test of a part can bring about: the light's task ends in the middle of its work.
_FALLS = """
from doorknock import signals
def fall(self, now): raise RuntimeError("nobody thought of this")
signals.Signals.advance = fall
"""
# A broker that is full takes in nothing for those who are away.
_SPLIT_BYTES = 7
# An LD2410's state: bit 0 moving, bit 1 still.
_SOMEBODY_STILL = 2


class Impossible(ValueError):
    """This cannot be done now. `str()` is one sentence."""


class Acting:
    """Carries out actions. Raises Impossible, or ValueError of one sentence."""

    def __init__(
        self, loop: VirtualLoop, cast: Cast, responding: Responding, chance: random.Random
    ) -> None:
        self._loop = loop
        self._cast = cast
        self._responding = responding
        self._chance = chance
        self._tasks: set[asyncio.Task[Any]] = set()

    def person(self, who: str, doing: RealDoing) -> None:
        """Somebody begins to do this now."""
        self._cast.people[who].do(doing, self._loop.now_ms)

    def act(self, action: actions.Action) -> None:
        """Does it now."""
        match action:
            case actions.Press() | actions.Power() | actions.BatteryIs():
                self._to_board(action)
            case actions.Forget() | actions.Hang() | actions.Fall():
                self._to_board(action)
            case actions.Update():
                self._update(action)
            case actions.RadarIs():
                self._radar(self._device(action.board, sensor=True), action)
            case actions.ThingIs():
                self._thing(action)
            case actions.Respond():
                self._responding.respond(action, action.unit or "")
            case actions.PhoneIs():
                phone = self._cast.building.phones[action.who]
                phone.undeliverable = action.to == "off"
                phone.silent = action.to == "silent"
            case actions.Nothing():
                pass
            case _:
                self._to_building(action)

    # --- boards ----------------------------------------------------------------------------

    def _device(self, name: str | None, *, sensor: bool | None = None) -> Device:
        fitting = [
            device
            for device in self._cast.devices.values()
            if name in (None, device.name)
            and (sensor is None or (device.spec.board == "sensor") == sensor)
        ]
        if len(fitting) != 1:
            raise Impossible(f"Which board is meant by {name!r}?")
        return fitting[0]

    def _to_board(self, action: Any) -> None:
        device = self._device(action.board)
        board = device.board
        match action:
            case actions.Press(taps=taps, hold=hold):
                for tap in range(taps):
                    at = self._loop.now_ms + tap * (TAP_MS + BETWEEN_TAPS_MS)
                    self._loop.at(at, board.press, "button", hold or TAP_MS, self._chance)
            case actions.Power(to="on"):
                board.power_on()
            case actions.Power(to="off"):
                board.power_cut()
            case actions.Power(writes=writes):
                board.power_cut_in_writing(writes)
            case actions.BatteryIs(left=float(left)):
                board.battery = Battery(left, device.spec.battery_mah)
            case actions.BatteryIs(volts=float(volts)):
                board.battery_now(round(1000 * volts))
            case actions.Fall():
                board.console(_FALLS)
            case actions.Hang():
                # It will not come back, and that need not be waited for as long as for others.
                board.hang_limit_s = _HANG_LIMIT_S
                board.console("while True: pass")
            case actions.Forget(what="rtc"):
                board.lose_rtc()
            case actions.Forget():
                board.lose_setting("boot")

    def _update(self, action: actions.Update) -> None:
        everybody = list(self._cast.devices.values())
        chosen = everybody if action.board is None else [self._device(action.board)]
        if action.fault in _HANGING:
            for device in chosen:
                device.board.hang_limit_s = _HANG_LIMIT_S
        made = release(interpreter.firmware_folder(), action.to, action.fault)
        try:
            self._cast.building.gateway.update(made, [one.id for one in chosen])
        except GatewayError as trouble:
            raise Impossible(str(trouble)) from None

    def _radar(self, device: Device, action: actions.RadarIs) -> None:
        radar, now = device.radar, self._loop.now_ms
        if radar is None:
            raise Impossible(f"{device.name} has no radar.")
        match action.to:
            case "silent":
                radar.stall(now)
            case "restart":
                radar.restart(now)
            case "slow":
                radar.set_rate(action.rate, now)
            case "noisy":
                radar.line.quirks.noise = action.share
            case "dropping":
                radar.line.quirks.drops = action.share
            case "split":
                radar.line.quirks.splits = action.share
            case "late":
                radar.line.quirks.late_ms = action.by
            case "stuck":
                radar.stick(True, now)
            case "flag_stuck" if isinstance(radar, BreathingRadar):
                radar.stick_flag(True, now)
            case "flag_stuck" if isinstance(radar, PresenceRadar):
                radar.stick_flag(_SOMEBODY_STILL, now)
            case "gives_up" if isinstance(radar, BreathingRadar):
                radar.give_up_after(action.by / 1000, now)
            case "well":
                radar.line.quirks = Quirks()
                radar.stick(False, now)
                if isinstance(radar, BreathingRadar):
                    radar.stick_flag(False, now)
                else:
                    radar.stick_flag(None, now)
                radar.resume(now)
            case _:
                raise Impossible(f"{device.name}'s radar, a {device.spec.radar}, cannot do that.")

    def _thing(self, action: actions.ThingIs) -> None:
        room = self._cast.rooms[action.unit]
        kind = Fan if action.kind == "fan" else Curtain
        found = [thing for thing in room.things if isinstance(thing, kind)]
        if not found:
            raise Impossible(f"There is no {action.kind} in {action.unit}.")
        for thing in found:
            thing.on = action.to == "on"
        room.changed()

    # --- the building ----------------------------------------------------------------------

    def _to_building(self, action: actions.Action) -> None:
        building = self._cast.building
        match action:
            case actions.AccessPoint(to="address_changed"):
                building.way.move("192.0.2.77")
            case actions.AccessPoint(to=to):
                building.way.turn(Air(to))
            case actions.Network():
                self._network(action)
            case actions.Broker():
                self._broker(action)
            case actions.Gateway(to="up"):
                building.gateway.start()
            case actions.Gateway(to="dies"):
                building.gateway.die_in_commit()
            case actions.Gateway():
                self._run(building.gateway.kill())
            case actions.Backend(to="up"):
                building.backend.start()
                building.set_backend(Backend.UP)
            case actions.Backend(to="restart"):
                self._run(self._restart_backend())
            case actions.Backend(to="slow", by=by):
                building.set_backend(Backend.UP, slowness_s=by / 1000)
            case actions.Backend(to=to):
                building.set_backend(Backend(to))
            case _:
                raise Impossible(f"Nobody knows how to do {action.do!r}.")

    def _network(self, action: actions.Network) -> None:
        way = self._cast.building.way
        match action.to:
            case "well":
                way.weather = Weather()
            case "lossy":
                way.weather = Weather(loss=action.share)
            case "split":
                way.weather = Weather(split=_SPLIT_BYTES)
            case "slow":
                way.weather = Weather(delay_ms=action.by)
            case "half_open":
                way.half_open()
            case "hang_up":
                way.hang_up()

    def _broker(self, action: actions.Broker) -> None:
        broker = self._cast.building.broker
        match action.to:
            case "up":
                broker.start()
            case "down":
                broker.kill()
            case "wiped":
                broker.kill(wipe=True)
                broker.start()
            case "slow":
                broker.slowness_s = action.by / 1000
            case "full":
                broker.queued_bytes = 0
            case "well":
                broker.slowness_s = 0.0
                broker.queued_bytes = type(broker)(self._loop).queued_bytes

    async def _restart_backend(self) -> None:
        await self._cast.building.backend.kill()
        self._cast.building.backend.start()

    def _run(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
