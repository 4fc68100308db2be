"""The cases that went wrong: built again from their seeds, for a closer look."""

from pathlib import Path

from sim import writable
from sim.evaluate.kind import Case
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.play import DOORKNOCK, Result, Task
from sim.trace import BREATHING_HEADER, PRESENCE_HEADER, Trace


def went_wrong(results: list[Result]) -> list[Result]:
    """What the firmware as it is missed, or said where nothing was to be said."""
    return [
        result
        for result in results
        if result.system == DOORKNOCK
        and result.must != "show"
        and (not result.score.ok or result.score.false_calls or result.score.false_prompts)
    ]


def again(task: Task) -> Case:
    """The case of this task: the same seed makes the same case."""
    return BY_NAME[task.kind].case(task.split, task.seed, task.index)


def as_csv(trace: Trace) -> str:
    """The trace as `doorknock sim replay` reads it."""
    header = BREATHING_HEADER if trace.tier == "breathing" else PRESENCE_HEADER
    notes = [f"# {key}: {value}" for key, value in trace.notes.items()]
    rows = [",".join(map(str, row)) for row in trace.rows]
    return "\n".join([*notes, ",".join(header), *rows, ""])


def write_traces(results: list[Result], folder: Path) -> None:
    """A CSV for each case that went wrong, with what is true of it in its first lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for result in went_wrong(results):
        case = again(result.task)
        score = result.score
        case.trace.notes |= {
            "kind": result.task.kind,
            "seed": f"{result.task.split} {result.task.seed}, case {result.task.index}",
            "mode": case.mode,
            "radar": BY_NAME[result.task.kind].radar,
            "truth": f"{result.must}, onset at {result.onset_ms} ms after the first sample",
            "asked": f"{score.ask_s} s after onset, {score.false_prompts} false",
            "called": f"{score.call_s} s after onset, {score.false_calls} false",
        }
        name = f"{result.task.kind} {result.task.index}".replace(",", "").replace(" ", "-")
        file = folder / f"{name}.csv"
        with writable.written(file):
            file.write_text(as_csv(case.trace), encoding="utf-8")
