"""Breath and heart over many moments at once: the body of body.py, breath by breath.

The same figures and the same shapes as body.Body, which goes step by step; here a breath is drawn
as a whole, so that a day costs seconds. Rate and depth are those of the moment at which a breath
begins (assumption: nobody changes their mind within one).
"""

import bisect
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.people.body import Breath, Heart
from sim.people.draws import Draws

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# What may still be looked at: the studio draws the last minutes.
KEPT_S = 300.0
_MANY = 512


@dataclass(frozen=True)
class _Ramp:
    """From the one rate and depth to the other, between two moments; then they stay."""

    from_s: float
    until_s: float
    rates: tuple[float, float]
    depths: tuple[float, float]

    def at(self, now_s: float) -> tuple[float, float]:
        span = self.until_s - self.from_s
        part = 1.0 if now_s >= self.until_s else max(now_s - self.from_s, 0) / span
        return (
            self.rates[0] + (self.rates[1] - self.rates[0]) * part,
            self.depths[0] + (self.depths[1] - self.depths[0]) * part,
        )


@dataclass
class _One:
    """One breath: mm deep; the next begins at next_s, a pause or a hold later than its end."""

    number: int
    begins_s: float
    lasts_s: float
    mm: float
    slower: float
    next_s: float
    cut_s: float = math.inf


