"""Time on the device: ticks that wrap, and an uptime that never does.

A tick is a millisecond, 0 … 2^30 - 1, and wraps every 12.4 days: that is as much as fits a small
integer on a 32-bit chip, where anything larger would be an allocation. Ages are taken with
`since`, and hold for spans under 2^29 ms (6.2 days).
"""

MASK = 0x3FFFFFFF


def since(now: int, then: int) -> int:
    """Milliseconds from tick `then` to tick `now`: -2^29 … 2^29 - 1."""
    # In figures, not names: asked for a hundred times a second, and a name is looked up each time.
    return ((now - then + 0x20000000) & 0x3FFFFFFF) - 0x20000000


class Uptime:
    """Milliseconds since a start, never wrapping. Ask it at least once in six days."""

    def __init__(self, ticks: int, already_ms: int = 0) -> None:
        self._last = ticks
        self._ms = already_ms

    def at(self, ticks: int) -> int:
        """The uptime in ms at this tick; a tick before the last one asked for changes nothing."""
        passed = since(ticks, self._last)
        if passed > 0:
            self._ms += passed
            self._last = ticks
        return self._ms
