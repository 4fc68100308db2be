"""A presence radar (LD2410) over a room: energies of nine gates, ten reports a second.

Each gate shows the stronger of the empty room and of everybody in the beam. Moving energies come
and go within some tenths of a second, still ones within some seconds (whoever leaves takes theirs
along within about two). Figures: sim/radars/energies.py.

Assumptions: what becomes of the still energy over a body that does not breathe (no recording of
one is known): it stays, or fades with fades_s; that the module's own flags follow people in the
beam, the still one for 5 s longer (its setting for nobody, as delivered).
"""

import math
import random
from collections.abc import Iterable

import numpy as np

from sim.people.chest import Floats
from sim.radars import energies
from sim.radars.energies import GATES, Level
from sim.radars.follow import follow
from sim.radars.ld2410 import RESTART, Ld2410, Report
from sim.radars.line import Quirks, Timed
from sim.radars.stream import Stream
from sim.rooms.placement import Placement
from sim.rooms.room import Room
from sim.rooms.things import Return

BAUD = 256000
_RATE_HZ = 10.0
_BOOTS_S = 1.0
# To follow what is there, s: moving and still energies.
_MOVING_S, _STILL_S = 0.3, 1.2
# Sees 60 degrees to each side, 6 m and more.
_WIDEST_DEG, _FARTHEST_M = 60.0, 6.75
_FLAG_STAYS_S = 5.0
# The module answers within some 50 ms.
_ANSWERS_MS = 20


