"""The results as one HTML file that needs nothing else. Needs matplotlib (extra `evaluate`)."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jinja2 import Environment, FileSystemLoader

from sim import writable
from sim.evaluate import without
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.nights import nights
from sim.evaluate.play import DOORKNOCK, Result
from sim.evaluate.plots import as_png
from sim.evaluate.summary import Beside, beside, by_source, caveat, targets
from sim.evaluate.table import COMPARED
from sim.evaluate.truth import Must
from sim.evaluate.wrong import again, went_wrong
from sim.replay import replay

# Each picture is some 60 kB: so many make a file that a browser opens at once.
MOST_PICTURES = 40


def write(results: list[Result], file: Path, seed: object, split: str) -> None:
    """The whole report into this file. Raises OSError."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    wrong = went_wrong(results)
    own = [result for result in results if result.system == DOORKNOCK]
    text = environment.get_template("page.html").render(
        seed=seed,
        split=split,
        cases=len(own),
        hours=sum(result.duration_s for result in own) / 3600,
        caveat=caveat(results),
        targets=targets(results),
        kinds=by_source(results).items(),
        times=_times,
        nights=nights(results),
        columns=[name.replace("\n", " ") for name in COMPARED.values()],
        systems=_systems(beside(results)),
        wrong=[_drawn(result) for result in spread(wrong, MOST_PICTURES)],
        wrong_in_all=len(wrong),
    )
    with writable.written(file):
        file.write_text(text, encoding="utf-8")


def spread(wrong: list[Result], most: int) -> list[Result]:
    """So many at the most: the first of each kind, then the second of each, and so on."""
    seen: dict[str, int] = {}
    ranked = []
    for place, result in enumerate(wrong):
        turn = seen[result.task.kind] = seen.get(result.task.kind, 0) + 1
        ranked.append((turn, place, result))
    kept = sorted(ranked, key=lambda entry: entry[:2])[:most]
    return [result for _, _, result in sorted(kept, key=lambda entry: entry[1])]


def verdict(result: Result) -> str:
    """What went wrong, in words."""
    score, said = result.score, []
    if score.broken:
        said.append(score.broken)
    elif not score.ok and result.must in (Must.HELP.value, Must.ASK.value):
        asked = "never asked" if score.ask_s is None else f"asked {score.ask_s:.1f} s after onset"
        called = "never called" if score.call_s is None else f"called after {score.call_s:.1f} s"
        said.append(asked if result.must == Must.ASK.value else f"{asked}, {called}")
    elif not score.ok and result.must == Must.REPORT.value:
        said.append("the fault was not reported in time")
    if score.false_prompts:
        said.append(_count(score.false_prompts, "false question"))
    if score.false_calls:
        said.append(_count(score.false_calls, "false call"))
    return "; ".join(said)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def moment(result: Result) -> int:
    """The ms about which to look: the first word that was wrong, else the onset."""
    onset = result.onset_ms
    for event in result.events:
        said = event["event"] == "stillness" or (
            event["event"] == "prompt" and event["state"] == "asked"
        )
        if said and (onset is None or event["t_ms"] < onset):
            return int(event["t_ms"])
    return onset or 0


def _drawn(result: Result) -> dict[str, str]:
    case = again(result.task)
    with TemporaryDirectory() as folder:
        try:
            firmware = without.made(without.TELLING, Path(folder))
        except without.PartMissing:
            firmware = None  # the picture then has no states
        lines = replay(
            case.trace,
            BY_NAME[result.task.kind].radar,
            case.mode,
            case.settings,
            firmware=firmware,
            hand=case.hand,
        )
    return {
        "name": f"{result.task.kind} {result.task.index}",
        "verdict": verdict(result),
        "notes": case.notes,
        "picture": as_png(case, [line for line in lines if "event" in line], moment(result)),
    }


def _systems(lines: list[Beside]) -> list[dict[str, Any]]:
    made = []
    for system in dict.fromkeys(line.system for line in lines):
        of = {line.family: line for line in lines if line.system == system}
        counted = [line for line in of.values() if line.family != "limits"]
        part = without.BY_NAME.get(system)
        made.append(
            {
                "name": system,
                "what": part.what if part else "",
                "cells": [_cell(of.get(family)) for family in COMPARED],
                "false_calls": f"{sum(line.false_calls for line in counted)} "
                f"({sum(line.own_false_calls for line in counted)})",
            }
        )
    return made


def _cell(line: Beside | None) -> tuple[str, str]:
    if line is None:
        return "", ""
    theirs, ours = 100 * line.ok / line.n, 100 * line.own_ok / line.n
    style = "worse" if theirs < ours - 1 else "better" if theirs > ours + 1 else "same"
    return f"{theirs:.0f} ({ours:.0f})", style


def _times(median: float | None, p95: float | None) -> str:
    return "" if median is None or p95 is None else f"{median:.1f} · {p95:.1f}"
