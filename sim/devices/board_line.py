"""What a simulated board does and says, a line at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LIGHT_WORDS = "light "


@dataclass(frozen=True)
class BoardLine:
    """Something the board did or said.

    t: seconds; time.monotonic() of its arrival in real time, the loop's time in virtual time.
    what: "log" {"text"}; "light" {"state"} (one of wire.LIGHTS, or prompt); "pin" {"name", "level"}
    (of the light, among others); "sound" {"hz"} (0: silence); "uart" {"data": bytes}; "power"
    {"cause"} at each start; "asleep" {"for_ms"}; "reset" {"cause"} (software, watchdog, brown_out);
    "hangs" {} where no watchdog ends that; "off" {}; "crash" {"text"} for each line of a traceback.
    """

    t: float
    what: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Console:
    """Tells apart what the firmware prints: the light's words, tracebacks, and the rest."""

    def __init__(self) -> None:
        self._in_traceback = False

    def said(self, text: str, now: float) -> BoardLine:
        """The line that this printed text is, at the time `now`."""
        if text.startswith("Traceback "):
            self._in_traceback = True
        if self._in_traceback:
            # The last line of a traceback is the only one that is not indented.
            self._in_traceback = text.startswith(("Traceback ", " "))
            return BoardLine(now, "crash", {"text": text})
        if text.startswith(_LIGHT_WORDS):
            return BoardLine(now, "light", {"state": text[len(_LIGHT_WORDS) :]})
        return BoardLine(now, "log", {"text": text})