class PresenceRadar(Stream):
    """One LD2410 (B, C). fades_s: time constant with which a still energy fades over somebody who
    does not breathe; None: it stays as over anybody who sits still."""

    def __init__(
        self,
        room: Room,
        placement: Placement,
        chance: random.Random,
        *,
        fades_s: float | None = None,
        rate_hz: float = _RATE_HZ,
        quirks: Quirks | None = None,
    ) -> None:
        super().__init__(
            room,
            placement,
            chance,
            rate_hz=rate_hz,
            jitter=0.05,
            baud=BAUD,
            boots_s=_BOOTS_S,
            dice=(2 * GATES, 1),
            quirks=quirks,
        )
        self.fades_s = fades_s
        self._floor = energies.room(room.clutter)
        self._module = Ld2410()
        self._stuck: bytes | None = None
        self._stuck_state: int | None = None
        self._forget()

    def stick(self, stuck: bool, at_ms: int) -> None:
        """From now on it repeats its last report; or no longer."""
        self._anew(at_ms / 1000)
        self._stuck = self._last if stuck else None

    def stick_flag(self, state: int | None, at_ms: int) -> None:
        """Its own state stays this (bit 0 moving, bit 1 still) whatever is there, until None."""
        if state is not None and not 0 <= state <= 3:
            raise ValueError(f"The state of an LD2410 is 0 to 3, not {state}.")
        self._anew(at_ms / 1000)
        self._stuck_state = state

    def written(self, at_ms: int, data: bytes) -> Iterable[Timed]:
        """Its answers to commands. Reports pause while it is being configured."""
        if not self._on or self._stalled:
            return ()
        self._anew(at_ms / 1000)
        answer = self._module.hear(data)
        if answer and data[6] == RESTART:
            self.restart(at_ms + _ANSWERS_MS)
        return ((at_ms + _ANSWERS_MS, answer),) if answer else ()

    # --- samples --------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._mean = self._floor.mean.copy()
        self._slow = np.zeros(GATES)  # the still energies' own way, AR(1)
        self._alive = 1.0  # of the still energy, while nobody's breath has stopped
        self._there_s = -math.inf  # when somebody was last there
        self._last = b""
        self._memory: tuple[Floats, Floats, Floats, Floats, list[bytes]] | None = None

    def _begin(self) -> None:
        self._forget()
        self._module.restart()

    def _keep(self, count: int) -> None:
        if count > 0 and self._memory is not None:
            means, slow, alive, there, reports = self._memory
            self._mean, self._slow = means[count - 1], slow[count - 1]
            self._alive, self._there_s = float(alive[count - 1]), float(there[count - 1])
            self._last = reports[count - 1] or self._last

    def _make(self, first: int, times: Floats) -> list[bytes]:
        normals, _ = self._dice.of(first, len(times))
        returns = self.room.returns(times)
        means, deviations, alive, levels, ranges = self._what_is_there(returns, times)
        keeps = [math.exp(-1 / (self.rate_hz * tau)) for tau in (_MOVING_S, _STILL_S)]
        shown = np.concatenate(
            [
                follow(means[:, part], self._mean[part], keep, 1 - keep)
                for part, keep in zip((slice(0, GATES), slice(GATES, None)), keeps, strict=True)
            ],
            axis=1,
        )
        rho = energies.STILL_RHO_AT_1S ** (1 / self.rate_hz)
        slow = follow(normals[:, GATES:], self._slow, rho, math.sqrt(1 - rho * rho))
        found = shown + deviations * np.concatenate([normals[:, :GATES], slow], axis=1)
        values = np.clip(np.round(found), 0, 100).astype(np.uint8)
        there = np.maximum.accumulate(np.where(levels > Level.ABSENT, times, self._there_s))
        state = (levels >= Level.TURNS) + 2 * (times - there < _FLAG_STAYS_S)
        if self._stuck_state is not None:
            state[:] = self._stuck_state
        reports = self._reports_of(values, state, ranges)
        self._memory = (shown, slow, alive, there, reports)
        return reports

    def _what_is_there(
        self, returns: list[Return], times: Floats
    ) -> tuple[Floats, Floats, Floats, np.ndarray, Floats]:
        """Means and deviations (n, 18), what is left of a still energy, the highest level, m."""
        count = len(times)
        means = np.tile(self._floor.mean, (count, 1))
        deviations = np.tile(self._floor.sd, (count, 1))
        highest = np.zeros(count, dtype=np.int64)
        ranges = np.full(count, 1.5)
        alive = np.full(count, self._alive)
        for one in returns:
            if one.shakes:
                self._add(means, deviations, one.here, energies.FAN_ON.mean, energies.FAN_ON.sd)
                continue
            far = self.placement.ranges(one.where)
            seen = one.here & self._in_beam(one.where, far)
            if not seen.any():
                continue
            level = self._levels(one, seen)
            gate = np.minimum(far / energies.GATE_M, GATES - 1).astype(np.int64)
            mean, sd = energies.MEANS[level, gate], energies.DEVIATIONS[level, gate]
            if one.stops is not None:
                alive = self._fading(one.stops & seen, count)
                still = self._floor.mean[GATES:]
                mean[:, GATES:] = still + (mean[:, GATES:] - still) * alive[:, None]
            part = np.broadcast_to(one.presence, count)[:, None]
            self._add(means, deviations, seen, mean * part, sd * part)
            nearer = level > highest
            highest[nearer], ranges[nearer] = level[nearer], far[nearer]
        return means, deviations, alive, highest, ranges

    def _add(
        self, means: Floats, deviations: Floats, where: np.ndarray, mean: Floats, sd: Floats
    ) -> None:
        stronger = (mean > means) & where[:, None]
        means[stronger] = np.broadcast_to(mean, means.shape)[stronger]
        deviations[stronger] = np.broadcast_to(sd, means.shape)[stronger]

    def _in_beam(self, where: Floats, far: Floats) -> np.ndarray:
        axis = np.array(self.placement.looks_at) - np.array(self.placement.at)
        along = (where - np.array(self.placement.at)) @ (axis / np.linalg.norm(axis))
        off = np.degrees(np.arccos(np.clip(along / np.maximum(far, 1e-6), -1.0, 1.0)))
        found: np.ndarray = (off <= _WIDEST_DEG) & (far <= _FARTHEST_M)
        return found

    def _levels(self, one: Return, seen: np.ndarray) -> np.ndarray:
        level = np.where(one.stands, Level.STANDS, Level.SITS)
        level = np.where(one.sleeps, Level.SLEEPS, level)
        level = np.where(one.moves, Level.TURNS, level)
        level = np.where(one.walks, Level.WALKS, level)
        return np.where(seen, level, Level.ABSENT)

    def _fading(self, stopped: np.ndarray, count: int) -> Floats:
        """What is left of a still energy: falls while somebody does not breathe."""
        if self.fades_s is None:
            return np.ones(count)
        keep = math.exp(-1 / (self.rate_hz * self.fades_s))
        wanted = np.where(stopped, 0.0, 1.0)[:, None]
        found: Floats = follow(wanted, np.array([self._alive]), keep, 1 - keep)[:, 0]
        return found

    # --- reports --------------------------------------------------------------------------------

    def _reports_of(self, values: np.ndarray, state: np.ndarray, ranges: Floats) -> list[bytes]:
        if self._module.configuring:
            return [b""] * len(values)
        if self._stuck is not None:
            return [self._stuck] * len(values)
        cm = np.round(100 * ranges).astype(np.int64)
        if not self._module.in_engineering:
            return [self._module.sample(one) for one in self._one_by_one(values, state, cm)]
        return engineering_many(values, state, cm)

    def _one_by_one(
        self, values: np.ndarray, state: np.ndarray, cm: np.ndarray
    ) -> Iterable[Report]:
        for row, now, far in zip(values.tolist(), state.tolist(), cm.tolist(), strict=True):
            moving, still = row[:GATES], row[GATES:]
            yield Report(now, far, max(moving[2:]), far, max(still[2:]), moving, still)


def engineering_many(values: np.ndarray, state: np.ndarray, cm: np.ndarray) -> list[bytes]:
    """Engineering reports, byte for byte as ld2410.engineering makes them one by one.

    values: (n, 18) energies; state 0 … 3; cm: of what is seen, both moving and still.
    """
    made = np.zeros((len(values), 45), dtype=np.uint8)
    made[:, :8] = np.frombuffer(bytes.fromhex("F4F3F2F1230001AA"), dtype=np.uint8)
    low, high = cm & 0xFF, cm >> 8
    made[:, 8] = state
    made[:, 9], made[:, 10], made[:, 11] = low, high, values[:, 2:GATES].max(axis=1)
    made[:, 12], made[:, 13], made[:, 14] = low, high, values[:, GATES + 2 :].max(axis=1)
    made[:, 15], made[:, 16] = np.where(state > 0, low, 0), np.where(state > 0, high, 0)
    made[:, 17:19] = 8
    made[:, 19:37] = values
    made[:, 37], made[:, 38] = 0x57, state > 0
    made[:, 39:] = np.frombuffer(bytes.fromhex("5500F8F7F6F5"), dtype=np.uint8)
    data = made.tobytes()
    return [data[at : at + 45] for at in range(0, len(data), 45)]
