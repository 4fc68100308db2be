"""A person in a room: a plan of doings, live doings, and what a radar could see of them."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from sim.people import doings
from sim.people.body import Breath, Heart, somebody
from sim.people.chest import Chest, Floats
from sim.people.condition import Condition, after
from sim.people.doings import Doing, Where
from sim.people.leans import Leans
from sim.people.manner import ASLEEP, AWAKE, QUIET, RESTLESS
from sim.people.path import BED_M, FLOOR_M, SITTING_M, STANDING_M, Leg, Path
from sim.people.plan import Step, checked, with_step
from sim.people.seen import PersonState, Seen

# Whoever comes in shuts the door and locks it; whoever goes opens it going (assumption).
_COMING_S, _GOING_S = (1.0, 2.5), (0.4, 1.0)
# To turn to where one is going, in which the trunk moves by 30 to 100 mm (assumption).
_TURN_TAKES_S = (0.5, 1.0)
_NO_WAY_M = 0.05
# Whose chest is so high stands.
_STANDS_FROM_M = 1.1
# Asleep people breathe a little slower and more evenly (assumption).
_ASLEEP_PACE, _NODDING_PACE, _NODDING_DEPTH = 0.9, 0.85, 0.8


class Ground(Protocol):
    """What a person must know of the room they are in."""

    def spot(self, where: Where) -> tuple[float, float]:
        """The place of this name, or the point itself; ValueError when there is none."""
        ...

    def is_bed(self, where: Where) -> bool:
        """Whether one lies high there."""
        ...

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """The point, or the nearest one within the walls."""
        ...


class Person:
    """Somebody. The same name, seed and doings give the same movements."""

    def __init__(
        self,
        name: str,
        plan: Sequence[tuple[float, Doing]] = (),
        *,
        seed: str = "1",
        breath: Breath | None = None,
        heart: Heart | None = None,
    ) -> None:
        """Raises PlanError (a ValueError of one sentence) when the plan is impossible."""
        own_breath, own_heart = somebody(random.Random(f"{seed}/{name}/body"))
        self.name = name
        self.version = 0  # rises with every live doing
        self.breath = breath or own_breath
        self.planned = checked(name, plan)
        self.skipped: list[tuple[Step, str]] = []  # planned, and no longer possible when due
        self._seed = f"{seed}/{name}"
        self._left = list(self.planned)
        self._chest = Chest(f"{self._seed}/chest", replace(self.breath), heart or own_heart)
        self._leans = Leans(f"{self._seed}/leans")
        self._path = Path()
        self._ground: Ground | None = None
        self._laid_s = 0.0
        self._done = 0  # doings so far: each throws its own dice
        self._conditions: list[tuple[float, Condition, str]] = [(-math.inf, Condition(), "")]

    # --- doing ----------------------------------------------------------------------------------

    def in_room(self, ground: Ground) -> None:
        """Belongs to this room. ValueError when the plan names a place that it lacks."""
        for number, step in enumerate(self.planned):
            for where in (getattr(step.doing, name, None) for name in ("to", "at")):
                if where is not None:
                    try:
                        ground.spot(where)
                    except ValueError as error:
                        raise ValueError(
                            f"{self.name}'s plan, step {number + 1}: {error}"
                        ) from None
        self._ground = ground

    @property
    def next_s(self) -> float:
        """When the next doing of the plan is due; inf: none is left."""
        return self._left[0].at_s if self._left else math.inf

    def do(self, doing: Doing, at_ms: int) -> None:
        """Does this now; the plan goes on after it as far as it can.

        ValueError of one sentence when it cannot be done; nothing has then changed.
        """
        self._settle(at_ms / 1000)
        self._apply(Step(max(at_ms / 1000, self._laid_s), doing))
        self.version += 1

    def lay(self, until_s: float) -> None:
        """Carries out what the plan has up to then. What has become impossible is skipped."""
        while self._left and self._left[0].at_s <= until_s:
            step = self._left.pop(0)
            try:
                self._apply(step)
            except ValueError as error:
                if not step.by_itself:
                    self.skipped.append((step, str(error)))

    def _settle(self, now_s: float) -> None:
        self.lay(now_s)
        self._laid_s = max(self._laid_s, now_s)

    def _apply(self, step: Step) -> None:
        now_s, doing = step.at_s, step.doing
        condition = after(self.condition, doing, self.name)
        self._carry_out(doing, now_s, random.Random(f"{self._seed}/{self._done}"))
        self._done += 1
        self._conditions.append((now_s, condition, doing.called))
        self._left = with_step(self._left, step)
        self._laid_s = max(self._laid_s, now_s)

    @property
    def condition(self) -> Condition:
        """How they are after the last doing."""
        return self._conditions[-1][1]

    def _condition_at(self, now_s: float) -> tuple[Condition, str]:
        return next(
            (one, called) for at_s, one, called in reversed(self._conditions) if at_s <= now_s
        )

    def _carry_out(self, doing: Doing, now_s: float, chance: random.Random) -> None:
        chest, leans, path = self._chest, self._leans, self._path
        match doing:
            case doings.Enter(to, speed):
                spot = self._spot(to)
                path.call_off(now_s)
                if path.kind(now_s) is Leg.AWAY:
                    path.appear(now_s, (*self._spot("door"), STANDING_M))
                self._awake(now_s)
                leans.sway(path.walk(self._at_the_door(now_s, chance, _COMING_S), spot, speed))
            case doings.Move(to, speed):
                spot = self._spot(to)
                leans.sway(path.walk(self._turn(now_s, spot, chance), spot, speed))
            case doings.Sit(at, speed):
                spot = self._spot(at)
                path.settle(self._walk_over(now_s, spot, speed, chance), SITTING_M)
            case doings.Lie(at, speed):
                on_bed = self._ground is not None and self._ground.is_bed(at)
                spot = self._spot(at)
                down_s = self._walk_over(now_s, spot, speed, chance)
                path.settle(down_s, BED_M if on_bed else FLOOR_M)
            case doings.Stand():
                self._up(now_s)
                leans.sway(path.settle(now_s, STANDING_M))
            case doings.Leave(speed):
                door = self._spot("door")
                at_door_s = path.walk(self._turn(now_s, door, chance), door, speed)
                path.disappear(self._at_the_door(at_door_s, chance, _GOING_S))
            case doings.Sleep():
                leans.live(now_s, ASLEEP)
                chest.steady = 0.5
                chest.change(now_s, self.breath.rate * _ASLEEP_PACE, None, 60.0)
            case doings.NodOff(sags_mm):
                leans.shift(now_s, -sags_mm, 2.5)
                leans.live(now_s, ASLEEP)
                rate, depth = chest.rate_and_depth(now_s)
                chest.change(now_s, rate * _NODDING_PACE, depth * _NODDING_DEPTH, 20.0)
            case doings.Wake():
                leans.shift(now_s, chance.uniform(15, 50), 1.5)
                self._awake(now_s)
            case doings.BeRestless():
                leans.live(now_s, RESTLESS)
            case doings.Rest():
                leans.live(now_s, AWAKE)
            case doings.Fidget(mm, lasts_s):
                leans.bump(now_s, chance.choice([-1, 1]) * mm, lasts_s)
            case doings.Cough(times):
                for _ in range(round(times)):
                    mm = chance.choice([-1, 1]) * chance.uniform(3, 25)
                    leans.bump(now_s, mm, chance.uniform(0.2, 0.5))
                    now_s += chance.uniform(0.3, 0.9)
            case _:
                self._breathe_otherwise(doing, now_s, chance)

    def _breathe_otherwise(self, doing: Doing, now_s: float, chance: random.Random) -> None:
        chest, leans, path = self._chest, self._leans, self._path
        match doing:
            case doings.HoldBreath(seconds):
                chest.hold(now_s, seconds)
            case doings.Breathe(rate, depth, over_s):
                chest.change(now_s, rate, depth, over_s)
            case doings.Use(over_s, rate, depth):
                chest.change(now_s, rate, depth, over_s)
                leans.live(now_s, ASLEEP)
            case doings.PassOut():
                self._lose_control(now_s)
            case doings.StopBreathing(heart_stops_after_s):
                self._lose_control(now_s)
                still_s = chest.stop(now_s)
                if heart_stops_after_s is not None:
                    chest.heart_stops_s = still_s + heart_stops_after_s
            case doings.Collapse(breathes, lasts_s):
                self._lose_control(now_s)
                leans.still(now_s)
                turn, far = chance.uniform(0, math.tau), chance.uniform(0.3, 0.8)
                x, y, _ = path.at(now_s)
                to = self._inside(x + far * math.cos(turn), y + far * math.sin(turn))
                down_s = path.fall(now_s, (to[0] - x, to[1] - y), lasts_s)
                if not breathes and self.condition.breathing:
                    chest.stop(down_s, at_once=True)
            case doings.BeFound(lasts_s):
                until_s = now_s + lasts_s
                while now_s < until_s:
                    mm = chance.choice([-1, 1]) * chance.uniform(5, 40)
                    leans.bump(now_s, mm, chance.uniform(0.4, 1.2))
                    now_s += chance.uniform(0.5, 3)
            case doings.Revive(over_s):
                if not self.condition.breathing:
                    chest.begin(now_s)
                chest.heart_stops_s = math.inf
                chest.change(now_s, self.breath.rate, 1.0, over_s)
                leans.shift(now_s, chance.uniform(10, 40), 1.0)
                leans.live(now_s, AWAKE)

    def _awake(self, now_s: float) -> None:
        self._leans.live(now_s, AWAKE)
        self._chest.steady = 1.0
        if self.condition.asleep:
            self._chest.change(now_s, self.breath.rate, 1.0, 20.0)

    def _up(self, now_s: float) -> None:
        self._path.call_off(now_s)
        self._leans.still(now_s)
        self._leans.cease(now_s)
        self._awake(now_s)

    def _at_the_door(
        self, now_s: float, chance: random.Random, takes_s: tuple[float, float]
    ) -> float:
        """Opens the door, or shuts it; when that is done, s."""
        until_s = now_s + chance.uniform(*takes_s)
        while now_s < until_s:
            lasts_s = chance.uniform(0.4, 0.8)
            self._leans.bump(now_s, chance.choice([-1, 1]) * chance.uniform(20, 80), lasts_s)
            now_s += lasts_s
        return until_s

    def _turn(self, now_s: float, to: tuple[float, float], chance: random.Random) -> float:
        """Gets up, if need be, and turns to where they are going; when that is done, s."""
        self._up(now_s)
        x, y, _ = self._path.at(now_s)
        if math.hypot(to[0] - x, to[1] - y) < _NO_WAY_M:
            return now_s
        up_s = self._path.settle(now_s, STANDING_M)
        lasts_s = chance.uniform(*_TURN_TAKES_S)
        self._leans.bump(up_s, chance.choice([-1, 1]) * chance.uniform(30, 100), lasts_s)
        return up_s + lasts_s

    def _walk_over(
        self, now_s: float, to: tuple[float, float], speed_m_s: float, chance: random.Random
    ) -> float:
        """Goes there, unless they are there; when they have arrived, s."""
        x, y, _ = self._path.at(now_s)
        off_s = self._turn(now_s, to, chance)
        there = math.hypot(to[0] - x, to[1] - y) < _NO_WAY_M
        return off_s if there else self._path.walk(off_s, to, speed_m_s)

    def _lose_control(self, now_s: float) -> None:
        self._path.call_off(now_s)
        self._leans.cease(now_s)
        self._leans.live(now_s, QUIET)

    def _spot(self, where: Where) -> tuple[float, float]:
        if self._ground is None:
            raise ValueError(f"{self.name} belongs to no room yet.")
        return self._ground.spot(where)

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        return self._ground.inside(x, y) if self._ground is not None else (x, y)

    # --- being seen -----------------------------------------------------------------------------

    def seen(self, times: Floats) -> Seen:
        """What there is to see at these rising times, s. No plan's doing may lie among them."""
        self.lay(float(times[0]))
        where, here, walks = self._path.many(times)
        breath = self._chest.breathes(times)
        asleep = self._condition_at(float(times[0]))[0].asleep
        return Seen(
            where=where,
            here=here,
            walks=walks & here,
            moves=(self._leans.moving(times) | walks) & here,
            breathes=breath & self._chest.chest_moves(times) & here,
            stops=~breath,
            stands=where[:, 2] > _STANDS_FROM_M,
            sleeps=np.full(len(times), asleep),
            mm=self._chest.mm(times) + self._leans.mm(times),
        )

    def state(self, at_ms: int) -> PersonState:
        """How they are at this moment: now, or within the last minutes."""
        now_s = at_ms / 1000
        self.lay(now_s)
        times = np.array([now_s])
        x, y, z = self._path.at(now_s)
        kind = self._path.kind(now_s)
        condition, doing = self._condition_at(now_s)
        rate, depth = self._chest.rate_and_depth(now_s)
        breathes = bool(self._chest.breathes(times)[0])
        return PersonState(
            name=self.name,
            here=kind is not Leg.AWAY,
            x=round(x, 3),
            y=round(y, 3),
            z=round(z, 3),
            posture=condition.posture.value,
            walking=kind is Leg.WALKS,
            conscious=condition.conscious,
            asleep=condition.asleep,
            breathing=breathes,
            rate=rate if breathes else 0.0,
            depth=depth if breathes else 0.0,
            displacement_mm=round(self.waveform(at_ms, at_ms, 1)[0], 4),
            doing=doing,
        )

    def waveform(self, from_ms: int, until_ms: int, every_ms: int = 50) -> list[float]:
        """Chest and lean, mm towards the radar, from the one moment to the other, both included."""
        times = np.arange(from_ms, until_ms + 1, every_ms) / 1000
        self.lay(float(times[-1]))
        found: list[float] = (self._chest.mm(times) + self._leans.mm(times)).tolist()
        return found
