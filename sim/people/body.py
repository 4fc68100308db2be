"""A body as a 60 GHz radar sees it: the displacement of its chest, in mm, towards the radar.

Numbers with a source. Seated breathing 2.2 … 3.9 mm peak to peak, over windows of 10 s 2.55 in the
median and 0.68 at the least (12 recorded sessions at 60 GHz); an adult at 60 cm 3.6 mm; the heart
0.2 … 0.8 mm. Adults at rest breathe 12 to 20 a minute; opioids bring 30 to 70 % less amplitude,
clusters, and long pauses after breathing out; depression is under 8 a minute.

Assumptions, marked as such where they are drawn: how much one breath differs from the next, the
shape of a breath, how often people sigh, fidget and shift, how far they move when they do.
"""

import math
import random
from dataclasses import dataclass

MM_A_RAD = 0.398


@dataclass
class Breath:
    """How somebody breathes.

    rate: a minute. span_mm: peak to peak. rate_varies, span_varies: standard deviation of the
    logarithm from breath to breath (assumption: 0.1 awake at rest, less asleep). inhales,
    exhales: parts of the cycle; the rest is the pause after breathing out. sigh_every_s: a breath
    of twice the size and more, followed by a pause (assumption; some 12 an hour is usual).
    """

    rate: float = 14.0
    span_mm: float = 2.55
    rate_varies: float = 0.10
    span_varies: float = 0.15
    inhales: float = 0.38
    exhales: float = 0.45
    sigh_every_s: float = 300.0


@dataclass
class Heart:
    """How a heart moves the chest: peak to peak, and beats a second."""

    span_mm: float = 0.4
    beats_hz: float = 1.15


def somebody(chance: random.Random, *, asleep: bool = False) -> tuple[Breath, Heart]:
    """An ordinary adult. One in six breathes shallowly, down to the least that was recorded.

    The rate is drawn from 11 to 20 a minute: below 10 an ordinary adult is already near what the
    sensor is to ask about. Sleepers breathe more evenly (assumption).
    """
    shallow = chance.random() < 1 / 6
    breath = Breath(
        rate=chance.uniform(11, 20),
        span_mm=chance.uniform(0.8, 2.2) if shallow else chance.uniform(2.2, 3.9),
        rate_varies=chance.uniform(0.03, 0.08) if asleep else chance.uniform(0.06, 0.14),
        span_varies=chance.uniform(0.05, 0.15) if asleep else chance.uniform(0.10, 0.25),
        inhales=chance.uniform(0.32, 0.45),
        exhales=chance.uniform(0.38, 0.50),
        sigh_every_s=chance.uniform(200, 600),
    )
    # A heart moves less than the breath it lives in.
    most = min(0.8, 0.45 * breath.span_mm)
    return breath, Heart(chance.uniform(0.2, max(0.25, most)), chance.uniform(0.85, 1.8))


