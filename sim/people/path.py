"""Where somebody is, in m: on their way, at a place, on the floor.

Heights of a chest above the floor: 1.3 m standing, 0.95 sitting, 0.65 on a bed, 0.2 on the floor
(assumption, from usual body sizes). The trunk goes faster and slower with each step, about 1.8 a
second and by a quarter (assumption).
"""

import bisect
import enum
import math
from dataclasses import dataclass

import numpy as np

from sim.people.chest import KEPT_S, Flags, Floats

Point = tuple[float, float, float]

STANDING_M, SITTING_M, BED_M, FLOOR_M = 1.3, 0.95, 0.65, 0.2
_STEPS_HZ = 1.8
_UNEVEN = 0.25
# To sit down, to lie down, to stand up: so many seconds (assumption).
SETTLES_S = 1.5


class Leg(enum.Enum):
    """What a part of the way is."""

    AWAY = 0
    STAYS = 1
    WALKS = 2
    SETTLES = 3
    FALLS = 4


@dataclass(frozen=True)
class _Part:
    begins_s: float
    ends_s: float
    start: Point
    end: Point
    kind: Leg


class Path:
    """A way through a room, part by part; what is asked for later than now can be called off."""

    def __init__(self) -> None:
        nowhere = (0.0, 0.0, STANDING_M)
        self._parts = [_Part(-math.inf, -math.inf, nowhere, nowhere, Leg.AWAY)]

    def call_off(self, now_s: float) -> None:
        """From now_s on they stay where they are then."""
        place = self.at(now_s)
        while len(self._parts) > 1 and self._parts[-1].begins_s > now_s:
            self._parts.pop()
        if self._parts[-1].kind is not Leg.AWAY and self._parts[-1].ends_s > now_s:
            self._parts.append(_Part(now_s, now_s, place, place, Leg.STAYS))

    def appear(self, at_s: float, at: Point) -> None:
        """Stands in the door."""
        self._parts.append(_Part(at_s, at_s, at, at, Leg.STAYS))

    def disappear(self, at_s: float) -> None:
        """Is gone from at_s on."""
        place = self._parts[-1].end
        self._parts.append(_Part(at_s, at_s, place, place, Leg.AWAY))

    def walk(self, from_s: float, to: tuple[float, float], speed_m_s: float) -> float:
        """Walks there, upright; when they arrive, s."""
        x, y, z = self._parts[-1].end
        if z != STANDING_M:
            from_s = self.settle(from_s, STANDING_M)
        far = math.hypot(to[0] - x, to[1] - y)
        if far < 0.05:
            return from_s
        ends_s = from_s + far / speed_m_s
        self._add(from_s, ends_s, (*to, STANDING_M), Leg.WALKS)
        return ends_s

    def settle(self, from_s: float, height_m: float) -> float:
        """Sits or lies down, or stands up; when that is done, s."""
        x, y, z = self._parts[-1].end
        if z == height_m:
            return from_s
        self._add(from_s, from_s + SETTLES_S, (x, y, height_m), Leg.SETTLES)
        return from_s + SETTLES_S

    def fall(self, from_s: float, by: tuple[float, float], lasts_s: float) -> float:
        """Falls to the floor, so far to the side; when they lie there, s."""
        x, y, _ = self._parts[-1].end
        self._add(from_s, from_s + lasts_s, (x + by[0], y + by[1], FLOOR_M), Leg.FALLS)
        return from_s + lasts_s

    def at(self, now_s: float) -> Point:
        """Where they are then; the place they went from, when they are away."""
        return self._within(self._parts[self._which(now_s)], now_s)

    def kind(self, now_s: float) -> Leg:
        """What they are about then."""
        part = self._parts[self._which(now_s)]
        ends = part.kind in (Leg.WALKS, Leg.SETTLES, Leg.FALLS) and now_s >= part.ends_s
        return Leg.STAYS if ends else part.kind

    def many(self, times: Floats) -> tuple[Floats, Flags, Flags]:
        """x, y, z at these rising times, (n, 3); whether they are here; whether they move."""
        where = np.empty((len(times), 3))
        here = np.zeros(len(times), dtype=bool)
        moves = np.zeros(len(times), dtype=bool)
        at, last = self._which(float(times[0])), len(self._parts)
        first = 0
        while first < len(times):
            part = self._parts[at]
            until = self._parts[at + 1].begins_s if at + 1 < last else math.inf
            end = int(np.searchsorted(times, until)) if until < math.inf else len(times)
            some = times[first:end]
            here[first:end] = part.kind is not Leg.AWAY
            if part.ends_s > part.begins_s:
                share = self._share(part, some)[:, None]
                start, stop = np.array(part.start), np.array(part.end)
                where[first:end] = start + (stop - start) * share
                moves[first:end] = some < part.ends_s
            else:
                where[first:end] = part.end
            first, at = end, at + 1
        while len(self._parts) > 2 and self._parts[1].begins_s < float(times[0]) - KEPT_S:
            self._parts.pop(0)
        return where, here, moves

    def _share(self, part: _Part, times: Floats) -> Floats:
        lasts = part.ends_s - part.begins_s
        share = np.clip((times - part.begins_s) / lasts, 0.0, 1.0)
        if part.kind is Leg.WALKS:
            steps = max(round(_STEPS_HZ * lasts), 1)
            return share + _UNEVEN / (math.tau * steps) * np.sin(math.tau * steps * share)
        # A settling or falling body begins and ends without a jerk.
        return share**3 * (10 - 15 * share + 6 * share * share)

    def _within(self, part: _Part, now_s: float) -> Point:
        if part.ends_s <= part.begins_s or now_s >= part.ends_s:
            return part.end
        share = float(self._share(part, np.array([now_s]))[0])
        x, y, z = (a + (b - a) * share for a, b in zip(part.start, part.end, strict=True))
        return x, y, z

    def _which(self, now_s: float) -> int:
        return max(bisect.bisect_right(self._parts, now_s, key=lambda one: one.begins_s) - 1, 0)

    def _add(self, from_s: float, ends_s: float, to: Point, kind: Leg) -> None:
        self._parts.append(_Part(from_s, ends_s, self._parts[-1].end, to, kind))
