"""What all radar modules have in common: power, a clock of samples, looking ahead, the wire.

Samples are made a minute at a time, which is what makes them quick. What has been made and not yet
been asked for is made anew when anything in the room or the module changes; the dice are numbered
by sample, so that it does not matter how far ahead was looked or in which spans it is asked for.
"""

import bisect
import math
import random
from collections.abc import Iterable

import numpy as np

from sim.people.chest import Floats
from sim.radars.line import Line, Quirks, Timed
from sim.rooms.placement import Placement
from sim.rooms.room import Room

AHEAD_S = 60.0
# Dice are thrown for so many samples at once; each sample has so many of them.
_BLOCK = 1024


class Dice:
    """Numbered throws, by sample: normal ones and uniform ones."""

    def __init__(self, seed: int, normals: int, uniforms: int) -> None:
        self._seed, self._normals, self._uniforms = seed, normals, uniforms
        self._blocks: dict[int, tuple[Floats, Floats]] = {}

    def of(self, first: int, count: int) -> tuple[Floats, Floats]:
        """(count, normals) and (count, uniforms): those of samples first … first + count − 1."""
        found = [
            self._block(block) for block in range(first // _BLOCK, (first + count) // _BLOCK + 1)
        ]
        at = first % _BLOCK
        normals = np.concatenate([one[0] for one in found])[at : at + count]
        return normals, np.concatenate([one[1] for one in found])[at : at + count]

    def _block(self, number: int) -> tuple[Floats, Floats]:
        if number not in self._blocks:
            if len(self._blocks) >= 4:
                self._blocks.pop(min(self._blocks))
            dice = np.random.Generator(np.random.PCG64([self._seed, number]))
            self._blocks[number] = (
                dice.standard_normal((_BLOCK, self._normals)),
                dice.random((_BLOCK, self._uniforms)),
            )
        return self._blocks[number]


class Stream:
    """One module on its wire. A kind of module fills in _make, _keep and _begin."""

    def __init__(
        self,
        room: Room,
        placement: Placement,
        chance: random.Random,
        *,
        rate_hz: float,
        jitter: float,
        baud: int,
        boots_s: float,
        dice: tuple[int, int],
        quirks: Quirks | None,
    ) -> None:
        self.room = room
        self.placement = placement
        self.rate_hz = rate_hz
        self.line = Line(random.Random(chance.getrandbits(64)), quirks)
        self.baudrate = baud
        self._jitter = jitter
        self._boots_s = boots_s
        # One more uniform than the kind of module asks for: the jitter of the sample's own moment.
        self._dice = Dice(chance.getrandbits(63), dice[0], dice[1] + 1)
        self._on = False
        self._stalled = False
        self._epoch_s = 0.0  # of the sample clock
        self._epoch = 0  # the sample that it began with
        self._next = 0  # the sample that is made next
        self._asked_s = 0.0  # all up to then has been asked for
        self._times: list[int] = []  # of the samples made ahead, ms
        self._reports: list[bytes] = []
        self._at = 0  # which of them is due next
        self._made_of = -1  # the room's version when they were made

    # --- the face of a radar model --------------------------------------------------------------

    def power(self, on: bool, at_ms: int) -> None:
        """Its supply: off, it is silent at once; on, it boots, and has forgotten everything."""
        if on == self._on:
            return
        self._on = on
        self._anew(at_ms / 1000)
        if on:
            self._boot(at_ms / 1000)
        else:
            self.line.cut()

    def frames(self, from_ms: int, until_ms: int) -> Iterable[Timed]:
        """The bytes that arrive after from_ms, up to until_ms; spans rise and adjoin."""
        sent = self._due(until_ms) if self._on and not self._stalled else []
        self._asked_s = until_ms / 1000
        return sent if self.line.clear else self.line.carry(sent, until_ms)

    def ahead(self, from_ms: int, until_ms: int) -> tuple[int, list[Timed]]:
        """(known_ms, what `frames` will give after from_ms, up to there) if nothing changes until
        then; changes nothing. Known is what has been made ahead, and comes over a clear wire."""
        if not self.line.clear:
            return from_ms, []
        if not self._on or self._stalled:
            return until_ms, []
        if not self._times or self._made_of != self.room.version:
            return from_ms, []
        # What comes after the last of them is made only when it is asked for.
        known_ms = max(min(until_ms, self._times[-1] - 1), from_ms)
        begins = bisect.bisect_right(self._times, from_ms, self._at)
        ends = bisect.bisect_right(self._times, known_ms, begins)
        some = zip(self._times[begins:ends], self._reports[begins:ends], strict=True)
        return known_ms, [one for one in some if one[1]]

    def written(self, at_ms: int, data: bytes) -> Iterable[Timed]:
        """What the board says to it. This kind of module answers nothing."""
        return ()

    # --- on cue ---------------------------------------------------------------------------------

    def restart(self, at_ms: int) -> None:
        """As after a loss of power."""
        if self._on:
            self.power(False, at_ms)
            self.power(True, at_ms)

    def set_rate(self, rate_hz: float, at_ms: int) -> None:
        """Reports come at another rate from now on."""
        if not 0.1 <= rate_hz <= 50:
            raise ValueError(f"A radar reports 0.1 to 50 times a second, not {rate_hz:g}.")
        self._anew(at_ms / 1000)
        self.rate_hz = rate_hz

    def stall(self, at_ms: int) -> None:
        """It says nothing more, though it has power."""
        self._anew(at_ms / 1000)
        self._stalled = True

    def resume(self, at_ms: int) -> None:
        """It speaks again, as though nothing had been."""
        self._anew(at_ms / 1000)
        self._stalled = False

    # --- what a kind of module fills in ---------------------------------------------------------

    def _make(self, first: int, times: Floats) -> list[bytes]:
        """The reports of these samples, of which the first has this number."""
        raise NotImplementedError

    def _keep(self, count: int) -> None:
        """Of the samples made last, so many have been asked for; the others are not to be."""
        raise NotImplementedError

    def _begin(self) -> None:
        """It has power: what it knew is forgotten."""
        raise NotImplementedError

    # --- the clock ------------------------------------------------------------------------------

    def _boot(self, now_s: float) -> None:
        self._begin()
        self._epoch_s = now_s + self._boots_s

    def _anew(self, now_s: float) -> None:
        """What was made ahead is void; the clock of samples begins anew."""
        self._void()
        self._epoch_s = max(now_s, self._asked_s)
        self._epoch = self._next

    def _void(self) -> None:
        if self._times:
            self._keep(self._at)
            self._next -= len(self._times) - self._at
            self._times, self._reports, self._at = [], [], 0

    def _due(self, until_ms: int) -> list[Timed]:
        if self._made_of != self.room.version:
            self._void()
            self._made_of = self.room.version
        found: list[Timed] = []
        while True:
            if self._at >= len(self._times):
                if not self._look_ahead(until_ms):
                    return found
                continue
            end = bisect.bisect_right(self._times, until_ms, self._at)
            if end == self._at:
                return found
            some = zip(self._times[self._at : end], self._reports[self._at : end], strict=True)
            found += [one for one in some if one[1]]
            self._at = end

    def _look_ahead(self, until_ms: int) -> bool:
        """Makes the next samples; False: the next one comes later than until_ms."""
        if self._times:
            self._keep(self._at)
            self._times, self._reports, self._at = [], [], 0
        start_s = self._epoch_s + (self._next - self._epoch) / self.rate_hz
        if start_s > until_ms / 1000:
            return False
        # Not beyond the next planned doing: what comes after it is not known yet.
        self.room.lay(start_s)
        until_s = min((math.floor(start_s / AHEAD_S) + 1) * AHEAD_S, max(self.room.next_s, start_s))
        count = max(math.floor((until_s - start_s) * self.rate_hz), 1)
        _, uniforms = self._dice.of(self._next, count)
        # Half an interval's jitter either way keeps samples in their order.
        places = np.arange(count) + 0.5 + self._jitter * (uniforms[:, -1] - 0.5)
        times = start_s + places / self.rate_hz
        self.room.lay(float(times[0]))
        self._made_of = self.room.version
        self._reports = self._make(self._next, times)
        self._times = np.ceil(times * 1000).astype(np.int64).tolist()
        self._next += count
        return True
