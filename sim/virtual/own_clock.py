"""A board's own clock, which runs a little fast or slow."""

from dataclasses import dataclass

_PPM = 1_000_000


@dataclass(frozen=True)
class OwnClock:
    """drift_ppm: how much faster than the loop's it runs; a crystal 20, an RC circuit 50,000."""

    drift_ppm: int = 0

    def own(self, ms: int) -> int:
        """What it shows at this ms of the loop."""
        return ms + ms * self.drift_ppm // _PPM

    def loop(self, own_ms: int) -> int:
        """The first ms of the loop at which it shows `own_ms`."""
        ms = own_ms * _PPM // (_PPM + self.drift_ppm)
        while self.own(ms) < own_ms:
            ms += 1
        while self.own(ms - 1) >= own_ms:
            ms -= 1
        return ms
