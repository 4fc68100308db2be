"""When a battery device may sleep. Pure.

It stays awake while somebody waits for word: that is what the battery is for. Not for ever: ten
minutes of listening at about 80 mA cost 13 mAh; after that it looks in once a minute.
"""

from doorknock import clock
from doorknock.journal import ALARM

# Long enough awake for the answer to a heartbeat, and for a queued command behind it.
AWAKE_MS = 3000
# A way that is not found in this time is looked for again later.
SEEKING_MS = 30000
# While somebody waits for word.
BUDGET_MS = 600000
HEARTBEAT_MS = 900000
# In an open call whose budget is used up, or with an alarm unsent.
POLL_MS = 60000


class Sleeper:
    """Decides from what is open; made at the start of each waking.

    looks_in: woken by its own timer. Whoever waits then has had the budget already: sleep was for
    a minute, and what is left is to look whether there is word.
    """

    def __init__(self, ticks: int, looks_in: bool = False) -> None:
        self._awake_since = ticks
        self._budget_ms = 0 if looks_in else BUDGET_MS

    def anew(self, ticks: int) -> None:
        """Somebody pressed, or a call has just got through: they wait from now on."""
        self._awake_since = ticks
        self._budget_ms = BUDGET_MS

    def sleep_ms(self, ticks: int, light: str, entries: list, up: bool) -> int:
        """How long to sleep from now; 0: stay awake.

        light: of the call, one of wire.LIGHTS. entries: of the journal. up: the link is.
        """
        awake = clock.since(ticks, self._awake_since)
        if awake < AWAKE_MS:
            return 0
        unsent = any(entry.rank == ALARM for entry in entries)
        waits = unsent or light in ("sending", "delivered", "asked_again", "cannot_send")
        if waits and awake < self._budget_ms:
            return 0
        if entries and awake < SEEKING_MS:
            return 0
        # Somebody is coming: nothing urgent is left to hear, but that the call is closed.
        return POLL_MS if waits or light == "coming" else HEARTBEAT_MS
