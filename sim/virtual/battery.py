"""A battery that is used up, and sags under load. Pure.

Two AA alkaline cells behind a boost converter. Figures without a source are assumptions.
"""

from dataclasses import dataclass
from itertools import pairwise

# A good alkaline AA cell at such loads (makers' sheets give 2,000 to 2,800 mAh by the drain).
CAPACITY_MAH = 2000.0
# Open circuit, of the pair, by the share of the charge that is left: flat, then a cliff.
_OPEN_MV = ((0.0, 1700), (0.05, 2050), (0.15, 2300), (0.5, 2600), (0.9, 2950), (1.0, 3150))
# Of the pair, full and empty: makers' sheets give 0.15 to 0.3 ohm for a fresh cell.
_FULL_OHM, _EMPTY_OHM = 0.4, 1.6
# Below this the converter gives up, and the chip's brown-out detector resets it.
BROWN_OUT_MV = 1800

# Milliamperes. Deep sleep: 10 µA for an ESP32. Awake and listening: DESIGN's 80 mA. A burst of
# Wi-Fi: the 350 mA for which the firmware's low-battery mark was chosen.
ASLEEP_MA = 0.01
AWAKE_MA = 40.0
ON_AIR_MA = 80.0
BURST_MA = 350.0


@dataclass
class Battery:
    """left: the share of the charge that is left, 0 … 1. load_ma: what is drawn now."""

    left: float = 1.0
    capacity_mah: float = CAPACITY_MAH
    brown_out_mv: int = BROWN_OUT_MV
    load_ma: float = 0.0
    _since_ms: int = 0

    def draw(self, load_ma: float, at_ms: int) -> None:
        """From now on so much is drawn; what was drawn until now is gone."""
        used_mah = self.load_ma * max(0, at_ms - self._since_ms) / 3_600_000
        self.left = max(0.0, self.left - used_mah / self.capacity_mah)
        self.load_ma = load_ma
        self._since_ms = at_ms

    def millivolts(self, load_ma: float | None = None) -> int:
        """At the battery, under this load; None: the present one."""
        drawn = self.load_ma if load_ma is None else load_ma
        return round(self._open_mv() - drawn * self._ohm())

    def carries(self, load_ma: float) -> bool:
        """Whether the chip stays up under this load."""
        return self.millivolts(load_ma) >= self.brown_out_mv

    def _ohm(self) -> float:
        return _EMPTY_OHM + (_FULL_OHM - _EMPTY_OHM) * self.left

    def _open_mv(self) -> float:
        for (less, low), (more, high) in pairwise(_OPEN_MV):
            if self.left <= more:
                return low + (high - low) * (self.left - less) / (more - less)
        return _OPEN_MV[-1][1]
