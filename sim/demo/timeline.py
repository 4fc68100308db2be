"""What happened in the demo, in order: printed as it comes, and awaited by the script."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Moment:
    """Something that was seen. t_ms: since the demo began."""

    t_ms: float
    where: str
    event: str
    data: Mapping[str, Value] = field(default_factory=dict)

    def says(self, where: str, event: str, **data: Value) -> bool:
        """Whether this is *event* at *where* with all of *data*."""
        return (
            self.where == where
            and self.event == event
            and all(self.data.get(name) == value for name, value in data.items())
        )


class NotSeen(Exception):
    """What the script waited for did not come in its time."""


class Timeline:
    """Moments as they come. `show` gets each one, and how long after the last act it came."""

    def __init__(self, show: Callable[[Moment, float | None], None]) -> None:
        self.moments: list[Moment] = []
        self._show = show
        self._began = time.monotonic()
        self._came = asyncio.Event()
        self._act: Moment | None = None

    def note(self, where: str, event: str, **data: Value) -> Moment:
        """Something was seen just now."""
        moment = Moment((time.monotonic() - self._began) * 1000, where, event, data)
        self.moments.append(moment)
        self._show(moment, None if self._act is None else moment.t_ms - self._act.t_ms)
        self._came.set()
        return moment

    def act(self, where: str, event: str, **data: Value) -> Moment:
        """Somebody did something: what follows is timed from here."""
        self._act = None
        self._act = self.note(where, event, **data)
        return self._act

    async def until(
        self,
        what: str,
        fits: Callable[[Moment], bool],
        *,
        since: Moment | None = None,
        within_s: float,
    ) -> Moment:
        """The first moment after *since* that fits. Raises NotSeen after *within_s*."""
        at = 0 if since is None else self.moments.index(since) + 1
        deadline = time.monotonic() + within_s
        while True:
            while at < len(self.moments):
                if fits(self.moments[at]):
                    return self.moments[at]
                at += 1
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), deadline - time.monotonic())
            except TimeoutError:
                raise NotSeen(f"{what}: not seen within {within_s:g} s") from None


def json_lines(moment: Moment, _after_ms: float | None) -> None:
    """One JSON object a line, as the command line promises."""
    print(
        json.dumps(
            {
                "t_ms": round(moment.t_ms, 1),
                "device": moment.where,
                "event": moment.event,
                **moment.data,
            },
            ensure_ascii=False,
        ),
        flush=True,
    )


# An act is what a person did; the rest is what came of it.
_STYLES = {"phone": "cyan", "gateway": "blue", "backend": "blue", "person": "bold yellow"}


class Readable:
    """The timeline for a person at a terminal."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names

    def __call__(self, moment: Moment, after_ms: float | None) -> None:
        line = Text(f"{moment.t_ms / 1000:8.3f}  ", style="dim")
        where = self._names.get(moment.where, moment.where)
        line.append(f"{where:<16} ", style=_STYLES.get(moment.where, "green"))
        line.append(moment.event.replace("_", " "))
        said = "  ".join(f"{name} {value}" for name, value in moment.data.items() if value != "")
        if said:
            line.append(f"  {said}", style="dim")
        if after_ms is not None:
            line.append(f"  +{after_ms:,.0f} ms", style="magenta")
        self._console.print(line, soft_wrap=True)
