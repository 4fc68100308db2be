"""Where an evaluation's results go: traces, a report, a page; and the file that keeps them."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sim import interpreter, writable
from sim.evaluate import markdown
from sim.evaluate.kept import Kept, NotKept, digest_of
from sim.evaluate.play import DOORKNOCK, Result


class CannotWrite(Exception):
    """A file that was asked for cannot be made. `str()` is one sentence."""


@dataclass(frozen=True)
class Files:
    """What was asked for; None: not asked for."""

    traces: Path | None
    html: Path | None
    markdown: Path | None

    def check(self) -> None:
        """Whether they can be written: now, not after some minutes.

        Raises CannotWrite, markdown.NoPlace, OSError.
        """
        for file in (self.html, self.markdown):
            if file is not None and not file.parent.is_dir():
                raise CannotWrite(f"{file} cannot be written: {file.parent} is no folder.")
            if file is not None:
                writable.check(file)
        if self.traces is not None:
            if self.traces.exists() and not self.traces.is_dir():
                raise CannotWrite(f"{self.traces} is no folder: name one for the traces.")
            self.traces.mkdir(parents=True, exist_ok=True)
        if self.markdown is not None:
            markdown.check(self.markdown)
        if self.html is not None:
            try:
                import matplotlib  # noqa: F401 (only whether it is there)
            except ImportError:
                raise CannotWrite(
                    "The report's pictures need matplotlib: pip install 'doorknock[evaluate]'."
                ) from None

    def write(self, results: list[Result], say: Console) -> None:
        """Raises OSError, markdown.NoPlace."""
        if self.traces is not None:
            from sim.evaluate.wrong import write_traces

            write_traces(results, self.traces)
            say.print(f"What went wrong is in {self.traces}: doorknock sim replay plays it.")
        if self.html is not None:
            from sim.evaluate import page

            own = [result for result in results if result.system == DOORKNOCK]
            seeds = ", ".join(str(seed) for seed in sorted({r.task.seed for r in own}))
            splits = ", ".join(sorted({r.task.split for r in own}))
            page.write(results, self.html, seeds, splits)
            say.print(f"The report is in {self.html}.")
        if self.markdown is not None:
            today = datetime.datetime.now(tz=datetime.UTC).date()
            markdown.write(results, self.markdown, markdown.made_by(results), today)
            say.print(f"The results are in {self.markdown}.")


def kept(file: Path, say: Console, firmware: Path | None = None) -> Kept:
    """What this file holds of this firmware, None: the installed one.

    Raises CannotWrite, OSError.
    """
    if not file.parent.is_dir():
        raise CannotWrite(f"{file} cannot be written: {file.parent} is no folder.")
    # The copies hold the package alone; so must what is compared with them.
    package = (firmware or interpreter.firmware_folder()) / "doorknock"
    try:
        found = Kept(file, digest_of(package))
    except NotKept as problem:
        raise CannotWrite(str(problem)) from None
    if found.passed_over:
        say.print(
            f"{found.passed_over} results in {file} are of another firmware or of other cases, "
            "and do not count."
        )
    return found
