"""The device's last lines, for staff who ask from afar.

Only lines that begin as those below are kept: about the link, the flash, settings and tasks. What
somebody pressed, what a watch came to, which light was shown stays on the console's cable: a log
that can be asked for is a diary as well.
"""

from doorknock import clock

_KEPT = (
    "boot ",
    "command refused",
    "flash does not take the event",
    "link ",
    "number:",
    "order ",
    "setting ",
    "task ",
    "update",
    "wifi: ",
)
# 24 lines of 60 bytes are 1.5 KB of memory, and six messages.
LINES = 24
LONGEST = 60


class Lines:
    """say(text) keeps a line; parts() gives them back, oldest first, each with its second.

    ticks(): now; the first line is of second 0.
    """

    def __init__(self, ticks) -> None:
        self._lines = []
        self._uptime = clock.Uptime(ticks())
        self._ticks = ticks

    def say(self, text: str) -> None:
        """Keeps the line, if it is of a kind that may be asked for."""
        uptime_s = self._uptime.at(self._ticks()) // 1000
        for beginning in _KEPT:
            if text.startswith(beginning):
                self._lines.append(_cut("%d %s" % (uptime_s, text)))
                if len(self._lines) > LINES:
                    self._lines.pop(0)
                return

    def parts(self, longest: int, most: int) -> list:
        """The lines as texts of up to `longest` bytes; the newest ones, where there are more than
        `most` texts."""
        parts = [""]
        for line in self._lines:
            joined = parts[-1] + "\n" + line if parts[-1] else line
            if len(joined.encode()) <= longest:
                parts[-1] = joined
            else:
                parts.append(line)
        return parts[-most:]


def _cut(text: str) -> str:
    while len(text.encode()) > LONGEST:
        text = text[:-1]
    return text
