"""How often sleepers are asked and called for, a night. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from sim.evaluate.kinds import BY_NAME
from sim.evaluate.play import DOORKNOCK, Result


@dataclass(frozen=True)
class Nights:
    """The nights of one kind of sleeper; each count is a mean of one night, most of the worst.

    questions = answered (one press of B) + over (breath came back) + calls (nobody answered).
    """

    name: str
    nights: int
    questions: float
    questions_most: int
    answered: float
    over: float
    calls: float
    calls_most: int


def nights(results: Iterable[Result], system: str = DOORKNOCK) -> list[Nights]:
    """One line a kind of night, in the order in which they come."""
    kinds: dict[str, list[Result]] = {}
    for result in results:
        if result.system == system and BY_NAME[result.task.kind].night:
            kinds.setdefault(result.task.kind, []).append(result)
    return [_line(name, of_kind) for name, of_kind in kinds.items()]


def _line(name: str, results: list[Result]) -> Nights:
    scores = [result.score for result in results]
    n = len(scores)
    return Nights(
        name.removeprefix("night, ").replace("'s envelope", " who never answers"),
        n,
        sum(score.prompts for score in scores) / n,
        max(score.prompts for score in scores),
        sum(score.answered for score in scores) / n,
        sum(score.withdrawn for score in scores) / n,
        sum(score.calls for score in scores) / n,
        max(score.calls for score in scores),
    )
