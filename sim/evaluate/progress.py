"""How far a run has come, and how long the rest may take: a bar, or a line a minute."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sim.evaluate.kinds import BY_NAME

_SAY_EVERY_S = 60.0


class Estimate:
    """Seconds of work that are left, from what each kind of case has taken so far.

    A kind of which none has been played yet is taken to cost as much more than the others as its
    share is smaller: that is why it is.
    """

    def __init__(self, kinds: Iterable[str]) -> None:
        self._left: dict[str, int] = {}
        for kind in kinds:
            self._left[kind] = self._left.get(kind, 0) + 1
        self._took: dict[str, tuple[int, float]] = {}  # cases, s

    def done(self, kind: str, took_s: float) -> None:
        """One case of this kind is over."""
        self._left[kind] -= 1
        cases, before_s = self._took.get(kind, (0, 0.0))
        self._took[kind] = (cases + 1, before_s + took_s)

    def left_s(self) -> float | None:
        """None: nothing has been played yet."""
        if not self._took:
            return None
        whole = sum(s * BY_NAME[kind].share for kind, (_, s) in self._took.items())
        of_share_1 = whole / sum(cases for cases, _ in self._took.values())
        left = 0.0
        for kind, cases in self._left.items():
            seen, took_s = self._took.get(kind, (0, 0.0))
            left += cases * (took_s / seen if seen else of_share_1 / BY_NAME[kind].share)
        return left


class Shown:
    """Tells of a run on this console; use it as a context."""

    def __init__(
        self,
        say: Console,
        kinds: list[str],
        workers: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._workers = workers
        self._clock = clock
        self._said_at = clock()
        self._done, self._all = 0, len(kinds)
        self._estimate = Estimate(kinds)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=say,
            transient=True,
            disable=not say.is_terminal,
        )
        self._task = self._bar.add_task("cases", total=self._all, left="")

    def __enter__(self) -> "Shown":
        self._bar.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._bar.__exit__(kind, problem, where)

    def done(self, kind: str, took_s: float) -> None:
        """One case of this kind is over, and took a worker so long."""
        self._done += 1
        self._estimate.done(kind, took_s)
        left = self._left()
        self._bar.update(self._task, advance=1, description=kind, left=left)
        now = self._clock()
        if not self._say.is_terminal and now - self._said_at >= _SAY_EVERY_S:
            self._said_at = now
            self._say.print(f"{self._done} of {self._all} cases, {left}")

    def _left(self) -> str:
        seconds = self._estimate.left_s()
        if seconds is None:
            return ""
        minutes = seconds / self._workers / 60
        return f"about {minutes:.0f} min left" if minutes >= 1 else "under a minute left"
