"""Listens in on a radar's wire: what the module says of the chest, before the firmware hears it.

Nothing of this leaves a real sensor: the waveform is here because the studio is a simulation.
"""

import struct
from collections.abc import Iterable

from sim.people.body import MM_A_RAD
from sim.radars import mr60
from sim.virtual.board import RadarModel

# A frame's length and type, by which the total phase is found in what was sent; its data begins
# after the header's check.
_PHASES = struct.pack(">HH", 12, mr60.PHASES)
_TO_DATA = len(_PHASES) + 1
_FLOAT = struct.Struct("<f")

Reading = tuple[int, float | None]


class RadarTap:
    """Stands between a board and its radar. radar: what it listens to."""

    def __init__(self, radar: RadarModel) -> None:
        self._radar = radar
        self._heard: list[Reading] = []

    def power(self, on: bool, at_ms: int) -> None:
        """See RadarModel."""
        self._radar.power(on, at_ms)
        if not on:
            self._heard.append((at_ms, None))

    def frames(self, from_ms: int, until_ms: int) -> Iterable[tuple[int, bytes]]:
        """See RadarModel."""
        lots = list(self._radar.frames(from_ms, until_ms))
        for t_ms, data in lots:
            at = data.find(_PHASES)
            if at >= 0 and at + _TO_DATA + _FLOAT.size <= len(data):
                (phase,) = _FLOAT.unpack_from(data, at + _TO_DATA)
                # A shut gate sends noughts: it sees nobody.
                self._heard.append((t_ms, None if phase == 0 else phase * MM_A_RAD))
        return lots

    def written(self, at_ms: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """See RadarModel."""
        return self._radar.written(at_ms, data)

    def heard(self) -> list[Reading]:
        """(t_ms, mm towards the radar, or None for nobody) since this was last asked."""
        heard, self._heard = self._heard, []
        return heard
