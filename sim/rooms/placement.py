"""Where a radar hangs and where it looks.

Source: the beam of Seeed's MR60BHA1 is 3 dB down at 40 degrees to each side (its datasheet, 4.1
and 2.1); the LD2410 is sold as seeing 60 degrees to each side. The shape of the beam between is an
assumption (a Gaussian), and that a return's amplitude falls with the square of the range is the
radar equation.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.people.chest import Floats

# Strengths are against a chest at this range on the axis.
REFERENCE_M = 0.6
# Nearer than this nothing gets stronger: the antenna's own near field.
_NEAREST_M = 0.3


@dataclass(frozen=True)
class Placement:
    """At (x, y, z) m, looking at the point looks_at."""

    at: tuple[float, float, float]
    looks_at: tuple[float, float, float]
    half_beam_deg: float = 40.0

    def __post_init__(self) -> None:
        if math.dist(self.at, self.looks_at) < 0.05:
            raise ValueError("A radar must look at a point other than the one it hangs at.")
        if not 5 <= self.half_beam_deg <= 90:
            raise ValueError(f"Half a beam is 5 to 90 degrees, not {self.half_beam_deg:g}.")

    def ranges(self, where: Floats) -> Floats:
        """Distance of these points (n, 3), m."""
        found: Floats = np.linalg.norm(where - np.array(self.at), axis=1)
        return found

    def gains(self, where: Floats, ranges: Floats) -> Floats:
        """What comes back from there, against a chest at the reference: amplitude, not power."""
        axis = np.array(self.looks_at) - np.array(self.at)
        along = (where - np.array(self.at)) @ (axis / np.linalg.norm(axis))
        off = np.degrees(np.arccos(np.clip(along / np.maximum(ranges, 1e-6), -1.0, 1.0)))
        # 3 dB each way are 6 dB there and back: half of the amplitude. Nothing comes from behind.
        beam = np.where(off < 90, 0.5 ** ((off / self.half_beam_deg) ** 2), 0.0)
        gains: Floats = beam * (REFERENCE_M / np.maximum(ranges, _NEAREST_M)) ** 2
        return gains
