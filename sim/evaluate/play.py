"""Plays cases: one through every system, all of them on all cores."""

import os
import time
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.evaluate import baseline, without
from sim.evaluate.kind import Case
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.truth import BROKEN, Score, score
from sim.hand import door_at
from sim.replay import ReplayFailed, replay
from sim.scenario import ending
from sim.trace import Trace

DOORKNOCK = "doorknock"
# Kinds of a smaller share are the long ones: nights, evenings, many visits.
SHORT = 0.5
# So many cases a worker is handed at a time.
_AT_ONCE = 2


@dataclass(frozen=True)
class Task:
    """One case to play: which, and through which systems beside the firmware as it is.

    firmwares: where the copies of the firmware are, whole and without its parts.
    """

    kind: str
    index: int
    seed: int
    split: str
    beside: tuple[str, ...] = ()
    firmwares: str = ""


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
    mark: int = 0  # of the input: the same input has the same, 0 … 2^32 - 1
    took_s: float = 0.0  # of a worker's time

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
            "home_hours": round(self.home_hours, 4),
            "visits": self.visits,
            "mark": self.mark,
            **scored,
            **({"notes": self.notes} if self.notes else {}),
        }


def tasks(
    kinds: Iterable[str],
    cases: int,
    seed: int,
    split: str,
    baselines: Iterable[str] = (),
    parts: Iterable[str] = (),
    cases_without: int = 0,
    firmwares: str = "",
) -> list[Task]:
    """So many of each kind (long ones fewer), at least one.

    The baselines see every case; the firmware without its parts the first cases_without of each
    kind that is not long and of the part's tier.
    """
    made = []
    for name in kinds:
        kind = BY_NAME[name]
        apart = [part for part in parts if without.BY_NAME[part].tier == kind.tier]
        for index in range(max(1, round(cases * kind.share))):
            taken_out = apart if kind.share >= SHORT and index < cases_without else []
            beside = (*baselines, *taken_out)
            made.append(Task(name, index, seed, split, beside, firmwares))
    return made


def play(task: Task) -> list[Result]:
    """One case, through the firmware and through what stands beside it."""
    kind = BY_NAME[task.kind]
    case = kind.case(task.split, task.seed, task.index)
    mark = mark_of(case.trace)
    results = []
    for system in (DOORKNOCK, *task.beside):
        if system in without.MORE and not case.doors:
            continue
        began = time.monotonic()
        events = _events(system, case, kind.radar, Path(task.firmwares))
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
                mark,
                time.monotonic() - began,
            )
        )
    return results


def mark_of(trace: Trace) -> int:
    """Which input it is, 0 … 2^32 - 1."""
    return zlib.crc32(repr(trace.rows).encode())


def _events(system: str, case: Case, radar: str, firmwares: Path) -> list[dict[str, Any]]:
    if system in baseline.BY_NAME:
        return baseline.events(baseline.BY_NAME[system], case)
    part = without.BY_NAME.get(system, without.AS_IT_IS)
    hand = case.hand
    if system == without.WITH_A_DOOR:
        hand = replace(hand, doors=door_at(case.doors))
    try:
        lines = replay(
            case.trace,
            radar,
            case.mode,
            case.settings,
            firmware=firmwares / part.folder,
            hand=hand,
        )
    except ReplayFailed as error:
        return [{"t_ms": 0, "event": BROKEN, "what": str(error)}]
    return [line for line in lines if "event" in line]


def cores() -> int:
    """How many there are."""
    return os.cpu_count() or 1


def play_all(wanted: list[Task], workers: int | None = None) -> Iterator[list[Result]]:
    """All of them, in order, on so many cores."""
    with ProcessPoolExecutor(workers or cores(), initializer=ending.with_the_host) as pool:
        try:
            waiting = [
                pool.submit(ending.in_a_worker, _play_some, wanted[at : at + _AT_ONCE])
                for at in range(0, len(wanted), _AT_ONCE)
            ]
            waiting.reverse()
            while waiting:  # and forgotten as soon as it has been told
                yield from waiting.pop().result()
        except BaseException:
            ending.end_workers()
            raise


def _play_some(some: list[Task]) -> list[list[Result]]:
    return [play(task) for task in some]
