"""The real recordings: cut, repeated, resampled; and apnoeas made from them.

Nobody's overdose has been recorded. "Real breathing, synthetic apnoea" is real breathing, then a
chest held where it was, in which a heart goes on. The sleepers' efforts are no radar: how their
breath swells and fails is taken from them, and nothing else.
"""

import bisect
import random
from functools import cache, lru_cache
from pathlib import Path

from sim import trace
from sim.apnoea import Apnoea, Composer, Heart
from sim.evaluate.dangers import GATE_SHUTS_WITHIN_S, LASTS_S
from sim.evaluate.kind import REAL, REAL_BREATHING, Case, Kind
from sim.evaluate.truth import danger, rest
from sim.trace import Trace

FOLDER = Path(__file__).parents[2] / "tests" / "data"
PEOPLE = ("a111_sleep_breathing", "a121_breathing_sitting", "mr60bha2_human_60cm")
NOBODY = ("a121_breathing_sitting_no_presence", "mr60bha2_empty_room")
# None: as it was recorded.
RATES_HZ = (None, None, 5.0, 8.0, 13.0, 20.0)


@cache
def recording(name: str) -> Trace:
    """One of the recordings that come with the source. Raises trace.TraceError."""
    return trace.read(FOLDER / f"{name}.csv")


def available() -> bool:
    """Whether they are here: an installed package does not bring them."""
    return FOLDER.is_dir()


def resampled(what: Trace, rate_hz: float | None, start_s: float = 0.0) -> Trace:
    """From start_s on, at this rate: between two samples a straight line."""
    rows = [row for row in what.rows if row[0] >= start_s * 1000] or what.rows
    if rate_hz is None:
        return Trace(what.name, what.tier, rows, what.notes)
    times = [row[0] for row in rows]
    made = []
    for number in range(int((times[-1] - times[0]) / 1000 * rate_hz) + 1):
        at = times[0] + round(number * 1000 / rate_hz)
        after = min(bisect.bisect_left(times, at), len(rows) - 1)
        before = max(after - 1, 0)
        span = times[after] - times[before] or 1
        part = min(max((at - times[before]) / span, 0.0), 1.0)
        low, high = rows[before], rows[after]
        made.append((at, round(low[1] + (high[1] - low[1]) * part), *low[2:]))
    return Trace(what.name, what.tier, made, what.notes)


def _somebody(chance: random.Random) -> Trace:
    name = chance.choice(PEOPLE)
    start_s = chance.uniform(0, recording(name).length_ms / 1000 - 20)
    return resampled(recording(name), chance.choice(RATES_HZ), start_s)


def breathes(chance: random.Random) -> Case:
    """A recording of somebody who breathes, over and over for four minutes."""
    made = Composer(_somebody(chance), chance.randrange(1 << 30)).breathing(240)
    return Case(made.trace(), rest(), chance.choice(["home", "washroom"]))


def nobody(chance: random.Random) -> Case:
    """A recording of nobody, the gate held open, over and over."""
    source = resampled(recording(chance.choice(NOBODY)), chance.choice(RATES_HZ))
    made = Composer(source, chance.randrange(1 << 30)).breathing(240)
    return Case(made.trace(), rest())


def apnoea(chance: random.Random) -> Case:
    """A recording of somebody who breathes, for one to three minutes, and then a still chest."""
    composer = Composer(_somebody(chance), chance.randrange(1 << 30))
    before_s = chance.uniform(60, 180)
    shuts_s = chance.choice([None, None, chance.uniform(0, GATE_SHUTS_WITHIN_S)])
    heart = Heart(chance.uniform(0.2, 0.8), chance.uniform(0.8, 2.0))
    composer.breathing(before_s).apnoea(Apnoea(LASTS_S, heart, shuts_s))
    onset_ms = round(before_s * 1000)
    notes = "" if shuts_s is None else f"gate shuts {shuts_s:.1f} s into it"
    return Case(
        composer.trace(), danger(onset_ms), chance.choice(["home", "washroom"]), notes=notes
    )


# A breath of the sleepers takes some 4 s: the span over that is the breath's size.
_ENVELOPE_S = 4.0


@lru_cache
def envelope(name: str) -> tuple[tuple[float, ...], float]:
    """How large a sleeper's breaths are: 1 is large (the ninth tenth), and the interval in s.

    name: effort_br1 (dozens of apnoeas) or effort_br2 (breathes normally).
    """
    rows = [
        line.split(",")
        for line in (FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        if line and line[0].isdigit()
    ]
    interval_s = (int(rows[1][0]) - int(rows[0][0])) / 1000
    effort = [int(row[1]) for row in rows]
    reach = round(_ENVELOPE_S / interval_s / 2)
    spans = [
        max(effort[max(at - reach, 0) : at + reach + 1])
        - min(effort[max(at - reach, 0) : at + reach + 1])
        for at in range(len(effort))
    ]
    large = sorted(spans)[len(spans) * 9 // 10]
    return tuple(min(span / large, 1.5) for span in spans), interval_s


KINDS = (
    Kind("recorded breathing", "peace", REAL, breathes),
    Kind("recorded empty room", "peace", REAL, nobody, share=0.5),
    Kind("recorded breathing, then apnoea", "apnoea", REAL_BREATHING, apnoea),
)
