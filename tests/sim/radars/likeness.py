"""How like a recording a model is: a few numbers of each, and how far they may differ."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim import trace
from sim.people.body import MM_A_RAD

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Numbers:
    """Of one piece of displacement, mm.

    span: peak to peak over windows of 10 s, the median; least: the least of them. rate: where the
    spectrum peaks between 5 and 40 a minute. step, step_high: from one sample to the next, the
    median and the ninth tenth. jitter: standard deviation of the steps.
    """

    span: float
    least: float
    rate: float
    step: float
    step_high: float
    jitter: float


def of(times_s: np.ndarray, mm: np.ndarray) -> Numbers:
    """The numbers of these samples."""
    window = int(10 / np.median(np.diff(times_s)))
    spans = [np.ptp(mm[at : at + window]) for at in range(0, len(mm) - window + 1, window)]
    steps = np.abs(np.diff(mm))
    even = np.arange(times_s[0], times_s[-1], 0.1)
    wave = np.interp(even, times_s, mm)
    power = np.abs(np.fft.rfft((wave - wave.mean()) * np.hanning(len(wave)), 8192)) ** 2
    a_minute = 60 * np.fft.rfftfreq(8192, 0.1)
    breath = (a_minute >= 5) & (a_minute <= 40)
    return Numbers(
        span=float(np.median(spans)),
        least=float(min(spans)),
        rate=float(a_minute[breath][power[breath].argmax()]),
        step=float(np.median(steps)),
        step_high=float(np.quantile(steps, 0.9)),
        jitter=float(np.diff(mm).std()),
    )


def recorded(name: str) -> Numbers:
    """The numbers of a recording of tests/data."""
    rows = np.array(trace.read(DATA / f"{name}.csv").rows, dtype=float)
    return of(rows[:, 0] / 1000, rows[:, 1] / 1000 * MM_A_RAD)


def complaints(
    made: Sequence[Numbers], like: Numbers, factors: dict[str, float], rate: float | None = None
) -> list[str]:
    """Which numbers of the model, in the median, are farther from the recording than a factor.

    rate: how far that one may be, a minute.
    """
    found = []
    for name, factor in factors.items():
        model = statistics.median(getattr(one, name) for one in made)
        real = getattr(like, name)
        if not real / factor <= model <= real * factor:
            found.append(f"{name}: {model:.4f} made, {real:.4f} recorded, factor {factor}")
    model = statistics.median(one.rate for one in made)
    if rate is not None and abs(model - like.rate) > rate:
        found.append(f"rate: {model:.1f} made, {like.rate:.1f} recorded")
    return found
