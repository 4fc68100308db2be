"""The chest's waveform as a page draws it: the span of each short stretch of time."""

from collections.abc import Iterable

from sim.studio.world import Sample

# As much as the page shows at once, in seconds of the world; at high speeds more, so that what is
# on it can be seen for some real seconds.
SHOWN_S = 30
SHOWN_REAL_S = 6
# As many stretches are in what is shown: about the pixels of a phone.
_STRETCHES = 300

# Where a body is changes slowly, and by much more than breath moves the chest: that is taken away,
# within so long, so that breath can be seen. What is further off than this is movement, and is
# drawn as far as the edge of the picture.
_SETTLES_S = 8.0
_EDGE_MM = 5.0
# A gap of more than this, in ms: what comes after it has nothing to do with what was before.
_GAP_MS = 1000

Span = tuple[float, float] | None


def shown_s(speed: float) -> int:
    """Seconds of the world across the page's waveform at this speed."""
    return round(max(SHOWN_S, SHOWN_REAL_S * speed))


class Level:
    """Tells breath from where the body is: mm in, mm from the middle of what is usual there out."""

    def __init__(self) -> None:
        self._middle = 0.0
        self._at_ms: int | None = None

    def __call__(self, t_ms: int, mm: float) -> float:
        passed_ms = _GAP_MS if self._at_ms is None else t_ms - self._at_ms
        self._at_ms = t_ms
        if passed_ms >= _GAP_MS:
            self._middle = mm
        off = mm - self._middle
        if abs(off) > _EDGE_MM:
            self._middle = mm
        else:
            self._middle += off * passed_ms / 1000 / _SETTLES_S
        return min(max(off, -_EDGE_MM), _EDGE_MM)


class Wave:
    """Gathers samples into stretches of time, and hands each over once when it is over."""

    def __init__(self, speed: float) -> None:
        self.set_speed(speed)
        self._begins_ms: int | None = None
        self._chest: list[float] = []
        self._radar: list[float] = []
        self._over: list[tuple[int, Span, Span]] = []
        self._chest_level, self._radar_level = Level(), Level()

    def set_speed(self, speed: float) -> None:
        """From now on stretches are as long as suits this speed."""
        self.stretch_ms = max(100, shown_s(speed) * 1000 // _STRETCHES)

    def take(self, samples: Iterable[Sample]) -> None:
        """More of it, in order of time."""
        for t_ms, chest_mm, radar_mm in samples:
            begins_ms = t_ms - t_ms % self.stretch_ms
            if self._begins_ms != begins_ms:
                self._end()
                self._begins_ms = begins_ms
            self._chest.append(self._chest_level(t_ms, chest_mm))
            if radar_mm is not None:
                self._radar.append(self._radar_level(t_ms, radar_mm))

    def hand_over(self) -> list[tuple[int, Span, Span]]:
        """(t_ms, least and most of the chest, the same of the radar) of each that is over."""
        over, self._over = self._over, []
        return over

    def _end(self) -> None:
        if self._begins_ms is not None:
            self._over.append((self._begins_ms, _span(self._chest), _span(self._radar)))
        self._chest.clear()
        self._radar.clear()


def _span(values: list[float]) -> Span:
    return (round(min(values), 3), round(max(values), 3)) if values else None
