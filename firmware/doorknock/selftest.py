"""The look at the radar with which a watch at home begins. Pure.

At home the radar has power only while somebody is looked after, so whether it works is not known
until it is needed. Whole frames within a few seconds, and the person is told that they are looked
after; none, and they are told that they are not.
"""

from doorknock import clock

# The modules send their first frames within 1 to 3 s of getting power; the sensor itself calls one
# silent after 5 s, by default, and that fault is to come first.
WITHIN_MS = 5500
# Whole frames with their checks right: three are no chance.
ENOUGH_FRAMES = 3

OFF = 0  # no self-test goes on
LOOKING = 1
GOOD = 2
FAILED = 3


class SelfTest:
    """`state`: OFF until begun; LOOKING; then GOOD or FAILED until it is turned off."""

    def __init__(self) -> None:
        self.state = OFF
        self._begun = 0
        self._frames = 0

    def begin(self, frames: int, ticks: int) -> None:
        """The radar has just got power; `frames`: how many it had sent before, in all."""
        self.state = LOOKING
        self._begun = ticks
        self._frames = frames

    def end(self) -> None:
        """The result is taken, or nobody wants it any more."""
        self.state = OFF

    def look(self, frames: int, ticks: int) -> int:
        """The state, now that there have been so many frames."""
        if self.state == LOOKING:
            # LOOKING -> GOOD: frames come.
            if ((frames - self._frames) & 0x3FFFFFFF) >= ENOUGH_FRAMES:
                self.state = GOOD
            # LOOKING -> FAILED: none have come, and none will.
            elif clock.since(ticks, self._begun) >= WITHIN_MS:
                self.state = FAILED
        return self.state
