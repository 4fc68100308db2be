"""What a log must never say unless the scenario asks for it: an error nobody expects fails a run.

A run may end as it should while a part of it has fallen and was caught: the log is where that
shows. An error is expected where an expectation (`says` of a board, `warning` of gateway or
backend) asks for that line; `at_most` does so for one that may come and need not.
"""

from collections.abc import Sequence

from sim.scenario.duration import clock
from sim.scenario.judge import Verdict
from sim.scenario.record import Record
from sim.scenario.sightings import Said, Sighting, Warned

WANTED = "no error in a log"
# Levels of gateway and backend at which something has failed that should not.
LEVELS = ("error", "critical")
# The firmware has no levels: these are the beginnings of what it says where something of its own
# has failed. A test holds them against its source.
BOARD_ERRORS = (
    "task ",
    "flash does not take ",
    "command refused: ",
    "setting ",
    "wifi: the settings store does not take ",
)


def is_error(record: Record) -> bool:
    """Whether the record is a line of a log that tells of an error."""
    if record.event == "log":
        return str(record.data["text"]).startswith(BOARD_ERRORS)
    return record.event == "warning" and record.data.get("level") in LEVELS


def is_asked_for(record: Record, expectations: Sequence[Sighting]) -> bool:
    """Whether an expectation is about this line, and does not forbid it."""
    return any(
        wanted.fits(record)
        for wanted in expectations
        if isinstance(wanted, Said | Warned) and not wanted.never
    )


def judge(expectations: Sequence[Sighting], records: Sequence[Record]) -> Verdict | None:
    """The verdict over a run whose logs have errors that nobody asked for; None: there are none."""
    found = [
        record for record in records if is_error(record) and not is_asked_for(record, expectations)
    ]
    if not found:
        return None
    told = [f"{one.data['text']} ({one.device}, at {clock(one.t_ms).strip()})" for one in found[:3]]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return Verdict(False, WANTED, "; ".join(told) + more, found[0].t_ms)
