"""When to send which event: in order, alarms first, again until the gateway has answered. No I/O.

The broker's acknowledgement says only that the broker has a copy; it may lose it. What ends an
event is the gateway's signed answer, upon which the journal drops it.
"""

from doorknock import clock
from doorknock.journal import ALARM, Entry
from doorknock.wire import BOOT_UNKNOWN

# Seconds after each sending, the last for ever. At mains power: as DESIGN has it.
EVERY_S = (2, 4, 8, 16, 32, 60)
# On a battery: 109 mC a connection makes 60 s 44 mAh a day, and 900 s 3 mAh.
SPARING_S = (2, 4, 8, 16, 32, 60, 120, 300, 900)
# Sent and not acknowledged by the broker: enough to fill the way, little enough to come in order.
WINDOW = 8
# A quarter more or less, or a house full of devices would answer a power cut in chorus.
_JITTER_PERCENT = 25
# How long a retry may be asked to wait for: well inside the span of ticks.
_NEVER_MS = 60000


class Outgoing:
    """The journal's entries, and when each is due. `jitter(percent)`: -percent … percent.

    `request`: an event that is in no journal and goes with the others (a lost number), or None.
    `held`: an entry of the journal of which it is not decided yet what it says, or None: it is not
    sent, and whoever holds it lets go of it soon.
    """

    def __init__(self, journal, schedule: tuple, jitter) -> None:
        self._journal = journal
        self._schedule = schedule
        self.jitter = jitter
        self._sent = {}  # id: _Sent
        self.gateway_online = False
        self.request: Entry | None = None
        self.held: Entry | None = None

    def connected(self) -> None:
        """A new connection. What the old broker did not take is due; what it took waits until
        the gateway is known to be there."""
        self.gateway_online = False
        # Some may have given way in the journal meanwhile.
        kept = [entry.id for entry in self._entries()]
        self._sent = {id: sent for id, sent in self._sent.items() if id in kept}
        for sent in self._sent.values():
            sent.packet_id = 0
            sent.due_at_once = not sent.at_broker
            sent.doubtful = True

    def gateway(self, online: bool, ticks: int) -> None:
        """What the gateway says of itself: once a connection, and whenever it comes back."""
        if online:
            for sent in self._sent.values():
                if sent.doubtful and sent.alarm:
                    # A broker that let go of us may have forgotten: what waits goes at once.
                    sent.due_at_once = True
                    sent.times = 0
                elif not self.gateway_online or _left(sent, ticks) > self._schedule[0] * 1000:
                    # It may be reading them from the broker right now: leave it the first delay.
                    sent.since = ticks
                    sent.delay_ms = self._delay_ms(1)
                    sent.times = 1
                sent.doubtful = False
        self.gateway_online = online

    def alarm_waits(self) -> bool:
        """Whether an event that asks for somebody is not answered yet."""
        return any(entry.rank == ALARM for entry in self._journal.entries)

    def next(self, ticks: int):
        """The entry to send now, or None."""
        if self._idle():
            return None
        on_the_way = 0
        for sent in self._sent.values():
            if sent.packet_id:
                on_the_way += 1
        if on_the_way >= WINDOW:
            return None
        alarm_waits = False
        for entry in self._entries():
            if self._stays(entry):
                continue
            if entry.rank != ALARM and (alarm_waits or not self.gateway_online):
                return None
            if self._wait_ms(entry, ticks) <= 0:
                return entry
            sent = self._sent.get(entry.id)
            if entry.rank == ALARM and sent is not None and sent.due_at_once:
                alarm_waits = True
        return None

    def wait_ms(self, ticks: int) -> int:
        """How long until something may be due, at most a minute."""
        wait = _NEVER_MS
        if self._idle():
            return wait
        for entry in self._entries():
            wait = min(wait, self._wait_ms(entry, ticks))
        return max(wait, 0)

    def sent(self, entry, packet_id: int, ticks: int) -> bool:
        """The entry was sent. Returns whether it had been before."""
        sent = self._sent.get(entry.id)
        again = sent is not None
        if sent is None:
            sent = self._sent[entry.id] = _Sent(entry.rank == ALARM)
        sent.times += 1
        sent.packet_id = packet_id
        sent.since = ticks
        sent.due_at_once = False
        sent.doubtful = False
        sent.delay_ms = self._delay_ms(sent.times)
        return again

    def acknowledged(self, packet_id: int) -> None:
        """The broker has a copy."""
        for sent in self._sent.values():
            if sent.packet_id == packet_id:
                sent.packet_id = 0
                sent.at_broker = True

    def unacknowledged_ms(self, ticks: int) -> int:
        """How long the broker has owed its oldest acknowledgement; 0: it owes none."""
        longest = 0
        if not self._sent:
            return longest
        for sent in self._sent.values():
            if sent.packet_id:
                longest = max(longest, clock.since(ticks, sent.since))
        return longest

    def forget(self, entry) -> None:
        """The entry is done with."""
        self._sent.pop(entry.id, None)

    def _stays(self, entry) -> bool:
        """Whether it may not go yet: it has no number, or is not whole."""
        return entry is self.held or (entry.boot == BOOT_UNKNOWN and entry is not self.request)

    def _idle(self) -> bool:
        """There is nothing at all: nearly always."""
        return not self._journal.entries and self.request is None

    def _entries(self):
        """In the order to send: alarms, then the rest, each by age."""
        for entry in self._journal.entries:
            if entry.rank == ALARM:
                yield entry
        if self.request is not None:
            yield self.request
        for entry in self._journal.entries:
            if entry.rank != ALARM:
                yield entry

    def _wait_ms(self, entry, ticks: int) -> int:
        """How long until this entry is due; 0 or less: it is."""
        if self._stays(entry):
            return _NEVER_MS
        sent = self._sent.get(entry.id)
        if sent is None or sent.due_at_once:
            return 0 if entry.rank == ALARM or self.gateway_online else _NEVER_MS
        if sent.packet_id or not self.gateway_online:
            return _NEVER_MS
        return _left(sent, ticks)

    def _delay_ms(self, times: int) -> int:
        delay_ms = self._schedule[min(times, len(self._schedule)) - 1] * 1000
        return delay_ms + delay_ms // 100 * self.jitter(_JITTER_PERCENT)


def _left(sent, ticks: int) -> int:
    return sent.delay_ms - clock.since(ticks, sent.since)


class _Sent:
    """What is known of an entry that was sent at least once."""

    def __init__(self, alarm: bool) -> None:
        self.alarm = alarm
        self.times = 0
        self.packet_id = 0  # not 0: on its way to the broker
        self.since = 0
        self.delay_ms = 0
        self.at_broker = False
        self.due_at_once = False
        self.doubtful = False  # over an earlier connection: who knows whether a copy still exists
