"""What a kind of case is, and what one case of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sim.evaluate.truth import Truth
from sim.hand import IDLE, Hand
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
    settings: of the sensor, where they are not the defaults; hand: who answers, and when.
    """

    trace: Trace
    truth: Truth
    mode: str = "washroom"
    home_hours: float = 0.0
    visits: int = 0
    doors: tuple[int, ...] = ()
    notes: str = ""
    settings: dict[str, int] = field(default_factory=dict)
    hand: Hand = IDLE


@dataclass(frozen=True)
class Kind:
    """A kind of case. family: what targets are said of; source: where its input comes from.

    share: of the number of cases that was asked for (long ones are fewer). dice: the kind whose
    cases these are, lived in another way; "": its own. night: each case is one.
    """

    name: str
    family: str
    source: str
    build: Callable[[random.Random], Case]
    radar: str = "mr60bha2"
    share: float = 1.0
    dice: str = ""
    night: bool = False

    def case(self, split: str, seed: int, index: int) -> Case:
        """One case of this kind: the same seed makes the same."""
        return self.build(chance_of(split, self.dice or self.name, seed, index))

    @property
    def tier(self) -> str:
        """The tier of its radar."""
        return "presence" if self.radar == "ld2410" else "breathing"


def chance_of(split: str, kind: str, seed: int, index: int) -> random.Random:
    """The dice of one case. What is tuned on (split "tune") shares no seed with what is tested."""
    return random.Random(f"{split}/{kind}/{seed}/{index}")
