"""When things are done: at a time, after something with a name, or after something that is seen."""

from collections.abc import Callable, Sequence

from sim.scenario.format import Cue
from sim.scenario.record import Record, Records
from sim.scenario.sightings import Sighting
from sim.virtual.loop import VirtualLoop

Act = Callable[[Cue], None]


class Cues:
    """Gives each cue its moment, once. moments: the first time of each name that has come."""

    def __init__(self, loop: VirtualLoop, records: Records, act: Act) -> None:
        self.moments: dict[str, int] = {"start": loop.now_ms}
        self._loop = loop
        self._act = act
        self._after_name: dict[str, list[Cue]] = {}
        self._after_sight: list[tuple[Sighting, Cue]] = []
        records.listen(self._seen)

    def begin(self, cues: Sequence[Cue]) -> None:
        """From now on they wait for their moments."""
        for cue in cues:
            if cue.at is not None:
                self._loop.at(cue.at + cue.wait, self._now, cue)
            elif isinstance(cue.after, str):
                self._after_name.setdefault(cue.after, []).append(cue)
            elif cue.after is not None:
                self._after_sight.append((cue.after, cue))
        self.came("start")

    def came(self, name: str) -> None:
        """The moment of this name is now. A second time changes nothing."""
        self.moments.setdefault(name, self._loop.now_ms)
        for cue in self._after_name.pop(name, []):
            self._later(cue)

    def _seen(self, record: Record) -> None:
        waiting = self._after_sight
        self._after_sight = [(seen, cue) for seen, cue in waiting if not seen.fits(record)]
        for seen, cue in waiting:
            if seen.fits(record):
                self._later(cue)

    def _later(self, cue: Cue) -> None:
        # Never at once: what is being told may still be on its way to others.
        self._loop.at(self._loop.now_ms + cue.wait, self._now, cue)

    def _now(self, cue: Cue) -> None:
        self.came(cue.name or cue.action.do)
        self._act(cue)
