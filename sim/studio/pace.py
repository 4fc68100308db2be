"""How fast the world goes: what was asked for, and what the machine can do."""

from collections import deque

SLOWEST, FASTEST = 1.0, 1000.0

# A world that falls further behind than this does not try to catch up: after a hiccup it would
# rush through what one wanted to see.
_MOST_BEHIND_S = 0.25
# The speed that is really reached is measured over so long.
_MEASURED_OVER_S = 2.0
# Shorter, and the measure is of the moment at which the speed was set.
_MEASURED_FROM_S = 1.0


class Pace:
    """Which moment of the world is due. Real time, in seconds, is an argument."""

    def __init__(self, speed: float, real_s: float, world_ms: int = 0) -> None:
        self.paused = False
        self.speed = speed
        self._begin(real_s, world_ms)

    def set_speed(self, speed: float, real_s: float, world_ms: int) -> None:
        """From now on at *speed* times real time, kept within SLOWEST … FASTEST."""
        self.speed = min(max(speed, SLOWEST), FASTEST)
        self._begin(real_s, world_ms)

    def pause(self, paused: bool, real_s: float, world_ms: int) -> None:
        """Stops the world's time, or lets it go on."""
        self.paused = paused
        self._begin(real_s, world_ms)

    def due_ms(self, real_s: float) -> int:
        """Where the world should be."""
        if self.paused:
            return self._from_ms
        return self._from_ms + round((real_s - self._from_s) * 1000 * self.speed)

    def reached(self, real_s: float, world_ms: int) -> None:
        """The world has come so far."""
        behind_ms = self.due_ms(real_s) - world_ms
        if not self.paused and behind_ms > _MOST_BEHIND_S * 1000 * self.speed:
            self._from_s, self._from_ms = real_s, world_ms
        self._been.append((real_s, world_ms))
        while len(self._been) > 2 and real_s - self._been[1][0] >= _MEASURED_OVER_S:
            self._been.popleft()

    @property
    def real_speed(self) -> float:
        """How many times real time it really goes; what was asked for while it is too early."""
        (since_s, since_ms), (until_s, until_ms) = self._been[0], self._been[-1]
        if until_s - since_s < _MEASURED_FROM_S:
            return self.speed
        return (until_ms - since_ms) / 1000 / (until_s - since_s)

    def _begin(self, real_s: float, world_ms: int) -> None:
        self._from_s, self._from_ms = real_s, world_ms
        self._been = deque([(real_s, world_ms)])
