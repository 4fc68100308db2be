"""What a kind of case is, and what one case of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sim.evaluate.truth import Truth
from sim.trace import Trace

# Where a case's input comes from. Said beside every number.
REAL = "real recording"
REAL_BREATHING = "real breathing, synthetic apnoea"
REAL_ENVELOPE = "a real sleeper's envelope on simulated breath"
SIMULATED = "simulated"


@dataclass
class Case:
    """One trace, and what is true of it. home_hours, visits: what it adds to the exposure.

    doors: the ms at which somebody went out: a door contact, for what cannot do without one.
    """

    trace: Trace
    truth: Truth
    mode: str = "washroom"
    home_hours: float = 0.0
    visits: int = 0
    doors: tuple[int, ...] = ()
    notes: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of case. family: what targets are said of; source: where its input comes from.

    share: of the number of cases that was asked for (long ones are fewer).
    """

    name: str
    family: str
    source: str
    build: Callable[[random.Random], Case]
    radar: str = "mr60bha2"
    share: float = 1.0
    about: str = ""

    @property
    def tier(self) -> str:
        """The tier of its radar."""
        return "presence" if self.radar == "ld2410" else "breathing"


def chance_of(split: str, kind: str, seed: int, index: int) -> random.Random:
    """The dice of one case. What is tuned on (split "tune") shares no seed with what is tested."""
    return random.Random(f"{split}/{kind}/{seed}/{index}")
