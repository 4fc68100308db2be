"""The smallest scenario that still fails in the same way: what a person can read and repair.

Greedy: takes out one thing after another (a cue, a person, a step, a board, a responder, the time
after the failure) and keeps what still fails. Bounded in real time; each candidate is a whole run.
"""

import copy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli_w

from sim import writable
from sim.scenario.duration import milliseconds, words
from sim.scenario.errors import WrongScenario
from sim.scenario.judge import Verdict
from sim.scenario.load import Loaded, parse
from sim.scenario.outcome import Outcome
from sim.scenario.play import play

# A person waits for it, and CI pays for it.
PATIENCE_S = 60.0
# What comes after the failure is of no interest; this much more, so that it can be seen.
AFTERWARDS_MS = 5_000
# The parts that may be left out, the largest first.
_PARTS = ("people", "cues", "responders", "boards", "rooms")

# What says which lines of a log are expected (errors_logged.py).
_LOGS = ("says", "warning")

Data = dict[str, Any]


def smallest(
    loaded: Loaded, outcome: Outcome, folder: Path, patience_s: float = PATIENCE_S
) -> Path:
    """Writes it into *folder* and returns the file. Raises OSError."""
    end = time.monotonic() + patience_s
    wanted = next((n for n, verdict in enumerate(outcome.verdicts) if not verdict.stands), None)
    best = copy.deepcopy(loaded.data)
    best["seed"] = outcome.seed
    if wanted is not None and not outcome.trouble:
        best["expect"] = _expectations(best["expect"], wanted)
    # The longest that one more run may take: as long as this one did, and a little.
    cost_s = outcome.took_s
    found = True
    while found:
        found = False
        for candidate in _candidates(best, outcome.verdicts, wanted):
            if time.monotonic() + cost_s > end:
                return _write(best, loaded, outcome, folder)
            again = _played(candidate, loaded.path)
            if again is not None and _same(again, outcome):
                best, found, cost_s = candidate, True, again.took_s
                break
    return _write(best, loaded, outcome, folder)


def _expectations(written: list[Data], wanted: int) -> list[Data]:
    """The one that is not met, and those that say which errors in a log are expected. The verdict
    over the logs is behind all that are written."""
    of_logs = [one for n, one in enumerate(written) if one["that"] in _LOGS and n != wanted]
    kept = [*written[wanted : wanted + 1], *of_logs]
    return kept or [{"that": "crash", "never": True}]


def _candidates(data: Data, verdicts: list[Verdict], wanted: int | None) -> Iterator[Data]:
    at_ms = None if wanted is None else verdicts[wanted].at_ms
    if at_ms is not None:
        shorter = words(at_ms + AFTERWARDS_MS)
        if milliseconds(shorter) < milliseconds(str(data["length"])):
            yield {**data, "length": shorter}
    for part in _PARTS:
        for number in range(len(data.get(part, []))):
            less = [one for n, one in enumerate(data[part]) if n != number]
            yield _without_empty({**data, part: less})
    for number, person in enumerate(data.get("people", [])):
        for step in range(len(person.get("plan", []))):
            plan = [one for n, one in enumerate(person["plan"]) if n != step]
            people = [*data["people"]]
            people[number] = {**person, "plan": plan}
            yield {**data, "people": people}


def _without_empty(data: Data) -> Data:
    return {key: value for key, value in data.items() if value != []}


def _played(data: Data, path: Path) -> Outcome | None:
    """What becomes of it; None where it is no scenario: something refers to what was taken out."""
    try:
        candidate = parse(tomli_w.dumps(data), path)
    except WrongScenario:
        return None
    return play(candidate)


def _same(again: Outcome, first: Outcome) -> bool:
    """Whether it fails as it did: the same expectation, in the same way (never, or otherwise)."""
    if first.trouble:
        return _last(again.trouble) == _last(first.trouble)
    if again.trouble or again.met:
        return False
    now, then = again.missed[0], first.missed[0]
    return now.wanted == then.wanted and _kind(now.seen) == _kind(then.seen)


def _last(trouble: str) -> str:
    return trouble.strip().splitlines()[-1] if trouble.strip() else ""


def _kind(seen: str) -> str:
    return seen.split(":")[0].split(";")[0].split(",")[0].strip("0123456789. ")


def _write(data: Data, loaded: Loaded, outcome: Outcome, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{loaded.name}.smallest.toml"
    why = outcome.trouble or f"{outcome.missed[0].wanted}: {outcome.missed[0].seen}"
    head = [
        f"# The smallest part of {loaded.path.name} that fails in the same way:",
        *(f"#   {line}" for line in why.splitlines()[-12:]),
        f"# Play it: doorknock sim run {file.name}",
        "",
    ]
    with writable.written(file):
        file.write_text("\n".join(head) + tomli_w.dumps(data), encoding="utf-8")
    return file
