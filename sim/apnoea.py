"""Makes traces of people who stop breathing: real breathing, then a synthetic apnoea.

There is no recording of an overdose to be had. What is known is put together: breathing as
recorded, played over and over; then a chest held where it was, in which the heart goes on (0.2 to
0.8 mm, 0.8 to 2 Hz, at 60 GHz) under the phase noise of a strong return (0.0043 rad). The module's
own target detection may give up on such a person and shut its gate.
"""

import math
import random
from dataclasses import dataclass

from sim.trace import Trace

# 60 GHz, there and back.
MRAD_A_MM = 1000 / 0.398
NOISE_MRAD = 4.3


@dataclass(frozen=True)
class Heart:
    """A heart as the radar sees it: peak to peak, and beats a second."""

    span_mm: float = 0.4
    beats_hz: float = 1.1


@dataclass(frozen=True)
class Apnoea:
    """A time without breath. gate_shuts_after_s: when the module gives up, or None for never."""

    length_s: float
    heart: Heart | None = Heart()
    gate_shuts_after_s: float | None = None


class Composer:
    """Puts one trace together from pieces, without a jump in the phase between them."""

    def __init__(self, breathing: Trace, seed: int = 0) -> None:
        if breathing.tier != "breathing":
            raise ValueError(f"{breathing.name} is no recording of breathing")
        self._source = breathing.rows
        self._chance = random.Random(seed)
        self._rows: list[tuple[int, ...]] = []
        self._phase = 0
        self._at_ms = 0
        self._interval_ms = round(breathing.length_ms / (len(breathing.rows) - 1))

    def breathing(self, length_s: float, depth: float = 1.0) -> "Composer":
        """So many seconds of the recording, from its beginning and over again; depth scales it."""
        end = self._at_ms + round(length_s * 1000)
        while self._at_ms < end:
            offset = self._phase - round(self._source[0][1] * depth)
            start = self._at_ms - self._source[0][0]
            for t_ms, phase, amplitude, range_cm, _ in self._source:
                if start + t_ms >= end:
                    self._at_ms = end
                    return self
                self._add(start + t_ms, offset + round(phase * depth), amplitude, range_cm, 1)
            self._at_ms = self._rows[-1][0] + self._interval_ms
        return self

    def apnoea(self, what: Apnoea) -> "Composer":
        """The chest stays where it was."""
        rest = self._phase
        for passed in self._passing(what.length_s):
            wave = 0.0
            if what.heart:
                turn = 2 * math.pi * what.heart.beats_hz * passed / 1000
                wave = what.heart.span_mm / 2 * MRAD_A_MM * math.sin(turn)
            shut = what.gate_shuts_after_s
            present = int(shut is None or passed < shut * 1000)
            noise = self._chance.gauss(0, NOISE_MRAD)
            self._add(self._at_ms + passed, rest + round(wave + noise), 5000, 60, present)
        self._at_ms += round(what.length_s * 1000)
        self._phase = rest
        return self

    def walking(self, length_s: float, speed_m_s: float = 0.5) -> "Composer":
        """Somebody gets up and walks: hundreds of turns of phase, and fades."""
        for passed in self._passing(length_s):
            pace = speed_m_s * self._interval_ms * MRAD_A_MM * self._chance.uniform(0.5, 1.5)
            self._add(self._at_ms + passed, self._phase + round(pace), 800, 100, 1)
        self._at_ms += round(length_s * 1000)
        return self

    def nobody(self, length_s: float, *, gate_open: bool = False) -> "Composer":
        """Nobody in view: the gate is shut, or the module has not noticed and shows a bare wall."""
        wall = self._phase
        for passed in self._passing(length_s):
            noise = round(self._chance.gauss(0, NOISE_MRAD))
            self._add(self._at_ms + passed, wall + noise, 3500, -1, int(gate_open))
        self._at_ms += round(length_s * 1000)
        return self

    def silence(self, length_s: float) -> "Composer":
        """The radar sends nothing."""
        self._at_ms += round(length_s * 1000)
        return self

    def stuck(self, length_s: float) -> "Composer":
        """The radar sends its last value over and over."""
        for passed in self._passing(length_s):
            self._add(self._at_ms + passed, self._phase, 5000, 60, 1)
        self._at_ms += round(length_s * 1000)
        return self

    def trace(self, name: str = "composed") -> Trace:
        """What has been put together so far."""
        return Trace(name, "breathing", list(self._rows), {"what": "recorded and synthetic"})

    def _passing(self, length_s: float) -> range:
        return range(0, round(length_s * 1000), self._interval_ms)

    def _add(self, t_ms: int, phase: int, amplitude: int, range_cm: int, present: int) -> None:
        self._rows.append((t_ms, phase, amplitude, range_cm, present))
        self._phase = phase


def breathing_then_apnoea(
    breathing: Trace, breathing_s: float, apnoea: Apnoea, seed: int = 0
) -> Trace:
    """`breathing_s` of the recording, then one apnoea that lasts to the end."""
    return Composer(breathing, seed).breathing(breathing_s).apnoea(apnoea).trace()
