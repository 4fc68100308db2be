"""A breathing radar (MR60BHA2, LD6002) over a room: pointers, a target, a gate, frames.

What comes back is a sum of turning pointers: every chest, a second place on each body that moves a
little differently, what stands still in the target's range bin, and noise. Fades, distortion and
lost turns follow from the sum by themselves. The module shows the phase of one range bin, that of
its target; what is in another bin leaks into it a little.

Sources: sim/radars/sixty.py for phase, noise and rates. Range bins of 5.7 cm (45.9 to 86.1 cm are
eight). Breath rates are promised up to 1.5 m and people up to 6 m (Seeed, MR60BHA2) or 2 m and 3 m
(MR60BHA1); here people who move open the gate up to 6 m, people who breathe up to 3 m. Phases are
exactly 0 while the gate is shut.

Assumptions: which return becomes the target (the strongest that lives); how much leaks (3 %: a
walk past is tens of µm in a far bin); how soon the module notices (1 s) and gives up (5 to 30 s,
drawn) on a body without breath; that a walking body's return comes and goes between 5 and 100 %.
"""

import math
import random
from dataclasses import dataclass

import numpy as np

from sim.people.body import MM_A_RAD
from sim.people.chest import Flags, Floats
from sim.radars import many, mr60
from sim.radars.follow import follow
from sim.radars.gate import Gate, Sight
from sim.radars.line import Quirks
from sim.radars.sixty import Module
from sim.radars.stream import Stream
from sim.rooms.placement import REFERENCE_M, Placement
from sim.rooms.room import Room
from sim.rooms.things import Return

BAUDS = {"mr60bha2": (115200,), "ld6002": (1382400, 115200)}
_BIN_M = 0.057
_BINS = 256
_LEAKS = 0.03
# Against a chest at 0.6 m on the axis: 6 m for whoever moves, 3 m for a chest that breathes.
_MOVER_SEEN, _BREATH_SEEN = 0.01, 0.04
# A bare wall, against a chest at 0.6 m: 3550 to some 6000 in the recordings of one module.
_WALL = 0.6
_BOOTS_S = 1.5
# With its chatter a module sends so many frames a second in all.
_ALL_FRAMES_HZ = 130


@dataclass
class _State:
    """What the module remembers from one sample to the next."""

    sight: Sight
    range_m: float = 1.0
    turning: float = 0.0  # the target's own phase, all turns
    target: int = -1
    angle: float | None = None
    total: float = 0.0
    slow: float | None = None


