"""The wire between module and board, and what happens to bytes on it.

Nothing unless asked for. Then: noise (a bit turned over), reports lost, reports cut in two, bytes
that come late and all at once, a buffer that overruns. What a board hears that listens at another
baud rate than the module's is the board's own affair.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

Timed = tuple[int, bytes]


@dataclass
class Quirks:
    """What is wrong with the wire. May be changed at any moment; it holds for what comes then.

    drops: share of reports that are lost, 0 … 1. noise: share of bytes in which one bit is turned
    over. splits: share of reports of which the second part comes up to 20 ms later. late_ms: bytes
    are held for so long and then come at once, as to a reader that was busy; of those more than
    buffer_bytes are lost (0: none are).
    """

    drops: float = 0.0
    noise: float = 0.0
    splits: float = 0.0
    late_ms: int = 0
    buffer_bytes: int = 0

    def __setattr__(self, name: str, value: float) -> None:
        most = 1.0 if name in ("drops", "noise", "splits") else 1_000_000
        if not 0 <= value <= most:
            raise ValueError(f"The quirk {name} is {value:g}, and must be 0 to {most:g}.")
        super().__setattr__(name, value)

    @property
    def none(self) -> bool:
        """Whether all is well."""
        return not (self.drops or self.noise or self.splits or self.late_ms)


class Line:
    """One wire, and what is under way on it."""

    def __init__(self, chance: random.Random, quirks: Quirks | None = None) -> None:
        self.quirks = quirks or Quirks()
        self._chance = chance
        self._waiting: list[Timed] = []

    @property
    def clear(self) -> bool:
        """Whether bytes arrive as they were sent."""
        return self.quirks.none and not self._waiting

    def cut(self) -> None:
        """The power goes: what was under way is lost."""
        self._waiting.clear()

    def carry(self, sent: Iterable[Timed], until_ms: int) -> list[Timed]:
        """What arrives up to then, of this and of what was under way; in order of time."""
        if self.clear:
            return list(sent)
        for at_ms, data in sent:
            self._waiting += self._one(at_ms, data)
        self._waiting.sort(key=lambda one: one[0])
        there = sum(1 for at_ms, _ in self._waiting if at_ms <= until_ms)
        arrived, self._waiting = self._waiting[:there], self._waiting[there:]
        return self._overrun(arrived) if self.quirks.buffer_bytes else arrived

    def _one(self, at_ms: int, data: bytes) -> list[Timed]:
        quirks, chance = self.quirks, self._chance
        if chance.random() < quirks.drops:
            return []
        if quirks.noise:
            noisy = bytearray(data)
            for place in range(len(noisy)):
                if chance.random() < quirks.noise:
                    noisy[place] ^= 1 << chance.randrange(8)
            data = bytes(noisy)
        if quirks.late_ms:
            at_ms = -(-at_ms // quirks.late_ms) * quirks.late_ms
        if len(data) > 1 and chance.random() < quirks.splits:
            cut = chance.randrange(1, len(data))
            return [(at_ms, data[:cut]), (at_ms + chance.randint(1, 20), data[cut:])]
        return [(at_ms, data)]

    def _overrun(self, arrived: list[Timed]) -> list[Timed]:
        """What comes at the same ms fits the buffer, or is lost."""
        kept: list[Timed] = []
        at, room = -1, 0
        for at_ms, data in arrived:
            if at_ms != at:
                at, room = at_ms, self.quirks.buffer_bytes
            if data[:room]:
                kept.append((at_ms, data[:room]))
            room = max(room - len(data), 0)
        return kept
