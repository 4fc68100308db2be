"""Results kept in a file, a JSON line each: a long run that was cut off goes on where it was.

What another firmware said is passed over, and so are cases that the same dice make otherwise now:
of each kind the newest kept case is made again, and held against what was played.
"""

import ast
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import writable
from sim.evaluate import without
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.play import DOORKNOCK, Result, Task, mark_of
from sim.evaluate.truth import Score


class NotKept(Exception):
    """The file holds something else. `str()` is one sentence."""


def digest_of(firmware: Path) -> str:
    """Which sensor it is: the same files give the same 12 hex digits.

    firmware: the package's folder. Counted is what a sensor without its hardware is made of, and
    no more: the rest of the device has no part in what is measured.
    """
    digest = hashlib.sha256()
    for file in sorted(_reached(firmware / "sensor.py", set())):
        digest.update(file.relative_to(firmware).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _reached(file: Path, so_far: set[Path]) -> set[Path]:
    """The file, and every one that it imports from beside it, and so on."""
    so_far.add(file)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for place in (base, *(base / alias.name for alias in node.names)):
                for found in (place.with_suffix(".py"), place / "__init__.py"):
                    if found.exists() and found not in so_far:
                        _reached(found, so_far)
    return so_far


class Kept:
    """The results in one file that this firmware has made. Raises NotKept, OSError."""

    def __init__(self, file: Path, firmware: str) -> None:
        self._file = file
        self._firmware = firmware
        self._of: dict[Task, dict[str, Result]] = {}
        self.passed_over = 0  # lines of another firmware, or of cases that are made otherwise now
        writable.check(file)
        content = file.read_bytes() if file.exists() else b""
        whole = _whole_lines(content)
        # A run that was cut off while it wrote leaves half a line: that case is played again.
        if (length := sum(map(len, whole))) < len(content):
            os.truncate(file, length)
        for number, line in enumerate(whole, 1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                raise NotKept(
                    f"{file} cannot be gone on with: its line {number} is no result; "
                    "name another file."
                ) from None
        self._pass_over_other_cases()

    def of(self, task: Task) -> list[Result] | None:
        """What was made of this case before, by every system that it asks for; None: play it."""
        kept = self._of.get(_bare(task), {})
        wanted = (DOORKNOCK, *task.beside)
        # Not every case has a door.
        if not all(name in kept or name in without.MORE for name in wanted):
            return None
        return [kept[name] for name in wanted if name in kept] or None

    def all(self) -> list[Result]:
        """Everything that is kept, in the order in which it was played."""
        return [result for of_case in self._of.values() for result in of_case.values()]

    def add(self, results: Iterable[Result]) -> None:
        """Keeps the results of one case."""
        with writable.written(self._file), self._file.open("a", encoding="utf-8") as stream:
            for result in results:
                bare = _bare(result.task)
                self._of.setdefault(bare, {})[result.system] = replace(result, task=bare)
                line = {**result.line(), "firmware": self._firmware, "events": result.events}
                stream.write(json.dumps(line) + "\n")

    def _take(self, line: dict[str, Any]) -> None:
        if line["firmware"] != self._firmware or line["kind"] not in BY_NAME:
            self.passed_over += 1
            return
        result = _result(line)
        self._of.setdefault(_bare(result.task), {})[result.system] = result

    def _pass_over_other_cases(self) -> None:
        newest = {task.kind: task for task in self._of}
        for kind, task in newest.items():
            (kept, *_) = self._of[task].values()
            made = BY_NAME[kind].case(task.split, task.seed, task.index)
            if mark_of(made.trace) != kept.mark:
                for other in [each for each in self._of if each.kind == kind]:
                    self.passed_over += len(self._of.pop(other))


def _whole_lines(content: bytes) -> list[bytes]:
    return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]


def _bare(task: Task) -> Task:
    """The case alone, whatever is played beside it."""
    return Task(task.kind, task.index, task.seed, task.split)


def _result(line: dict[str, Any]) -> Result:
    scored = {name: line[name] for name in Score.__dataclass_fields__}
    scored["causes"], scored["faults"] = tuple(scored["causes"]), tuple(scored["faults"])
    return Result(
        Task(line["kind"], line["index"], line["seed"], line["split"]),
        line["system"],
        Score(**scored),
        line["onset_ms"],
        line["must"],
        line["duration_s"],
        line["home_hours"],
        line["visits"],
        line.get("notes", ""),
        line["events"],
        line["mark"],
    )
