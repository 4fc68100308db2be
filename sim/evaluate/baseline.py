"""What the field does: a fixed threshold on how much moves, and three minutes of stillness.

A washroom radar in use smooths its signal with a median of 5 and a mean of 20, holds it against
one fixed threshold, calls after 180 s below it, and needs a door contact to know that somebody
went. It is given here what it needs: a door contact that never fails (where a case has doors), and
thresholds set on simulated people of the split `tune`.
"""

import math
import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.evaluate.kind import Case
from sim.people.body import MM_A_RAD
from sim.trace import Trace

MEDIAN_OF = 5
MEAN_OF = 20
# How fast the chest goes, mm/s. In empty rooms (split tune) 95 % of the smoothed values lie below
# 0.44 at the worst noise and below 0.08 in the median; of somebody seated 95 % lie above 0.40 at
# the least and above 1.3 in the median. (Of a still chest with a heart in it, above 0.9: a
# threshold on movement cannot see an apnoea that the module goes on showing.)
BREATHING_THRESHOLD = 0.4
# The largest moving energy of gates 2 to 8. Empty rooms stay below 13, with a fan on below 29,
# somebody who moves reaches 80.
PRESENCE_THRESHOLD = 40.0
# After the door has moved whoever was there is gone; the filters take so long to forget them.
DOOR_MS = 10_000


@dataclass(frozen=True)
class Baseline:
    """One such device: how long it waits."""

    name: str
    stillness_s: float


BASELINES = (
    Baseline("fixed threshold, 180 s", 180.0),
    # The same, in as much of a hurry as we are: 20 s to ask and 15 s to call.
    Baseline("fixed threshold, 35 s", 35.0),
)
BY_NAME = {baseline.name: baseline for baseline in BASELINES}


def events(baseline: Baseline, case: Case) -> list[dict[str, Any]]:
    """What it says about this case: a call, which is its question as well."""
    breathing = case.trace.tier == "breathing"
    threshold = BREATHING_THRESHOLD if breathing else PRESENCE_THRESHOLD
    signal = speeds(case.trace) if breathing else energies(case.trace)
    doors = deque(case.doors)
    said: list[dict[str, Any]] = []
    still_since: int | None = None  # None: nobody is there, or has been called for
    deaf_until = -1
    for at_ms, value in smoothed(signal):
        if doors and at_ms >= doors[0]:
            deaf_until = doors.popleft() + DOOR_MS
            still_since = None
        if at_ms < deaf_until:
            continue
        if value > threshold:
            still_since = at_ms
        elif still_since is not None and at_ms - still_since >= baseline.stillness_s * 1000:
            still_since = None
            said.append(
                {"t_ms": at_ms, "event": "prompt", "state": "asked", "cause": "no_movement"}
            )
            said.append({"t_ms": at_ms, "event": "stillness", "cause": "no_movement"})
    return said


def speeds(trace: Trace) -> Iterator[tuple[int, float]]:
    """(ms since the first sample, mm/s between two samples); a shut gate stands still."""
    start = trace.rows[0][0]
    before: tuple[int, ...] | None = None
    for row in trace.rows:
        speed = 0.0
        if before is not None and row[1] and before[1] and row[4] and before[4]:
            step = math.remainder((row[1] - before[1]) / 1000, math.tau)
            speed = abs(step) * MM_A_RAD * 1000 / (row[0] - before[0])
        yield row[0] - start, speed
        before = row


def energies(trace: Trace) -> Iterator[tuple[int, float]]:
    """(ms since the first sample, the largest moving energy of gates 2 to 8)."""
    start = trace.rows[0][0]
    for row in trace.rows:
        yield row[0] - start, float(max(row[8:15]))


def smoothed(signal: Iterator[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """The signal's running mean of 20 of its running median of 5."""
    newest: deque[float] = deque(maxlen=MEDIAN_OF)
    medians: deque[float] = deque(maxlen=MEAN_OF)
    for at_ms, value in signal:
        newest.append(value)
        medians.append(statistics.median(newest))
        yield at_ms, math.fsum(medians) / len(medians)