class Chest:
    """Breath that can be changed, held, stopped and begun again at any moment, and a heart."""

    def __init__(self, seed: str, breath: Breath, heart: Heart | None) -> None:
        self.breath = breath
        self.heart = heart
        self._draws = Draws(seed)
        self._ramp = _Ramp(0.0, 0.0, (breath.rate, breath.rate), (1.0, 1.0))
        self.steady = 1.0  # of how much breaths differ: 0.5 asleep
        first = self._draws[0]
        # Somewhere within a breath when the world begins.
        self._breaths = [_One(0, -first[2] * 60 / breath.rate, 0.0, 0.0, 0.0, 0.0)]
        self._breaths[0] = self._drawn(0, self._breaths[0].begins_s, 0.0)
        self._stops: list[tuple[float, float]] = []  # from, until
        self._beat = first[3]
        self.heart_stops_s = math.inf

    # --- what becomes of it ---------------------------------------------------------------------

    def change(
        self, now_s: float, rate: float | None, depth: float | None, over_s: float = 0.0
    ) -> None:
        """From now_s on to this rate (a minute) and depth (of one's own size), within over_s."""
        before = self.rate_and_depth(now_s)
        to = (before[0] if rate is None else rate, before[1] if depth is None else depth)
        self._ramp = _Ramp(now_s, now_s + over_s, (before[0], to[0]), (before[1], to[1]))
        self._forget_after(now_s)

    def rate_and_depth(self, now_s: float) -> tuple[float, float]:
        """Breaths a minute, and their size against one's own, as they are meant to be then."""
        return self._ramp.at(now_s)

    def hold(self, now_s: float, length_s: float) -> None:
        """No breath for so long after this one."""
        self._forget_after(now_s)
        last = self._breaths[-1]
        last.next_s = max(last.begins_s + last.lasts_s, now_s) + length_s

    def stop(self, now_s: float, *, at_once: bool = False) -> float:
        """Breath stops when this one is let out, or at once; when the chest is still, s."""
        self._forget_after(now_s)
        last = self._breaths[-1]
        out_s = last.begins_s + last.lasts_s * (self.breath.inhales + self.breath.exhales)
        still_s = now_s if at_once else max(now_s, out_s)
        if at_once:
            last.cut_s = now_s
        last.next_s = math.inf
        self._stops.append((still_s, math.inf))
        return still_s

    def begin(self, now_s: float) -> None:
        """Breath comes back, with a gasp half as large again."""
        if self._stops and self._stops[-1][1] == math.inf:
            self._stops[-1] = (self._stops[-1][0], max(now_s, self._stops[-1][0]))
        last = self._breaths[-1]
        last.cut_s = min(last.cut_s, now_s)
        gasp = self._drawn(last.number + 1, now_s, 0.0)
        gasp.mm *= 1.5
        self._breaths.append(gasp)

    # --- what is seen of it ---------------------------------------------------------------------

    def mm(self, times: Floats) -> Floats:
        """Where breath and heart have the chest at these rising times (s), mm."""
        begins, lasts, sizes, cuts = self._around(times)
        which = np.maximum(np.searchsorted(begins, times, side="right") - 1, 0)
        place = np.minimum((times - begins[which]) / lasts[which], 1.0)
        inhales, exhales = self.breath.inhales, self.breath.exhales
        into = np.clip((place - inhales) / exhales, 0.0, 1.0)
        turn = np.where(place < inhales, place / inhales - 1.0, into)
        moved: Floats = (0.5 + 0.5 * np.cos(np.pi * turn)) * sizes[which]
        moved[times >= cuts[which]] = 0.0
        if self.heart is not None:
            moved += self._pulse(times, place, lasts[which])
        return moved

    def breathes(self, times: Floats) -> Flags:
        """Whether breath goes on then; a hold, however long, is no end of it."""
        going = np.ones(len(times), dtype=bool)
        for from_s, until_s in self._stops:
            going &= (times < from_s) | (times >= until_s)
        return going

    def chest_moves(self, times: Floats) -> Flags:
        """Whether a breath is under way, or the usual pause after one: false in a long hold."""
        begins, lasts, _, cuts = self._around(times)
        which = np.maximum(np.searchsorted(begins, times, side="right") - 1, 0)
        ends = np.minimum(begins[which] + lasts[which], cuts[which])
        return times <= ends

    def _pulse(self, times: Floats, place: Floats, lasts: Floats) -> Floats:
        """As body.Body: beats differ by 4 % with each breath, a second harmonic of a quarter."""
        if self.heart is None:
            return np.zeros(len(times))
        swing = 0.04 * lasts / math.tau * (1 - np.cos(math.tau * place))
        turn = math.tau * (self._beat + self.heart.beats_hz * (times + swing))
        beat = (np.sin(turn) + 0.25 * np.sin(2 * turn + 0.8)) / 1.08
        if self.heart_stops_s < math.inf:
            beat[times >= self.heart_stops_s] = 0.0
        pulse: Floats = self.heart.span_mm / 2 * beat
        return pulse

    # --- drawing --------------------------------------------------------------------------------

    def _drawn(self, number: int, begins_s: float, before: float) -> _One:
        """The breath of this number. Lengths hold on to themselves a little (AR 0.3)."""
        breath = self.breath
        slow, size, sighs, sigh, pause = self._draws[number]
        rate, depth = self._ramp.at(max(begins_s, 0.0))
        # A breath as long as one of 10 s no longer varies by its own tenth and more.
        slower = 0.3 * before + slow * min(
            self.steady * breath.rate_varies, 0.08 if rate < 8 else 1.0
        )
        lasts_s = 60 / rate * math.exp(slower)
        mm = breath.span_mm * depth * math.exp(size * self.steady * breath.span_varies)
        next_s = begins_s + lasts_s
        # A sigh: 1.8 to 2.6 times as large, and up to 6 s of pause before the next breath.
        if sighs < lasts_s / breath.sigh_every_s:
            mm *= 1.8 + 0.8 * sigh
            next_s += 6 * pause
        return _One(number, begins_s, lasts_s, mm, slower, next_s)

    def _draw_until(self, until_s: float) -> None:
        last = self._breaths[-1]
        while last.next_s <= until_s:
            last = self._drawn(last.number + 1, last.next_s, last.slower)
            self._breaths.append(last)

    def _forget_after(self, now_s: float) -> None:
        """What was drawn ahead is not to be."""
        self._draw_until(now_s)
        while len(self._breaths) > 1 and self._breaths[-1].begins_s > now_s:
            self._breaths.pop()

    def _around(self, times: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        self._draw_until(float(times[-1]))
        if len(self._breaths) > _MANY:
            old = bisect.bisect_left(
                self._breaths, float(times[0]) - KEPT_S, key=lambda one: one.begins_s
            )
            del self._breaths[: max(old - 1, 0)]
        first = bisect.bisect_right(self._breaths, float(times[0]), key=lambda one: one.begins_s)
        some = self._breaths[max(first - 1, 0) :]
        return (
            np.array([one.begins_s for one in some]),
            np.array([one.lasts_s for one in some]),
            np.array([one.mm for one in some]),
            np.array([one.cut_s for one in some]),
        )
