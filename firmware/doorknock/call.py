"""The device's side of a call for help: what the light may truthfully say. Pure.

A call is all alarm events since the light was last out. A press or the sensor's own call opens
it; an event of another kind only belongs to it. The gateway's `light` commands count if they name
one of its events and bear a higher number than the last.
"""

import struct

from doorknock import clock
from doorknock.wire import LIGHTS

OPENING_KINDS = ("press", "stillness")
# What the gateway may tell us; the other lights are our own to know.
_TOLD = ("none", "delivered", "asked_again", "coming")

# From the press to "cannot send: call out". A good way answers in well under a second, and a
# device asleep in 3 s; the longest way that still worked out (joining anew on a crowded channel,
# TLS, one lost packet) took about 15 s. Longer, and somebody trusts in a light that lies.
CANNOT_SEND_AFTER_MS = 20000
# With no way at all one need not wait that long; 3 s, so that a link just waking up is not blamed.
NO_WAY_AFTER_MS = 3000
# A person who goes on pressing makes an event each time; the gateway names the newest.
_EVENTS_KEPT = 16


class Call:
    """The present call. `told`: the newest light the gateway has given it, "none" before that."""

    def __init__(self) -> None:
        self.told = "none"
        self._stamp = -1
        self._events = []  # [boot, seq, answered, tick if it waits for its answer else None]

    def event(self, kind: str, boot: int, seq: int, ticks: int) -> None:
        """An alarm event was made. Its light is "sending" from now on, if it is a call for help."""
        self._events.append([boot, seq, False, ticks if kind in OPENING_KINDS else None])
        if len(self._events) > _EVENTS_KEPT:
            self._events.pop(self._one_to_forget())

    def renamed(self, boot: int, seq: int, new_boot: int, new_seq: int) -> None:
        """An event has got another identity (its boot number had been lost)."""
        for event in self._events:
            if event[0] == boot and event[1] == seq:
                event[0], event[1] = new_boot, new_seq

    def answered(self, boot: int, seq: int) -> None:
        """The gateway has committed this event: "delivered", if it waited for nothing else."""
        for event in self._events:
            if event[0] == boot and event[1] == seq and not event[2]:
                event[2] = True
                if event[3] is not None:
                    event[3] = None
                    if self.told == "none":
                        self.told = "delivered"

    def light_told(self, stamp: int, boot: int, seq: int, state: str) -> bool:
        """The gateway's `light` command. False where it was ignored: old, or about another call."""
        if stamp <= self._stamp or state not in _TOLD:
            return False
        if not any(event[0] == boot and event[1] == seq for event in self._events):
            return False
        self._stamp = stamp
        self.told = state
        if state == "none":
            # What the gateway had not seen when it closed the alert begins the next call.
            self._events = [event for event in self._events if not event[2]]
        return True

    def light(self, ticks: int, no_way: bool) -> str:
        """One of wire.LIGHTS, now. no_way: the newest attempt to reach the gateway has failed."""
        waiting = None
        for event in self._events:
            if event[3] is not None:
                waiting = max(waiting or 0, clock.since(ticks, event[3]))
        if waiting is None:
            return self.told
        limit = NO_WAY_AFTER_MS if no_way else CANNOT_SEND_AFTER_MS
        return "cannot_send" if waiting >= limit else "sending"

    @property
    def open(self) -> bool:
        """Whether somebody waits for an answer of any kind."""
        return self.told != "none" or any(event[3] is not None for event in self._events)

    def saved(self) -> bytes:
        """What has to outlive a reset: what was answered. The rest is in the journal."""
        if self.told == "none":
            return b""
        kept = struct.pack("<Bq", LIGHTS.index(self.told), self._stamp)
        for event in self._events:
            if event[2]:
                kept += struct.pack("<II", event[0], event[1])
        return kept

    def resume(self, saved: bytes) -> None:
        """Takes up the call that was saved; b"" or nonsense is no call."""
        if len(saved) < 9 or (len(saved) - 9) % 8 or saved[0] >= len(LIGHTS):
            return
        state, self._stamp = struct.unpack_from("<Bq", saved, 0)
        self.told = LIGHTS[state]
        for at in range(9, len(saved), 8):
            boot, seq = struct.unpack_from("<II", saved, at)
            self._events.append([boot, seq, True, None])

    def _one_to_forget(self) -> int:
        for i in range(len(self._events)):
            if self._events[i][2]:
                return i
        return 0
