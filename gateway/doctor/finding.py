"""What a check has found."""

import enum
from dataclasses import dataclass


class Mark(enum.Enum):
    """How it stands. The value is what `--json` says."""

    WELL = "well"
    # Works, and somebody should see to it.
    LOOK = "look"
    # Somebody who calls for help may not be heard.
    WRONG = "wrong"

    @property
    def sign(self) -> str:
        """What stands before the line."""
        return {"well": "✓", "look": "!", "wrong": "✗"}[self.value]


@dataclass(frozen=True)
class Finding:
    """One line of the list. do: what to do about it; "" where all is well."""

    check: str
    mark: Mark
    what: str
    do: str = ""


def well(check: str, what: str) -> Finding:
    return Finding(check, Mark.WELL, what)


def look(check: str, what: str, do: str) -> Finding:
    return Finding(check, Mark.LOOK, what, do)


def wrong(check: str, what: str, do: str) -> Finding:
    return Finding(check, Mark.WRONG, what, do)
