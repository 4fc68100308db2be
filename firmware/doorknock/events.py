"""The way of an event on the device: it gets its name, is shown, kept, sent, and answered for.

In this order, and without waiting for anything: the light goes before the flash, the flash before
the network. What was made while the boot number was lost is kept without one, and gets its name as
soon as there is one, in one step each.
"""

import random

from doorknock import call, chip, journal, keep, retry, wire


class Events:
    """Makes the device's events, and hears what becomes of them.

    device, key: its id, and the key that it signs with. identity: an Identity. schedule: of
    sending again (retry.py). `room` is the device around it: now_ms() (its uptime), show() (the
    call is another, and so may the light be), send_soon(), log(text).

    journal, outgoing, call: the events that are kept, what is sent when, and the present call.
    """

    def __init__(self, device: str, key: bytes, identity, schedule: tuple, room) -> None:
        self._device = device
        self._key = key
        self._identity = identity
        self._room = room
        self.journal = journal.Journal("journal", _identity_of)
        self.outgoing = retry.Outgoing(self.journal, schedule, _jitter)
        self.call = call.Call()
        self._call_kept = keep.Keep("call")
        self.call.resume(self._call_kept.read())
        # Of what the journal held at the start: the last of it, and the number that it gets.
        self._earlier = 0
        self._earlier_boot = 0
        self._earlier_seq = 0

    # --- made ------------------------------------------------------------------------------

    def emit(self, kind: str, details: dict) -> tuple:
        """An event: shown, kept, sent. Its (boot, seq)."""
        entry = self._keep(kind, details)
        self._send(kind, entry)
        return entry.boot, entry.seq

    def hold(self, kind: str, details: dict) -> bool:
        """An event of which more may become: shown and kept, and not sent before `release`. False
        where it cannot be held, and was sent."""
        entry = self._keep(kind, details)
        if entry not in self.journal.entries:
            # There is no room in memory, and it cannot be taken back.
            self._send(kind, entry)
            return False
        self.outgoing.held = entry
        return True

    @property
    def holds(self) -> bool:
        """Whether an event is held."""
        return self.outgoing.held is not None

    def release(self, kind: str, details: dict, other: bool) -> bool:
        """What is held goes out. other: with these details, in the place of those that it had.
        False: nothing is held."""
        entry, self.outgoing.held = self.outgoing.held, None
        if entry is None or entry not in self.journal.entries:
            return False
        if other:
            entry = self._written(kind, entry.boot, entry.seq, details, entry.rank, entry)
        self._send(kind, entry)
        return True

    def ask_for_number(self, details: dict) -> None:
        """The boot number is lost: a `boot` asks for one, by a nonce. It is kept nowhere: a reset
        asks anew."""
        nonce = self._identity.nonce
        request = journal.Entry(-1, journal.TELEMETRY, wire.BOOT_UNKNOWN, nonce)
        request.message = self._signed("boot", wire.BOOT_UNKNOWN, nonce, details)
        self.outgoing.request = request

    def _keep(self, kind: str, details: dict):
        """An event, shown, and on flash when this returns; the journal's entry of it."""
        boot, seq = self._identity.boot, self._identity.next_seq()
        rank = _rank_of(kind)
        if rank == journal.ALARM:
            self.call.event(kind, boot, seq, chip.ticks())
            self._room.show()
        return self._written(kind, boot, seq, details, rank, None)

    def _written(self, kind: str, boot: int, seq: int, details: dict, rank: int, replaces):
        was_broken = self.journal.broken
        entry = self.journal.append(self._signed(kind, boot, seq, details), rank, replaces)
        if self.journal.broken and not was_broken:
            self._room.log("flash does not take the event; it is kept in memory")
        return entry

    def _signed(self, kind: str, boot: int, seq: int, details: dict) -> bytes:
        return wire.encode(kind, self._device, boot, seq, self._room.now_ms(), details, self._key)

    def _send(self, kind: str, entry) -> None:
        self._room.log("event %s %d.%d" % (kind, entry.boot, entry.seq))
        self._room.send_soon()

    # --- answered for ----------------------------------------------------------------------

    def answered(self, boot: int, seq: int) -> None:
        """The gateway has committed this event."""
        entry = self.journal.find(boot, seq)
        if entry is None:
            return
        if entry.rank == journal.ALARM:
            self.call.answered(boot, seq)
            # Before the journal forgets: a reset in between must find one of the two.
            self.call_changed()
        more = self.journal.overfull
        self.journal.drop(entry)
        self.outgoing.forget(entry)
        if more:
            self._add_to_call()
        if self._earlier_boot:
            # The journal may have taken in more that was made without a number.
            self._renumber()

    def call_changed(self) -> None:
        """What became of the call is kept, and shown."""
        if not self._call_kept.write(self.call.saved()):
            self._room.log("flash does not take the state of the call")
        self._room.show()

    # --- after a start, and without a number -------------------------------------------------

    def take_up(self) -> None:
        """What was not answered before this start belongs to the call, and gets a number."""
        self._add_to_call()
        lost = [entry for entry in self.journal.entries if entry.boot == wire.BOOT_UNKNOWN]
        self._earlier = self.journal.newest_id
        numbers = self._identity
        if lost and numbers.boot != wire.BOOT_UNKNOWN and not numbers.woken:
            self._number(numbers.spare())

    def number(self, boot: int, seq: int, next_boot: int) -> bool:
        """The gateway's word on numbers (Identity.number). Whether a lost one has been found."""
        earlier = self._identity.number(boot, seq, next_boot)
        if not earlier:
            return False
        self.outgoing.forget(self.outgoing.request)
        self.outgoing.request = None
        self._number(earlier)
        return True

    def _add_to_call(self) -> None:
        """Every alarm event that the journal has in hand belongs to the call."""
        now = chip.ticks()
        for entry in [entry for entry in self.journal.entries if entry.rank == journal.ALARM]:
            message = self.journal.message(entry)
            if message is None:
                continue  # flash may read it another time
            try:
                event = wire.decode_event(message, self._key)
                self.call.event(event.kind, entry.boot, entry.seq, now)
            except wire.Refused:
                # Made under another secret: no gateway will ever be able to verify it.
                self.journal.drop(entry)

    def _number(self, earlier_boot: int) -> None:
        """Gives what was made under a lost number its own: `earlier_boot` to what was in the
        journal at this start, the present boot to the rest. Each is exchanged in one step."""
        if not earlier_boot:
            return
        self._room.log("number: boot %d" % self._identity.boot)
        self._earlier_boot = earlier_boot
        self._renumber()

    def _renumber(self) -> None:
        for entry in list(self.journal.entries):
            message = self.journal.message(entry) if entry.boot == wire.BOOT_UNKNOWN else None
            if message is None:
                continue
            try:
                event = wire.decode_event(message, self._key)
            except wire.Refused:
                # Of another secret: nobody will ever be able to verify it.
                self.journal.drop(entry)
                continue
            boot, seq = self._identity.boot, entry.seq
            if entry.id <= self._earlier:
                self._earlier_seq += 1
                boot, seq = self._earlier_boot, self._earlier_seq
            fresh = wire.encode(
                event.kind, self._device, boot, seq, event.stamp, event.details, self._key
            )
            self.outgoing.forget(entry)
            numbered = self.journal.append(fresh, entry.rank, entry)
            if entry is self.outgoing.held:
                self.outgoing.held = numbered
            self.call.renamed(wire.BOOT_UNKNOWN, entry.seq, boot, seq)


def _identity_of(message: bytes) -> tuple:
    """(boot, seq) of a signed message, as they lie in it (wire.py)."""
    return (
        int.from_bytes(message[8:12], "little"),
        int.from_bytes(message[12:16], "little"),
    )


def _rank_of(kind: str) -> int:
    if kind in wire.ALARM_KINDS:
        return journal.ALARM
    return journal.HEARTBEAT if kind == "heartbeat" else journal.TELEMETRY


def _jitter(percent: int) -> int:
    return random.getrandbits(16) % (2 * percent + 1) - percent
