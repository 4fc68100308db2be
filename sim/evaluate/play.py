"""Plays cases: one through every system, all of them on all cores."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from sim.evaluate.kind import chance_of
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.truth import Score, score
from sim.replay import replay

DOORKNOCK = "doorknock"


@dataclass(frozen=True)
class Task:
    """One case to play: which, and through which systems beside the firmware as it is."""

    kind: str
    index: int
    seed: int
    split: str
    beside: tuple[str, ...] = ()


@dataclass
class Result:
    """What one system made of one case."""

    task: Task
    system: str
    score: Score
    onset_ms: int | None
    must: str
    duration_s: float
    home_hours: float
    visits: int
    notes: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        """For a program to read: one flat object."""
        kind = BY_NAME[self.task.kind]
        scored = asdict(self.score)
        return {
            "case": f"{self.task.kind} {self.task.index}",
            "kind": self.task.kind,
            "family": kind.family,
            "tier": kind.tier,
            "source": kind.source,
            "split": self.task.split,
            "seed": self.task.seed,
            "index": self.task.index,
            "system": self.system,
            "must": self.must,
            "onset_ms": self.onset_ms,
            "duration_s": round(self.duration_s, 1),
            **scored,
            **({"notes": self.notes} if self.notes else {}),
        }


def tasks(
    kinds: Iterable[str], cases: int, seed: int, split: str, beside: tuple[str, ...] = ()
) -> list[Task]:
    """So many of each kind (long ones fewer), at least one."""
    return [
        Task(name, index, seed, split, beside)
        for name in kinds
        for index in range(max(1, round(cases * BY_NAME[name].share)))
    ]


def play(task: Task) -> list[Result]:
    """One case, through the firmware and through what stands beside it."""
    kind = BY_NAME[task.kind]
    case = kind.build(chance_of(task.split, task.kind, task.seed, task.index))
    results = []
    for system in (DOORKNOCK, *task.beside):
        events = _events(system, case.trace, kind.radar, case.mode)
        results.append(
            Result(
                task,
                system,
                score(case.truth, events),
                case.truth.onset_ms,
                case.truth.must.value,
                case.trace.length_ms / 1000,
                case.home_hours,
                case.visits,
                case.notes,
                events,
            )
        )
    return results


def _events(system: str, recording: Any, radar: str, mode: str) -> list[dict[str, Any]]:
    lines = replay(recording, radar, mode)
    return [line for line in lines if "event" in line]


def play_all(wanted: list[Task], workers: int | None = None) -> Iterator[list[Result]]:
    """All of them, in order, on all cores."""
    with ProcessPoolExecutor(workers or os.cpu_count() or 1) as pool:
        yield from pool.map(play, wanted, chunksize=2)
