"""The results as tables in a terminal."""

from rich.console import Console
from rich.table import Table

from sim.evaluate.nights import Nights, nights
from sim.evaluate.play import Result
from sim.evaluate.summary import Beside, Tally, beside, by_source, caveat, targets
from sim.evaluate.truth import Must

_RIGHT = {
    Must.HELP.value: "caught",
    Must.ASK.value: "asked, not called",
    Must.REPORT.value: "reported",
    Must.REST.value: "left in peace",
    Must.SHOW.value: "(shown)",
}


# The tables need so many columns; a terminal that is narrower wraps them.
_WIDTH = 130


def console() -> Console:
    """Standard output: as wide as the terminal, or as the tables where it is none."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=_WIDTH)


def show(console: Console, results: list[Result]) -> None:
    """What was caught, missed and false; then the targets; then what it does not prove."""
    table = Table(title="What the firmware did", title_justify="left", pad_edge=False)
    table.add_column("kind", no_wrap=True)
    for name in ("n", "right", "95 %", "false\nasks", "false\ncalls"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("asked after, s\nmedian · p95", justify="right")
    table.add_column("called after, s\nmedian · p95", justify="right", no_wrap=True)
    for source, lines_of in by_source(results).items():
        table.add_section()
        table.add_row(f"[bold]{source}[/bold]")
        for line in lines_of:
            table.add_row(*_row(line))
    console.print(table)
    asleep = nights(results)
    if asleep:
        console.print(_nights(asleep))
    goals = Table(title="Targets", title_justify="left", pad_edge=False)
    goals.add_column("")
    goals.add_column("what")
    goals.add_column("needed", no_wrap=True)
    goals.add_column("measured")
    for target in targets(results):
        mark = "[green]met[/green]" if target.met else "[red]missed[/red]"
        goals.add_row(mark, target.what, target.needed, target.measured)
    console.print(goals)
    lines = beside(results)
    if lines:
        console.print(_beside(lines))
    console.print(caveat(results), width=100)


def _nights(lines: list[Nights]) -> Table:
    table = Table(
        title="A night: how often a sleeper is asked and called for (the worst night in brackets)",
        title_justify="left",
        pad_edge=False,
    )
    table.add_column("sleeper", no_wrap=True)
    for name in ("nights", "questions", "breath came back", "answered", "calls"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            line.name,
            str(line.nights),
            f"{line.questions:.1f} ({line.questions_most})",
            f"{line.over:.1f}",
            f"{line.answered:.1f}",
            f"{line.calls:.1f} ({line.calls_most})",
        )
    return table


# The families that the other systems are compared on.
COMPARED = {
    "apnoea": "apnoea",
    "repeated": "repeated",
    "slow": "slow",
    "weak": "weak",
    "presence still": "presence:\nstill",
    "peace": "peace",
    "washroom": "20 visits",
    "presence peace": "presence:\npeace",
}


def _beside(lines: list[Beside]) -> Table:
    table = Table(
        title="Beside it, on the same cases: right in % (the firmware as it is in brackets)",
        title_justify="left",
        pad_edge=False,
    )
    table.add_column("system", no_wrap=True)
    for name in COMPARED.values():
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("false\ncalls", justify="right", no_wrap=True)
    for system in dict.fromkeys(line.system for line in lines):
        of = {line.family: line for line in lines if line.system == system}
        calls = sum(line.false_calls for line in of.values() if line.family != "limits")
        own = sum(line.own_false_calls for line in of.values() if line.family != "limits")
        table.add_row(system, *(_against(of.get(name)) for name in COMPARED), f"{calls} ({own})")
    return table


def _against(line: Beside | None) -> str:
    if line is None:
        return ""
    theirs, ours = 100 * line.ok / line.n, 100 * line.own_ok / line.n
    style = "red" if theirs < ours - 1 else "green" if theirs > ours + 1 else "dim"
    return f"[{style}]{theirs:.0f} ({ours:.0f})[/{style}]"


def _row(line: Tally) -> list[str]:
    shown = line.must == Must.SHOW.value
    right = "" if shown else f"{line.ok / line.n:.1%}"
    interval = "" if shown else f"{line.ok_low:.0%} … {line.ok_high:.0%}"
    style = "" if shown or line.ok == line.n else "[yellow]"
    calls = f"{line.prompts}p {line.calls}c" if shown else _count(line.false_calls)
    return [
        f"  {line.name}",
        str(line.n),
        f"{style}{right}",
        interval,
        "" if shown else _count(line.false_prompts),
        calls,
        _times(line.ask_s_median, line.ask_s_p95),
        _times(line.call_s_median, line.call_s_p95),
    ]


def _count(n: int) -> str:
    return f"[red]{n}[/red]" if n else "0"


def _times(median: float | None, p95: float | None) -> str:
    return "" if median is None or p95 is None else f"{median:.1f} · {p95:.1f}"