class BreathingRadar(Stream):
    """One module. radar: mr60bha2 or ld6002.

    gives_up_s: after so long without a sign of life its gate shuts; None draws 5 to 30 s,
    math.inf: never. flag_sticks: its presence flag stays up over a shut gate. stuck: it repeats its
    last value. chatter: the other frames too, some 130 a second in all; without them there are two
    a sample, which is all that the firmware reads, and faster.
    """

    def __init__(
        self,
        room: Room,
        placement: Placement,
        chance: random.Random,
        *,
        radar: str = "mr60bha2",
        module: Module | None = None,
        gives_up_s: float | None = None,
        notices_s: float = 1.0,
        chatter: bool = False,
        baud: int | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        if radar not in BAUDS:
            raise ValueError(
                f"There is no breathing radar {radar!r}; known are {', '.join(BAUDS)}."
            )
        if baud is not None and baud not in BAUDS[radar]:
            known = " or ".join(str(one) for one in BAUDS[radar])
            raise ValueError(f"A {radar} speaks at {known} baud, not {baud}.")
        self.module = module or Module(rate_hz=10.0)
        super().__init__(
            room,
            placement,
            chance,
            rate_hz=self.module.rate_hz,
            jitter=self.module.jitter,
            baud=baud or BAUDS[radar][0],
            boots_s=_BOOTS_S,
            dice=(2, 1),
            quirks=quirks,
        )
        drawn_s = chance.uniform(5, 30)
        self.gate = Gate(notices_s, drawn_s if gives_up_s is None else gives_up_s)
        self.chatter = chatter
        self.flag_sticks = False
        self._stuck = False
        # The angle of what stands still, in each range bin another.
        self._standing = np.array([chance.uniform(-math.pi, math.pi) for _ in range(_BINS)])
        self._between = chance.uniform(-math.pi, math.pi)  # of the second place
        self._number = 0  # of the last frame
        self._state = _State(self.gate.begin())
        self._after: list[_State] = []

    def stick(self, stuck: bool, at_ms: int) -> None:
        """From now on it repeats its last value; or no longer."""
        self._anew(at_ms / 1000)
        self._stuck = stuck

    def stick_flag(self, sticks: bool, at_ms: int) -> None:
        """Its presence flag stays up over a shut gate; or no longer."""
        self._anew(at_ms / 1000)
        self.flag_sticks = sticks

    def give_up_after(self, seconds: float, at_ms: int) -> None:
        """Its target detection gives up after so long without a sign of life."""
        self._anew(at_ms / 1000)
        self.gate = Gate(self.gate.notices_s, seconds)

    # --- samples --------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._state = _State(self.gate.begin(), total=self.module.begins_at_rad)
        self._number = 0

    def _keep(self, count: int) -> None:
        if count > 0:
            self._state = self._remembered(count - 1)
        self._number += self._per_sample * count

    @property
    def _per_sample(self) -> int:
        if not self.chatter:
            return 2
        return max(round(_ALL_FRAMES_HZ / self.rate_hz), 5)

    def _make(self, first: int, times: Floats) -> list[bytes]:
        normals, uniforms = self._dice.of(first, len(times))
        returns = self.room.returns(times)
        ranges = [self.placement.ranges(one.where) for one in returns]
        sizes = [
            one.strength * self.placement.gains(one.where, far) * one.here
            for one, far in zip(returns, ranges, strict=True)
        ]
        lively = [self._lives(one, size) for one, size in zip(returns, sizes, strict=True)]
        anything = np.any(lively, axis=0) if lively else np.zeros(len(times), dtype=bool)
        opened, sights = self.gate.many(self._state.sight, times, anything)
        target, target_m = self._targets(len(times), lively, ranges, sizes)
        turning = [
            (one.mm - 1000 * far) / MM_A_RAD for one, far in zip(returns, ranges, strict=True)
        ]
        still = self.module.still * (REFERENCE_M / np.maximum(target_m, 0.3)) ** 2
        # Without a target it shows whatever return is strongest: a wall.
        still = np.where(target >= 0, still, max(_WALL, self.module.still))
        bins = np.minimum(target_m / _BIN_M, _BINS - 1).astype(np.int64)
        pointer = still * np.exp(1j * self._standing[bins])
        pointer += self._sum(returns, ranges, sizes, turning, target_m, uniforms[:, 0])
        # The noise is that of the wall, so it is less over the stronger return of a chest near by.
        pointer += self.module.noise_rad * _WALL * (normals[:, 0] + 1j * normals[:, 1])
        angles = np.angle(pointer)
        own = np.zeros(len(times))
        for number, one in enumerate(turning):
            own[target == number] = one[target == number]
        totals = self._totals(angles, opened, target, own)
        if self._stuck:
            opened[:], totals[:] = opened[0], self._state.total
        shown = np.where(opened, angles if self.module.wraps else totals, 0.0)
        shown[opened & (shown == 0)] = 0.001  # exactly 0 is the shut gate's word
        slow = self._slow(shown, opened)
        self._memory = (sights, target_m, own, target, angles, totals, slow, opened)
        return self._frames(opened, shown, slow, target_m, first)

    def _lives(self, one: Return, size: Floats) -> Flags:
        """Whether the module takes this for something that lives."""
        return (one.moves & (size >= _MOVER_SEEN)) | (one.lives & (size >= _BREATH_SEEN))

    def _targets(
        self, count: int, lively: list[Flags], ranges: list[Floats], sizes: list[Floats]
    ) -> tuple[np.ndarray, Floats]:
        """Which return is the target, −1 none; and the range that is shown, the last one then."""
        best = np.zeros(count)
        target = np.full(count, -1)
        shown = np.full(count, math.nan)
        for number, (lives, far, size) in enumerate(zip(lively, ranges, sizes, strict=True)):
            # Whoever has stopped breathing is still where they were, unless another lives.
            score = np.where(lives, size, 0.01 * size)
            better = (score > best) & (size > np.where(lives, _MOVER_SEEN, _BREATH_SEEN))
            best[better], target[better] = score[better], number
            shown[better] = far[better]
        known = np.maximum.accumulate(np.where(target >= 0, np.arange(count), -1))
        shown = np.where(known >= 0, shown[np.maximum(known, 0)], self._state.range_m)
        return target, shown

    def _sum(
        self,
        returns: list[Return],
        ranges: list[Floats],
        sizes: list[Floats],
        turning: list[Floats],
        target_m: Floats,
        fluctuates: Floats,
    ) -> np.ndarray:
        module = self.module
        pointer = np.zeros(len(target_m), dtype=complex)
        for one, far, size, turn in zip(returns, ranges, sizes, turning, strict=True):
            if not size.any():
                continue
            leaks = np.maximum(np.exp(-(((far - target_m) / _BIN_M) ** 2)), _LEAKS)
            size = size * leaks * np.where(one.walks, 0.05 + 0.95 * fluctuates, 1.0)
            second = np.exp(1j * (module.second_follows * turn + self._between))
            pointer += size * (np.exp(1j * turn) + module.second * second)
        return pointer

    def _totals(self, angles: Floats, opened: Flags, target: np.ndarray, own: Floats) -> Floats:
        """The phase with its turns; while the gate is shut it stays where it was."""
        state = self._state
        steps = np.empty(len(angles))
        steps[1:] = np.diff(angles)
        steps[0] = angles[0] - state.angle if state.angle is not None else 0.0
        steps -= math.tau * np.round(steps / math.tau)
        if self.module.unwraps:
            turns = np.diff(own, prepend=state.turning)
            same = np.diff(target, prepend=state.target) == 0
            fast = same & (np.abs(turns) > math.pi)
            steps[fast] += math.tau * np.round((turns[fast] - steps[fast]) / math.tau)
        before = np.concatenate([[state.angle is not None], opened[:-1]])
        steps[~opened | ~before] = 0.0  # where the gate opens, the count begins anew
        found: Floats = state.total + np.cumsum(steps)
        return found

    def _slow(self, shown: Floats, opened: Flags) -> Floats:
        """The breath phase: mr60.Mr60's low pass, anew whenever the gate opens."""
        slow = np.zeros(len(shown))
        edges = np.flatnonzero(np.diff(opened.astype(np.int8), prepend=0, append=0))
        for begins, ends in zip(edges[::2], edges[1::2], strict=True):
            carried = begins == 0 and self._state.slow is not None
            before = self._state.slow if carried else shown[begins]
            some = shown[begins:ends, None]
            slow[begins:ends] = follow(some, np.array([before]), 0.75, 0.25)[:, 0]
        return slow

    def _remembered(self, at: int) -> _State:
        sights, ranges, own, target, angles, totals, slow, opened = self._memory
        return _State(
            sights.at(at),
            float(ranges[at]),
            float(own[at]),
            int(target[at]),
            float(angles[at]) if opened[at] else None,
            float(totals[at]),
            float(slow[at]) if opened[at] else None,
        )

    # --- frames ---------------------------------------------------------------------------------

    def _frames(
        self, opened: Flags, shown: Floats, slow: Floats, target_m: Floats, first: int
    ) -> list[bytes]:
        each = self._per_sample
        numbers = self._number + 1 + each * np.arange(len(shown))
        present = opened | (self.flag_sticks and self._state.sight.ever)
        columns = [
            many.frames(mr60.PRESENCE, many.words(present, 2), numbers),
            many.frames(
                mr60.PHASES,
                many.floats(shown, slow, np.where(opened, shown.astype(np.float32) - slow, 0.0)),
                numbers + 1,
            ),
        ]
        if self.chatter:
            columns += self._chatter(opened, target_m, numbers, each)
        block = np.concatenate(columns, axis=1)
        data, width = block.tobytes(), block.shape[1]
        return [data[at : at + width] for at in range(0, len(data), width)]

    def _chatter(
        self, opened: Flags, target_m: Floats, numbers: np.ndarray, each: int
    ) -> list[many.Bytes]:
        """Rates, distance, targets: what the firmware passes over. Rates hang at what they are."""
        count = len(opened)
        seen = [person for person in self.room.people if person.breath]
        rate = np.where(opened, seen[0].breath.rate if seen else 17.5, 0.0)
        heart = np.where(opened, 75.0, 0.0)
        far = many.floats(np.where(opened, 100 * target_m, 0.0))
        target = np.concatenate([many.words(opened, 4), np.zeros((count, 16), np.uint8)], axis=1)
        kinds = [
            (mr60.BREATH_RATE, many.floats(rate)),
            (mr60.HEART_RATE, many.floats(heart)),
            (mr60.DISTANCE, np.concatenate([many.words(opened, 4), far], axis=1)),
        ]
        kinds += [(mr60.TARGETS, target)] * (each - 5)
        return [
            many.frames(kind, data, numbers + 2 + place) for place, (kind, data) in enumerate(kinds)
        ]
