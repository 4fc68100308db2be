"""At which rate a module speaks: listen at the likeliest, and at its others while nothing comes."""

from ..clock import since
from . import RATES

# The modules begin within 1 to 3 s of getting power, and then send five frames a second or more.
# Longer than that, yet so short that the second rate has its turn before a watch at home is refused
# (selftest.py). At a wrong rate there is noise, and one byte of it in 10^9 passes for a frame.
_PATIENCE_MS = 3500


class Rates:
    """The rate of one module's UART, for as long as frames come at it.

    baud: what the UART is to be set to; RATES[name][0] at first. several: whether it may change.
    """

    def __init__(self, name: str) -> None:
        self._rates = RATES[name]
        self.several = len(self._rates) > 1
        self._place = 0
        self._frames = 0
        self._since = -1  # tick of the newest frame, or of the newest change; -1: radar is off

    @property
    def baud(self) -> int:
        return self._rates[self._place]

    def changes(self, powered: bool, frames: int, ticks: int) -> bool:
        """Whether `baud` is another from now on. Ask at every read.

        powered: whether the radar is on; frames: the reader's count of valid frames.
        """
        if not powered:
            self._since = -1
        elif self._since < 0 or frames != self._frames:
            self._since = ticks
        elif since(ticks, self._since) >= _PATIENCE_MS and self.several:
            self._since = ticks
            self._place = (self._place + 1) % len(self._rates)
            return True
        self._frames = frames
        return False
