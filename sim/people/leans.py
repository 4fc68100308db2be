"""Where a body leans, mm towards the radar: fidgets, shifts of posture, coughs, swaying.

How often and how far is an assumption (manner.py). That a standing body sways by some mm within
seconds is common knowledge of posturography; the two sines it is made of here are an assumption.
"""

import bisect
import math
from dataclasses import dataclass

import numpy as np

from sim.people.chest import KEPT_S, Flags, Floats
from sim.people.draws import Draws
from sim.people.manner import FIDGET_MM, FIDGET_S, QUIET, SHIFT_MM, SHIFT_S, Manner

# From so much on it is movement to others, not breath.
_MOVEMENT_MM = 3.0
# mm and Hz: 8 mm peak to peak, slow, and a little quicker on top.
_SWAY = ((3.0, 0.11), (1.0, 0.37))


@dataclass(frozen=True)
class _Move:
    """From begins_s on, for lasts_s: there and back, or, when it stays, there."""

    begins_s: float
    lasts_s: float
    mm: float
    stays: bool


class Leans:
    """Small movements by themselves, as somebody's manner has it, and those that are asked for."""

    def __init__(self, seed: str) -> None:
        self._draws = Draws(seed)
        self._asked: list[_Move] = []
        self._own: list[_Move] = []
        self._base_mm = 0.0  # of what is over and forgotten
        self._manner = QUIET
        self._number = 0  # of the next own movement
        self._next_s = math.inf
        self._sways: list[tuple[float, float]] = []

    def live(self, now_s: float, manner: Manner) -> None:
        """From now_s on in this manner."""
        self._until(now_s)
        kept = bisect.bisect_right(self._own, now_s, key=lambda one: one.begins_s)
        self._number -= len(self._own) - kept
        del self._own[kept:]
        self._manner = manner
        self._next_s = now_s + self._gap_s()

    def sway(self, from_s: float, until_s: float = math.inf) -> None:
        """Stands from the one moment to the other."""
        self.still(from_s)
        self._sways.append((from_s, until_s))

    def still(self, from_s: float) -> None:
        """Stands no longer."""
        self._sways = [(a, min(b, from_s)) for a, b in self._sways if a < from_s]

    def bump(self, at_s: float, mm: float, lasts_s: float) -> None:
        """There and back: a cough, a twitch, a hand."""
        self._ask(_Move(at_s, lasts_s, mm, False))

    def shift(self, at_s: float, mm: float, lasts_s: float) -> None:
        """The body goes elsewhere, smoothly."""
        self._ask(_Move(at_s, lasts_s, mm, True))

    def cease(self, now_s: float) -> None:
        """What was asked for later is not to be."""
        self._asked = [one for one in self._asked if one.begins_s <= now_s]

    def mm(self, times: Floats) -> Floats:
        """Where the body leans at these rising times."""
        moved = np.full(len(times), self._base_mm)
        for one in self._around(times):
            first = int(np.searchsorted(times, one.begins_s))
            last = int(np.searchsorted(times, one.begins_s + one.lasts_s))
            part = (times[first:last] - one.begins_s) / one.lasts_s
            if one.stays:
                # Without a jerk (Flash and Hogan, 1985).
                moved[first:last] += one.mm * part**3 * (10 - 15 * part + 6 * part * part)
                moved[last:] += one.mm
            else:
                moved[first:last] += one.mm * np.sin(np.pi * part) ** 2
        for from_s, until_s in self._sways:
            stands = (times >= from_s) & (times < until_s)
            if stands.any():
                for mm, hz in _SWAY:
                    moved[stands] += mm * np.sin(math.tau * hz * (times[stands] - from_s))
        return moved

    def moving(self, times: Floats) -> Flags:
        """Whether the body moves by more than breath does."""
        flags = np.zeros(len(times), dtype=bool)
        for one in self._around(times):
            if abs(one.mm) >= _MOVEMENT_MM:
                first = int(np.searchsorted(times, one.begins_s))
                flags[first : int(np.searchsorted(times, one.begins_s + one.lasts_s))] = True
        return flags

    def _ask(self, move: _Move) -> None:
        bisect.insort(self._asked, move, key=lambda one: one.begins_s)

    def _gap_s(self) -> float:
        """To the next own movement: they come like rain, fidgets and shifts together."""
        manner = self._manner
        a_second = 1 / manner.fidget_every_s + 1 / manner.shift_every_s
        return -math.log(1 - self._draws[2 * self._number][2]) / a_second

    def _until(self, until_s: float) -> None:
        while self._next_s <= until_s:
            side, _, which, far, long = self._draws[2 * self._number + 1]
            shifts = which < self._manner.fidget_every_s / (
                self._manner.fidget_every_s + self._manner.shift_every_s
            )
            span, lasts = (SHIFT_MM, SHIFT_S) if shifts else (FIDGET_MM, FIDGET_S)
            mm = math.copysign(span[0] + (span[1] - span[0]) * far, side)
            lasts_s = lasts[0] + (lasts[1] - lasts[0]) * long
            self._own.append(_Move(self._next_s, lasts_s, mm, shifts))
            self._number += 1
            self._next_s += self._gap_s()

    def _around(self, times: Floats) -> list[_Move]:
        self._until(float(times[-1]))
        for some in (self._own, self._asked):
            while some and some[0].begins_s + some[0].lasts_s < float(times[0]) - KEPT_S:
                gone = some.pop(0)
                self._base_mm += gone.mm if gone.stays else 0.0
        return [*self._own, *self._asked]