class Body:
    """Steps through time. depth and pace scale breath and may be changed at any moment."""

    def __init__(self, chance: random.Random, breath: Breath, heart: Heart | None) -> None:
        self.breath = breath
        self.heart = heart
        self.depth = 1.0  # of the breath's size
        self.pace = 1.0  # of its rate
        self.breathing = True  # False: the chest stops where this breath ends
        self.still_at_s: float | None = None  # when it stopped
        self._chance = chance
        self._time_s = 0.0
        self._place = chance.random()  # in the breath, 0 … 1
        self._slower = 0.0  # logarithm of this breath's length against the usual
        self._drawn_s = 4.0
        self._size = 1.0
        self._draw()
        self._next_sigh_s = chance.expovariate(1 / breath.sigh_every_s)
        self._pause_s = 0.0
        self._beat = chance.random()
        self._lean_mm = 0.0  # where the body is
        self._moves: list[tuple[float, float, float]] = []  # begins, lasts, mm
        self._bumps: list[tuple[float, float, float]] = []  # begins, lasts, mm: there and back

    def _draw(self) -> None:
        """The next breath. Lengths hold on to themselves a little (AR 0.3: assumption)."""
        fresh = self._chance.gauss(0, self.breath.rate_varies)
        self._slower = 0.3 * self._slower + fresh
        self._drawn_s = 60 / self.breath.rate * math.exp(self._slower)
        self._size = math.exp(self._chance.gauss(0, self.breath.span_varies))

    def stop(self) -> None:
        """Breath stops: this one is let out first."""
        self.breathing = False

    def stop_at_once(self) -> None:
        """Breath stops where it is, as in somebody who falls."""
        self.breathing = False
        self._place = 1.0
        self._pause_s = 0.0
        self.still_at_s = self._time_s

    def begin(self) -> None:
        """Breath comes back."""
        if not self.breathing:
            self.breathing = True
            if self.still_at_s is not None:
                self._place = 0.0
                self._draw()
            self.still_at_s = None

    def pause(self, length_s: float) -> None:
        """Breath is held after this one."""
        self._pause_s = length_s

    def shift(self, mm: float, length_s: float) -> None:
        """The body goes elsewhere, smoothly."""
        self._moves.append((self._time_s, length_s, mm))

    def bump(self, mm: float, length_s: float) -> None:
        """There and back: a cough, a twitch, a hand."""
        self._bumps.append((self._time_s, length_s, mm))

    def step(self, dt_s: float) -> float:
        """Where the chest is after dt_s, mm."""
        self._time_s += dt_s
        return self._lean(dt_s) + self._chest(dt_s) + self._pulse(dt_s)

    def _chest(self, dt_s: float) -> float:
        if self.still_at_s is not None:
            return 0.0
        if self._place >= 1.0 and self._pause_s > 0:
            self._pause_s -= dt_s
            return 0.0
        if self._place < 1.0:
            self._place += dt_s * max(self.pace, 0.01) / self._drawn_s
        breath = self.breath
        done = breath.inhales + breath.exhales
        if not self.breathing and self._place >= done:
            self.still_at_s = self._time_s
            self._place = 1.0
            return 0.0
        if self._place >= 1.0 and self._pause_s <= 0:
            self._place = 0.0
            self._draw()
            if self._time_s >= self._next_sigh_s:
                self._next_sigh_s = self._time_s + self._chance.expovariate(1 / breath.sigh_every_s)
                self._size *= self._chance.uniform(1.8, 2.6)
                self._pause_s = self._chance.uniform(0, 6)
        if self._place < breath.inhales:
            part = 0.5 - 0.5 * math.cos(math.pi * self._place / breath.inhales)
        elif self._place < done:
            part = 0.5 + 0.5 * math.cos(math.pi * (self._place - breath.inhales) / breath.exhales)
        else:
            part = 0.0
        return part * breath.span_mm * self._size * self.depth

    def _pulse(self, dt_s: float) -> float:
        if self.heart is None:
            return 0.0
        # Beats differ by a few per cent, more with each breath (assumption).
        hz = self.heart.beats_hz * (1 + 0.04 * math.sin(2 * math.pi * self._place))
        self._beat = (self._beat + dt_s * hz) % 1.0
        turn = 2 * math.pi * self._beat
        # A second harmonic of a quarter: 1.08 is that sum's own half span.
        return self.heart.span_mm / 2 * (math.sin(turn) + 0.25 * math.sin(2 * turn + 0.8)) / 1.08

    def _lean(self, dt_s: float) -> float:
        if not self._moves and not self._bumps:
            return self._lean_mm
        now = self._time_s
        along = 0.0
        for move in self._moves[:]:
            begins, lasts, mm = move
            if now >= begins + lasts:
                self._lean_mm += mm
                self._moves.remove(move)
            else:
                along += mm * _smoothly((now - begins) / lasts)
        for bump in self._bumps[:]:
            begins, lasts, mm = bump
            if now >= begins + lasts:
                self._bumps.remove(bump)
            else:
                along += mm * math.sin(math.pi * (now - begins) / lasts) ** 2
        return self._lean_mm + along


def _smoothly(part: float) -> float:
    """0 … 1 without a jerk (Flash and Hogan, 1985)."""
    return part**3 * (10 - 15 * part + 6 * part * part)
