"""The trial of a new application, seen from within: it is in force once it has shown that it works.

That is: it has lasted for LASTS_MS, the gateway has answered it, signed, and its radar is heard
where it should be. If it cannot show that within TRIAL_MS it gives up, and the earlier one runs
again; at once, where somebody's call does not get out. If it falls or hangs, slot.py sees to the
same.
"""

import slot

from doorknock import clock, slot_files

LASTS_MS = 30000
# Several rounds of joining, connecting and backing off on a bad network.
TRIAL_MS = 300000
# Joining takes up to 10 s, the broker as long: a call that is still here has no way out, and the
# earlier one may have one.
CALL_MS = 30000


class Trial:
    """heard: whether the gateway has answered for an event of this start.

    key: that updates are verified with. was_faulty: the radar was silent before, too. room: see
    update.py. ticks: of the start.
    """

    def __init__(self, key: bytes, was_faulty: bool, room, ticks: int) -> None:
        self.heard = False
        self._key = key
        self._was_faulty = was_faulty
        self._room = room
        self._began = ticks
        self._waits_since = None  # a call, to get out
        if slot.on_trial:
            _prove()

    def tick(self, now: int) -> bool:
        """True once, when the application has been put in force."""
        since = clock.since(now, self._began)
        works = self._was_faulty or not self._room.faulty()
        if self.heard and works and since >= LASTS_MS:
            return self._confirm()
        waits = self._room.alarm_waits()
        if not waits or self.heard:
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        unheard = self._waits_since is not None and clock.since(now, self._waits_since) >= CALL_MS
        if unheard or (since >= TRIAL_MS and (waits or self._room.calm())):
            self._give_up()
        return False

    def _confirm(self) -> bool:
        key = slot_files.next_key(slot.running)
        if key and key != self._key and not self._room.new_key(key):
            return False
        state = slot.read()
        state.in_force, state.trying = slot.running, ""
        state.outcome = slot.CONFIRMED
        if not slot.write(state):
            return False
        slot.on_trial = False
        return True

    def _give_up(self) -> None:
        state = slot.read()
        state.trying = ""
        state.outcome = slot.NOT_WORKING if self.heard else slot.NOT_HEARD
        if slot.write(state):
            self._room.restart()


def _prove() -> None:
    """What is loaded only where the Wi-Fi is changed must load too: now there is a way back."""
    __import__("doorknock.window")  # and improv, which it imports
