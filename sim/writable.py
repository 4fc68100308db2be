"""Whether a file may be written: asked before what it is to hold has taken minutes to make."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


def check(file: Path) -> None:
    """Leaves no trace: what is there stays as it is. Raises OSError."""
    there = file.exists()
    with file.open("ab"):
        pass
    if not there:
        file.unlink()


@contextlib.contextmanager
def written(file: Path) -> Iterator[None]:
    """A file that is made in here and cannot be written whole (a full disk) is taken away again;
    one that was there before is left to whoever made it. OSErrors go on."""
    there = file.exists()
    try:
        yield
    except OSError:
        if not there:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        raise
