"""The wire between a radar and its board: what was sent, and has not arrived yet."""

from sim.virtual.ports import RadarModel


class RadarLine:
    """Asks the radar for what it sends, in spans that adjoin; nothing comes without supply.

    All times are ms of the loop. `model` may be set while the supply is off.
    """

    def __init__(self) -> None:
        self.model: RadarModel | None = None
        self._supplied = False
        # Up to here the radar has been asked for its frames.
        self._asked_ms = 0
        self._on_the_way: list[tuple[int, bytes]] = []

    @property
    def baudrate(self) -> int:
        """The radar's own, in bit/s; 0: whatever the board listens at."""
        return int(getattr(self.model, "baudrate", None) or 0)

    def supply(self, on: bool, at_ms: int) -> None:
        """The board switches the radar's supply."""
        if on == self._supplied:
            return
        self._supplied = on
        self._asked_ms = max(self._asked_ms, at_ms)
        self._on_the_way = []
        if self.model is not None:
            self.model.power(on, at_ms)

    def written(self, at_ms: int, data: bytes) -> None:
        """The board has written to it."""
        if self.model is not None and self._supplied:
            self._on_the_way += self.model.written(at_ms, data)
            self._on_the_way.sort(key=lambda lot: lot[0])

    def until(self, until_ms: int) -> list[tuple[int, bytes]]:
        """All that arrives by then and has not arrived yet, (ms, bytes) in order."""
        if self.model is not None and self._supplied and until_ms > self._asked_ms:
            fresh = list(self.model.frames(self._asked_ms, until_ms))
            if self._on_the_way and fresh and self._on_the_way[-1][0] > fresh[0][0]:
                fresh = sorted(self._on_the_way + fresh, key=lambda lot: lot[0])
                self._on_the_way = fresh
            else:
                self._on_the_way += fresh
            self._asked_ms = until_ms
        if self._on_the_way and self._on_the_way[-1][0] > until_ms:
            return [lot for lot in self._on_the_way if lot[0] <= until_ms]
        return self._on_the_way

    def arrived(self, by_ms: int) -> None:
        """The board has come so far: what was sent by then is no longer on the way."""
        if self._on_the_way and self._on_the_way[-1][0] <= by_ms:
            self._on_the_way = []
        else:
            self._on_the_way = [lot for lot in self._on_the_way if lot[0] > by_ms]
