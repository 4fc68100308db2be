"""What so many of so many proves: exact intervals, without a library."""

import math
from collections.abc import Callable, Sequence

# Two-sided: 2.5 % on each side.
CONFIDENCE = 0.95
# Bisection halves the interval each time: 60 steps leave less than a float can tell apart.
_STEPS = 60


def binomial_below(k: int, n: int, p: float) -> float:
    """The chance of k or fewer in n, each with chance p (0 … 1)."""
    if k >= n:
        return 1.0
    if p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    terms = (
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + i * log_p
        + (n - i) * log_q
        for i in range(k + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def poisson_below(k: int, mean: float) -> float:
    """The chance of k or fewer where so many are to be expected."""
    if mean <= 0:
        return 1.0
    terms = (i * math.log(mean) - mean - math.lgamma(i + 1) for i in range(k + 1))
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def share(k: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper and Pearson's interval (1934) for k of n, as shares of 1: never too narrow.

    With nothing tried nothing is known: (0, 1).
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no count")
    if n == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else _solve(lambda p: 1 - binomial_below(k - 1, n, p) < tail, 1.0)
    high = 1.0 if k == n else _solve(lambda p: binomial_below(k, n, p) > tail, 1.0)
    return low, high


def rate_at_most(events: int, exposure: float, confidence: float = CONFIDENCE) -> float:
    """The highest rate that so few events in so much exposure still allow; one-sided, Poisson.

    With no event at all it is the rule of three: about 3 / exposure. Without exposure: infinity.
    """
    if exposure <= 0:
        return math.inf
    most = 10.0 + 3 * events + 10 * math.sqrt(events)
    return _solve(lambda mean: poisson_below(events, mean) > 1 - confidence, most) / exposure


def _solve(below: Callable[[float], bool], high: float) -> float:
    """The place between 0 and high at which `below`, true at first, becomes false."""
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def quantile(values: Sequence[float], part: float) -> float | None:
    """The value below which this part (0 … 1) lies, interpolated; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
