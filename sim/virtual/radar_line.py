"""The wire between a radar and its board: what was sent, and has not arrived yet."""

import bisect

from sim.virtual.ports import RadarModel

# (ms, bytes).
Lot = tuple[int, bytes]

# A board holds all that it is granted in its own memory, which is as short as a chip's.
_AHEAD_BYTES = 16_384


class RadarLine:
    """Asks the radar for what it sends, in spans that adjoin; nothing comes without supply.

    All times are ms of the loop. `model` may be set while the supply is off.
    """

    def __init__(self) -> None:
        self.model: RadarModel | None = None
        self._supplied = False
        # Up to here the radar has been asked for its frames.
        self._asked_ms = 0
        self._on_the_way: list[Lot] = []
        # What the board has been told that will come if nothing changes.
        self._foreseen: list[Lot] = []

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
            self._on_the_way.sort(key=_ms)

    def until(self, until_ms: int) -> list[Lot]:
        """All that arrives by then and has not arrived yet, (ms, bytes) in order."""
        if self.model is not None and self._supplied and until_ms > self._asked_ms:
            self._take(list(self.model.frames(self._asked_ms, until_ms)))
            self._asked_ms = until_ms
        return self._on_the_way[: _after(self._on_the_way, until_ms)]

    def ahead(self, from_ms: int, until_ms: int) -> tuple[int, list[Lot]]:
        """What will arrive after from_ms, up to until_ms, if nothing changes meanwhile: (ms up to
        which that is known, (ms, bytes) in order). Ask `until(from_ms)` first."""
        self._foreseen = []
        known_ms, lots = until_ms, self._on_the_way[_after(self._on_the_way, from_ms) :]
        if lots and lots[-1][0] > self._asked_ms:
            return from_ms, []
        if self.model is not None and self._supplied:
            ahead = getattr(self.model, "ahead", None)
            known_ms = self._asked_ms
            if ahead is not None and until_ms > known_ms:
                known_ms, self._foreseen = ahead(known_ms, until_ms)
                lots += self._foreseen
        size = 0
        for ms, data in lots:
            size += len(data)
            if size > _AHEAD_BYTES:
                known_ms = min(known_ms, ms - 1)
                break
        return min(known_ms, until_ms), lots

    def went_on(self, until_ms: int) -> None:
        """Nothing had changed, and the board has been let go on until then."""
        if self.model is None or not self._supplied or until_ms <= self._asked_ms:
            return
        fresh = list(self.model.frames(self._asked_ms, until_ms))
        if fresh != self._foreseen[: _after(self._foreseen, until_ms)]:
            raise RuntimeError(
                f"The radar has sent something else than it foresaw after {self._asked_ms} ms."
            )
        self._take(fresh)
        self._asked_ms = until_ms

    def arrived(self, by_ms: int) -> None:
        """The board has come so far: what was sent by then is no longer on the way."""
        del self._on_the_way[: _after(self._on_the_way, by_ms)]

    def _take(self, fresh: list[Lot]) -> None:
        mixed = self._on_the_way and fresh and self._on_the_way[-1][0] > fresh[0][0]
        self._on_the_way += fresh
        if mixed:
            self._on_the_way.sort(key=_ms)


def _after(lots: list[Lot], ms: int) -> int:
    """Where among them those begin that come after this ms."""
    return len(lots) if not lots or lots[-1][0] <= ms else bisect.bisect_right(lots, ms, key=_ms)


def _ms(lot: Lot) -> int:
    return lot[0]
