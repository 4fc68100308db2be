"""The device's side of a call for help: what the light may truthfully say. Pure.

A call is all alarm events since the light was last out. A press or the sensor's own call opens
it; an event of another kind only belongs to it. The gateway's `light` commands count if they name
one of its events and bear a higher number than the last.
"""

import struct

from doorknock import clock
from doorknock.wire import BOOT_UNKNOWN, LIGHTS

OPENING_KINDS = ("press", "stillness")
# What the gateway may tell us; the other lights are our own to know. Its cannot_send: it has the
# event, and gets it to nobody.
_TOLD = ("none", "delivered", "asked_again", "coming", "cannot_send")

# From the press to "cannot send: call out". A good way answers in well under a second, and a
# device asleep in 3 s; the longest way that still worked out (joining anew on a crowded channel,
# TLS, one lost packet) took about 15 s. Longer, and somebody trusts in a light that lies.
CANNOT_SEND_AFTER_MS = 20000
# With no way at all one need not wait that long; 3 s, so that a link just waking up is not blamed.
NO_WAY_AFTER_MS = 3000
# A person who goes on pressing makes an event each time; the gateway names the newest.
_EVENTS_KEPT = 16


class _Event:
    """An alarm event of the call."""

    def __init__(self, boot: int, seq: int, calls: bool, since) -> None:
        self.boot = boot
        self.seq = seq
        self.answered = False
        self.calls = calls  # it asks for somebody, and has not been closed
        self.since = since  # the tick it was made at, while it waits for its answer; else None
        self.overdue = False  # it has waited too long; kept, for ticks wrap after 12 days

    def newer_than(self, boot: int, seq: int) -> bool:
        """Whether it was made after that one. Without a number yet: after all that have one."""
        if self.boot == BOOT_UNKNOWN:
            return True
        return self.boot > boot or (self.boot == boot and self.seq > seq)


# For saved(): boot, seq, calls.
_KEPT = "<IIB"
_KEPT_BYTES = 9
_HEAD = "<Bq"
_HEAD_BYTES = 9


class Call:
    """The present call. `told`: the newest light the gateway has given it, "none" before that.

    waits: how many of its events wait for their answer; with none, the light is what was told.
    """

    def __init__(self) -> None:
        self.told = "none"
        self.waits = 0
        self._stamp = -1
        self._events = []

    def event(self, kind: str, boot: int, seq: int, ticks: int) -> None:
        """An alarm event was made. Its light is "sending" from now on, if it is a call for help.

        One that is known already changes nothing: after a reset it may be in the state that was
        saved, and in the journal too.
        """
        if boot != BOOT_UNKNOWN and self._find(boot, seq) is not None:
            return
        calls = kind in OPENING_KINDS
        self._events.append(_Event(boot, seq, calls, ticks if calls else None))
        if len(self._events) > _EVENTS_KEPT:
            self._events.pop(self._one_to_forget())
        self._count()

    def renamed(self, boot: int, seq: int, new_boot: int, new_seq: int) -> None:
        """An event has got another identity (its boot number had been lost)."""
        event = self._find(boot, seq)
        if event is not None:
            event.boot, event.seq = new_boot, new_seq

    def answered(self, boot: int, seq: int) -> None:
        """The gateway has committed this event: "delivered", if it waited for nothing else."""
        event = self._find(boot, seq)
        if event is None or event.answered:
            return
        event.answered = True
        event.since = None
        self._count()
        if event.calls and self.told == "none":
            self.told = "delivered"

    def light_told(self, stamp: int, boot: int, seq: int, state: str) -> bool:
        """The gateway's `light` command. False where it was ignored: old, or about another call."""
        if stamp <= self._stamp or state not in _TOLD or self._find(boot, seq) is None:
            return False
        self._stamp = stamp
        self.told = state
        if state == "none":
            self._close(boot, seq)
        return True

    def light(self, ticks: int, no_way: bool) -> str:
        """One of wire.LIGHTS, now. no_way: the newest attempt to reach the gateway has failed."""
        light = self.told
        for event in self._events:
            if event.since is None:
                continue
            waited = clock.since(ticks, event.since)
            event.overdue = event.overdue or waited >= CANNOT_SEND_AFTER_MS
            if event.overdue or (no_way and waited >= NO_WAY_AFTER_MS):
                return "cannot_send"
            light = "sending"
        return light

    @property
    def open(self) -> bool:
        """Whether somebody waits for an answer of any kind."""
        return self.told != "none" or self.waits > 0

    def saved(self) -> bytes:
        """What has to outlive a reset: what was answered. The rest is in the journal."""
        if self.told == "none":
            return b""
        kept = struct.pack(_HEAD, LIGHTS.index(self.told), self._stamp)
        for event in self._events:
            if event.answered:
                kept += struct.pack(_KEPT, event.boot, event.seq, 1 if event.calls else 0)
        return kept

    def resume(self, saved: bytes) -> None:
        """Takes up the call that was saved; b"" or nonsense is no call."""
        if len(saved) < _HEAD_BYTES or (len(saved) - _HEAD_BYTES) % _KEPT_BYTES:
            return
        state, stamp = struct.unpack_from(_HEAD, saved, 0)
        if state >= len(LIGHTS) or LIGHTS[state] not in _TOLD:
            return
        self.told = LIGHTS[state]
        self._stamp = stamp
        for at in range(_HEAD_BYTES, len(saved), _KEPT_BYTES):
            boot, seq, calls = struct.unpack_from(_KEPT, saved, at)
            event = _Event(boot, seq, calls == 1, None)
            event.answered = True
            self._events.append(event)

    def _close(self, boot: int, seq: int) -> None:
        """The alert is over. It names the newest event the backend knew: what is newer stays, and
        is the next call."""
        kept = []
        for event in self._events:
            if event.newer_than(boot, seq):
                kept.append(event)
                if event.calls and event.answered:
                    self.told = "delivered"
            elif not event.answered:
                # Closed with the rest as far as the light goes. Known all the same: should nobody
                # have heard of it yet, it is the gateway that begins a call of it.
                event.calls = False
                event.since = None
                kept.append(event)
        self._events = kept
        self._count()

    def _count(self) -> None:
        self.waits = sum([1 for event in self._events if event.since is not None])

    def _find(self, boot: int, seq: int):
        for event in self._events:
            if event.seq == seq and event.boot == boot:
                return event
        return None

    def _one_to_forget(self) -> int:
        for i in range(len(self._events)):
            if self._events[i].answered:
                return i
        return 0
