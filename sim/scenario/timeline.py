"""A run for a person at a terminal: who, when, what; then what was expected, and what was seen."""

from rich.console import Console
from rich.text import Text

from sim.scenario.duration import clock, words
from sim.scenario.judge import Verdict
from sim.scenario.outcome import Outcome
from sim.scenario.record import Record

# Nobody reads these of a whole day: what comes of them is shown.
_QUIET = ("log", "made", "sound", "accepted", "light_command", "reset")
_QUIET_KINDS = ("heartbeat",)
_STYLES = {"phone": "cyan", "gateway": "blue", "backend": "blue", "cue": "bold yellow"}
_EVENT_STYLES = {"does": "bold yellow", "light": "green", "crash": "bold red", "warning": "red"}


def show(console: Console, outcome: Outcome, *, timeline: bool) -> None:
    """Prints it: one line where all is well and nobody wants more."""
    mark = Text("✓ ", style="green") if outcome.met else Text("✗ ", style="bold red")
    head = mark.append(outcome.name, style="bold").append(f"  {outcome.title}", style="")
    head.append(
        f"  {words(outcome.length_ms)} in {outcome.took_s:.1f} s, seed {outcome.seed}", style="dim"
    )
    console.print(head, soft_wrap=True)
    if timeline:
        for record in outcome.records:
            if is_shown(record):
                console.print(line(record), soft_wrap=True)
    if timeline or not outcome.met:
        for verdict in outcome.verdicts:
            text = _verdict(verdict)
            console.print(text, soft_wrap=True)
        if outcome.trouble:
            console.print(Text(outcome.trouble, style="red"), soft_wrap=True)
        if outcome.smallest is not None:
            console.print(f"    the smallest that still fails: {outcome.smallest}", soft_wrap=True)


def _verdict(verdict: Verdict) -> Text:
    text = Text("    ")
    if verdict.met:
        text.append("✓ ", style="green").append(verdict.wanted)
    elif verdict.known_limit:
        text.append("○ ", style="yellow").append(verdict.wanted)
    else:
        text.append("✗ ", style="bold red").append(verdict.wanted, style="bold")
    text.append(f"  {verdict.seen}", style="dim" if verdict.stands else "red")
    if verdict.known_limit:
        known = "no longer so" if verdict.met else "known"
        text.append(f"  ({known}: {verdict.known_limit})", style="yellow")
    elif not verdict.met and verdict.line:
        text.append(f"  (line {verdict.line})", style="dim")
    return text


def is_shown(record: Record) -> bool:
    """Whether a person wants to read this."""
    return record.event not in _QUIET and record.data.get("kind") not in _QUIET_KINDS


def line(record: Record) -> Text:
    """One record: "0:00:31.2  204 button        light  coming"."""
    text = Text(f"    {clock(record.t_ms)}  ", style="dim")
    style = _EVENT_STYLES.get(record.event, _STYLES.get(record.device, ""))
    text.append(f"{record.device:<16} ", style=_STYLES.get(record.device, "green"))
    text.append(record.event.replace("_", " "), style=style or "default")
    said = {name: value for name, value in record.data.items() if value not in ("", None)}
    if record.unit and record.device in ("gateway", "backend", "phone"):
        said = {"unit": record.unit, **said}
    text.append("".join(f"  {name} {value}" for name, value in said.items()), style="dim")
    return text
