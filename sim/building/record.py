"""What happens in a building, as records: one dictionary each, in the order it happened.

{"t_ms": …, "device" | "unit" | "gateway": …, "event": …, …}

committed      the gateway keeps an event (device, unit, kind, boot, seq, and what it says)
accepted       the backend has taken it (device, boot, seq, after_ms: since it was received)
alert          an alert is new, or has changed (unit, alert, kind, state, attending, outcome)
light_command  a device is told what to show (device, boot, seq, state)
update         the gateway's update has come to be something (version, state, stage, why)
message        a phone shows something (person, title, text, link, urgent)
says           gateway or backend warns of something (level, words, and what it names)
"""

from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

Record = dict[str, Any]
# Of a line of the log, what a record has in a place of its own, or what is of no use in it.
_NOT_DETAILS = frozenset({"event", "level", "exc_info"})
_TOLD = frozenset({"warning", "error", "critical"})


class LogTap:
    """Turns what gateway and backend write to their log into records, from `open` to `close`.

    One building at a time in a process has it: their log is the process's.
    """

    def __init__(self, tell: Callable[[Record], None]) -> None:
        self._tell = tell
        self._before: dict[str, Any] | None = None

    def open(self) -> None:
        """Until `close()`, the log comes here and goes nowhere else."""
        self._before = structlog.get_config()
        structlog.configure(
            processors=[structlog.processors.add_log_level, self._take],
            wrapper_class=structlog.BoundLogger,
            logger_factory=structlog.PrintLoggerFactory(),
            cache_logger_on_first_use=False,
        )

    def close(self) -> None:
        """The log goes where it went before."""
        if self._before is not None:
            structlog.configure(**self._before)
            self._before = None

    def _take(self, _logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
        record = _record(line)
        if record is not None:
            self._tell(record)
        raise structlog.DropEvent


def _record(line: MutableMapping[str, Any]) -> Record | None:
    match line["event"]:
        case "committed":
            names = ("device", "unit", "kind", "boot", "seq")
            return {"event": "committed", **{name: line[name] for name in names}}
        case "accepted":
            device, boot, seq = str(line["parcel"]).split(".")
            return {
                "event": "accepted",
                "device": device,
                "boot": int(boot),
                # A copy that came under a used identity has an addition.
                "seq": int(seq.partition("-")[0]),
                "after_ms": line["since_received_ms"],
            }
        case "update":
            said = ("version", "state", "stage", "why")
            return {"event": "update", **{name: line[name] for name in said}}
    if line["level"] not in _TOLD:
        return None
    details = {key: value for key, value in line.items() if key not in _NOT_DETAILS}
    problem = line.get("exc_info")
    if isinstance(problem, BaseException):
        details["problem"] = repr(problem)
    return {"event": "says", "level": line["level"], "words": line["event"], **details}
