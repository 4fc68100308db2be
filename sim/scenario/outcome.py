"""What became of one run of a scenario: the one thing that terminal, JSON and JUnit are made of."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.scenario.judge import Verdict
from sim.scenario.record import Record


@dataclass
class Outcome:
    """A run that has ended, in order or not.

    trouble: why it did not come to its end (a firmware's traceback, a limit), or "". smallest:
    the file with the smallest scenario that still fails in the same way, where one was looked for.
    """

    path: Path
    name: str
    title: str
    seed: int
    length_ms: int
    took_s: float
    verdicts: list[Verdict]
    records: list[Record] = field(default_factory=list)
    trouble: str = ""
    smallest: Path | None = None

    @property
    def met(self) -> bool:
        return not self.trouble and all(verdict.stands for verdict in self.verdicts)

    @property
    def missed(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if not verdict.stands]

    def summary(self) -> dict[str, Any]:
        """As the last line of `--json` gives it. Not how long it took: what a program compares is
        then the same to the byte."""
        return {
            "scenario": self.name,
            "file": str(self.path),
            "title": self.title,
            "seed": self.seed,
            "met": self.met,
            "length_ms": self.length_ms,
            "expectations": [verdict.as_json() for verdict in self.verdicts],
            "trouble": self.trouble,
            "smallest": None if self.smallest is None else str(self.smallest),
        }
