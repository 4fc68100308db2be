"""The measured results as a table in a page of Markdown, between two lines that mark its place."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from sim.evaluate.nights import nights
from sim.evaluate.play import DOORKNOCK, Result
from sim.evaluate.summary import beside, by_source, caveat, targets
from sim.evaluate.table import COMPARED
from sim.evaluate.truth import Must

BEGIN = "<!-- results: written by `doorknock sim evaluate --markdown`; change nothing in here -->"
END = "<!-- end of the results -->"


class NoPlace(Exception):
    """The page has no place for the results. `str()` is one sentence."""


def check(file: Path) -> None:
    """Whether the results can be written into this page. Raises NoPlace, OSError."""
    if file.exists():
        _around(file)


def write(results: list[Result], file: Path, made: str, day: datetime.date) -> None:
    """Into the page, in the place of those before; a page that is not there is made.

    made: how, as a sentence. Raises NoPlace, OSError.
    """
    before, after = _around(file) if file.exists() else ("", "\n")
    text = f"{before}{BEGIN}\n{page(results, made, day)}{END}{after}"
    # Whole or not at all: on a full disk the page that was there stays.
    fresh = file.with_name(f".{file.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def page(results: list[Result], made: str, day: datetime.date) -> str:
    """The results alone."""
    lines = [f"Measured on {day.isoformat()}: {made}", ""]
    lines += _table(
        ("target", "needed", "measured", ""),
        [
            (t.what, t.needed, t.measured, "met" if t.met else "**missed**")
            for t in targets(results)
        ],
    )
    kinds = []
    for source, of_source in by_source(results).items():
        for k in of_source:
            shown = k.must == Must.SHOW.value
            kinds.append(
                (
                    k.name,
                    source,
                    "shown" if shown else f"{k.ok} of {k.n}",
                    "" if shown else f"{k.ok_low:.1%} … {k.ok_high:.1%}",
                    f"{k.prompts}" if shown else f"{k.false_prompts}",
                    f"{k.calls}" if shown else f"{k.false_calls}",
                    _times(k.ask_s_median, k.ask_s_p95),
                    _times(k.call_s_median, k.call_s_p95),
                )
            )
    lines += _table(
        (
            "kind",
            "input",
            "right",
            "95 %",
            "false questions (shown: all)",
            "false calls (shown: all)",
            "asked after, s: median, p95",
            "called after, s",
        ),
        kinds,
    )
    lines += _table(
        ("a night of", "nights", "questions (worst)", "breath came back", "answered", "calls"),
        [
            (
                k.name,
                str(k.nights),
                f"{k.questions:.1f} ({k.questions_most})",
                f"{k.over:.1f}",
                f"{k.answered:.1f}",
                f"{k.calls:.1f} ({k.calls_most})",
            )
            for k in nights(results)
        ],
    )
    lines += _beside(results)
    lines += [caveat(results), ""]
    return "\n".join(lines)


def _beside(results: list[Result]) -> list[str]:
    lines = beside(results)
    rows = []
    for system in dict.fromkeys(line.system for line in lines):
        of = {line.family: line for line in lines if line.system == system}
        cells = [
            f"{100 * of[f].ok / of[f].n:.0f} ({100 * of[f].own_ok / of[f].n:.0f})"
            if f in of
            else ""
            for f in COMPARED
        ]
        rows.append((system, *cells))
    names = [name.replace("\n", " ") for name in COMPARED.values()]
    return _table(("right in % (as it is)", *names), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [head, tuple("---" for _ in head), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]


def _times(median: float | None, p95: float | None) -> str:
    return "" if median is None or p95 is None else f"{median:.1f}, {p95:.1f}"


def _around(file: Path) -> tuple[str, str]:
    text = file.read_text(encoding="utf-8")
    before, begins, rest = text.partition(BEGIN)
    _, ends, after = rest.partition(END)
    if not begins or not ends:
        raise NoPlace(f"{file} has no place for the results: it needs the lines {BEGIN} and {END}.")
    return before, after


def made_by(results: list[Result]) -> str:
    """How these results were made, as a sentence."""
    own = [r for r in results if r.system == DOORKNOCK]
    seeds = ", ".join(str(seed) for seed in sorted({r.task.seed for r in own}))
    splits = ", ".join(sorted({r.task.split for r in own}))
    hours = sum(r.duration_s for r in own) / 3600
    return f"{len(own)} cases, {hours:.0f} h of input, split `{splits}`, seed {seeds}."
