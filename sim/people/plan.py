"""Plans: who does what when, checked from beginning to end before anything runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sim.people import doings
from sim.people.condition import Condition, ImpossibleError, after
from sim.people.doings import Doing

# Below it people lose consciousness (assumption): the mark at which breathing counts as depressed.
UNCONSCIOUS_FROM_RATE = 8.0


@dataclass(frozen=True)
class Step:
    """At so many seconds this. by_itself: it follows from an earlier doing, nobody planned it."""

    at_s: float
    doing: Doing
    by_itself: bool = False


class PlanError(ValueError):
    """The plan is impossible. `str()` is one sentence; step: which, from 0."""

    def __init__(self, text: str, step: int) -> None:
        super().__init__(text)
        self.step = step


def consequences(step: Step) -> list[Step]:
    """What follows from a doing by itself, later."""
    doing = step.doing
    if not isinstance(doing, doings.Use):
        return []
    later = []
    if doing.rate <= UNCONSCIOUS_FROM_RATE:
        later.append(Step(step.at_s + doing.over_s, doings.PassOut(), True))
    if doing.stops_after_s is not None:
        later.append(Step(step.at_s + doing.stops_after_s, doings.StopBreathing(), True))
    return later


def undoes(doing: Doing) -> bool:
    """Whether what earlier doings would still lead to is then no more."""
    return isinstance(doing, doings.Revive | doings.Use)


def with_step(steps: Iterable[Step], step: Step) -> list[Step]:
    """These steps and what follows from this one, in order of time."""
    kept = [one for one in steps if not (one.by_itself and undoes(step.doing))]
    return sorted([*kept, *consequences(step)], key=lambda one: one.at_s)


def checked(who: str, plan: Sequence[tuple[float, Doing]]) -> list[Step]:
    """The plan's steps. Raises PlanError for times that do not rise and doings that cannot be."""
    last_s = 0.0
    numbers: dict[int, int] = {}
    steps = []
    for number, (at_s, doing) in enumerate(plan):
        if not 0 <= at_s < float("inf"):
            raise PlanError(
                f"{who}'s plan, step {number + 1} ({doing.called}): the time is {at_s:g} s, "
                "and must be 0 or more.",
                number,
            )
        if at_s < last_s:
            raise PlanError(
                f"{who}'s plan, step {number + 1} ({doing.called}): {at_s:g} s comes before the "
                f"step above it at {last_s:g} s; write them in order of time.",
                number,
            )
        last_s = at_s
        steps.append(Step(float(at_s), doing))
        numbers[id(steps[-1])] = number
    condition = Condition()
    left = list(steps)
    while left:
        step = left.pop(0)
        try:
            condition = after(condition, step.doing, who)
        except ImpossibleError as error:
            if step.by_itself:
                continue
            number = numbers[id(step)]
            raise PlanError(
                f"{who}'s plan, step {number + 1}, at {step.at_s:g} s: {error}", number
            ) from None
        left = with_step(left, step)
    return steps
