"""Which Wi-Fi the device uses, and how that is changed: tried first, the old one kept until then.

A change is a walk over restarts, and each step of it is on flash before it is taken:

    AT REST  no Wi-Fi in 90 s from power-on; or ordered and agreed to   -> OPEN, restart
    OPEN     at the next start the radio is Bluetooth: the window       -> AT REST (before it opens)
    AT REST  the window has taken new settings                          -> TRY, restart
    TRY      the gateway has answered over the new network              -> KEEP
    TRY      it has not, in its time, or three starts were cut short    -> AT REST, the old network
    KEEP     both are in the chip's settings store                      -> AT REST

One radio at a time: beside Wi-Fi and TLS there is no memory for Bluetooth on the ESP32-C3 and C6
(micropython issue 18859), and a restart is what gives all of it back. A power cut at any point
leaves the device on the old network or on one that has been proven.
"""

import asyncio
import os
import struct

from doorknock import clock
from doorknock.wire import WIFI_OUTCOMES

AT_REST = 0
OPEN = 1
TRY = 2
KEEP = 3

# An access point is back 60 s after a power cut of the house; nobody means that by it.
NO_WIFI_MS = 90000
# Joining takes up to 10 s, the broker as long; a router that was just switched on, a minute.
TRIAL_MS = 75000
# A plain refusal for so long, three attempts, is no accident. Nor does somebody who presses
# meanwhile wait longer.
SURE_MS = 25000
# After a trial has failed, for the old network; then the window opens again.
OLD_MS = 40000
# Starts that a trial may take: a power cut is not the network's fault.
_STARTS = 3
# Attempts that one agreement in the room is good for.
CHANCES = 5
# A restart waits so long for nobody to be looked after; from then on only for calls. The watch
# goes on after it.
_CALM_MS = 30000

_LOOK_MS = 100

_VERSION = 2
# version, phase, outcome, starts of the trial, chances left, attempt
_HEAD = "<BBBBBI"
_HEAD_BYTES = 9
# Before attempts had names. What an application from then has left is taken up as well.
_FIRST_VERSION = 1
_FIRST_HEAD_BYTES = 5


class Kept:
    """What is on flash of a change. new: (SSID, password), bytes, or (). attempt: which it was."""

    def __init__(self) -> None:
        self.phase = AT_REST
        self.outcome = "none"
        self.starts = 0
        self.chances = 0
        self.attempt = 0
        self.new: tuple = ()

    def saved(self) -> bytes:
        """The bytes that hold all of it."""
        head = struct.pack(
            _HEAD,
            _VERSION,
            self.phase,
            WIFI_OUTCOMES.index(self.outcome),
            self.starts,
            self.chances,
            self.attempt,
        )
        if not self.new:
            return head
        # Loaded where there is a change: most devices never see one.
        from doorknock import improv

        return head + improv.strings(self.new[0], self.new[1])

    def resume(self, saved: bytes) -> None:
        """Takes up what was saved; b"" or nonsense is nothing."""
        if saved[:1] == bytes([_FIRST_VERSION]) and len(saved) >= _FIRST_HEAD_BYTES:
            head = saved[1:_FIRST_HEAD_BYTES] + bytes(_HEAD_BYTES - _FIRST_HEAD_BYTES)
            saved = bytes([_VERSION]) + head + saved[_FIRST_HEAD_BYTES:]
        if len(saved) < _HEAD_BYTES:
            return
        version, phase, outcome, starts, chances, attempt = struct.unpack_from(_HEAD, saved, 0)
        if version != _VERSION or phase > KEEP or outcome >= len(WIFI_OUTCOMES):
            return
        new = None
        if phase in (TRY, KEEP):
            from doorknock import improv

            new = improv.read_wifi(saved[_HEAD_BYTES:])
            if new is None:
                return
        self.phase, self.starts, self.chances = phase, starts, chances
        # Whatever noise was there: the contract has 24 bits.
        self.attempt = attempt & 0xFFFFFF
        self.outcome = WIFI_OUTCOMES[outcome]
        self.new = new or ()


class Wifi:
    """The network in force, and its change.

    flash: a Keep. nvs: an esp32.NVS or its like. network: (SSID, password) of the settings store,
    texts. powered_on: whether this start began with the power. allowed: the setting `bluetooth`.
    room: the device around it: emit(kind, details), busy(), calm(), restart(), log(text),
    told(signal).

    network: to be joined now. bluetooth: this start's radio is Bluetooth. window: in it.
    """

    def __init__(self, flash, nvs, network: tuple, powered_on: bool, allowed: bool, room) -> None:
        self._flash = flash
        self._nvs = nvs
        self._room = room
        self._allowed = allowed
        self._old = network
        self._kept = Kept()
        self._kept.resume(flash.read())
        self.network = network
        self.bluetooth = False
        # Of the window: attempts that were agreed to, and how the last one ended.
        self._chances = self._kept.chances
        self._outcome = self._kept.outcome
        self.window = None
        self._trial_since = None
        self._back_since = None
        self._seeking_since = None
        self._restart_since = None
        self._seeks = powered_on and allowed
        self._said = ""

    def begin(self, radio, now: int) -> None:
        """Takes the step that is due at this start. radio: use(ssid, key), joined(), why()."""
        self._radio = radio
        kept = self._kept
        if kept.phase == OPEN:
            # At rest before it opens: whatever ends this start, the next one has Wi-Fi.
            kept.phase, kept.chances, kept.outcome = AT_REST, 0, "none"
            self.bluetooth = self._save()
        elif kept.phase == TRY:
            self._begin_trial(now)
        elif kept.phase == KEEP:
            self._use(kept.new)
            self._into_store()
        elif self._seeks:
            self._seeking_since = now

    def _begin_trial(self, now: int) -> None:
        kept = self._kept
        kept.starts += 1
        if kept.starts > _STARTS:
            self._end_trial("interrupted", now)
        elif self._save():
            self._use(kept.new)
            self._trial_since = now
            self._room.log("wifi: trying another network")
        else:
            self._end_trial("storage", now)

    def _use(self, network: tuple) -> None:
        self.network = (str(network[0], "utf-8"), str(network[1], "utf-8"))
        self._radio.use(self.network[0], self.network[1])

    # --- the window ------------------------------------------------------------------------

    def open(self, now: int) -> None:
        """Somebody in the room has agreed: the next start's radio is Bluetooth, and it is soon."""
        if self._allowed:
            self._open(CHANCES, now)

    def _open(self, chances: int, now: int) -> None:
        kept = self._kept
        kept.phase, kept.chances, kept.outcome = OPEN, chances, self._said or "none"
        if self._save():
            self._restart_since = now

    async def offer(self, secret: bytes, device: str, info: tuple, ticks, report) -> None:
        """The window, at a start that is for it. Returns when Wi-Fi may be used: in the midst of
        a call, else it does not return, for the device starts anew."""
        from doorknock import ble, window

        room = self._room
        agreed = self._chances > 0
        self.window = window.Window(secret, info, os.urandom, self._outcome, agreed, ticks())
        await ble.Door(self.window, device, room.busy, ticks, room.log).run(report)
        self._radio.after_bluetooth = True
        self._closed(self.window.taken, self.window.attempt, ticks())
        while self._restart_since is not None and not room.busy():
            report()
            await asyncio.sleep_ms(_LOOK_MS)

    def _closed(self, taken, attempt: int, now: int) -> None:
        self.bluetooth = False
        self.window = None
        if taken is not None:
            kept = self._kept
            kept.phase, kept.starts, kept.new, kept.attempt = TRY, 0, taken, attempt
            kept.chances = (self._chances or CHANCES) - 1
            if not self._save():
                kept.phase, kept.new = AT_REST, ()
                self._say("storage")
        # Also where nothing came of it: a restart is what gives the memory back.
        self._restart_since = now

    def pressed(self, taps: int, held: bool, now: int) -> bool:
        """A press; whether it was meant for the window."""
        return self.window is not None and self.window.pressed(taps, held, now)

    @property
    def asks(self) -> bool:
        """Whether one tap now would be an answer to the window, and no call."""
        return self.window is not None and self.window.asks

    @property
    def showing(self) -> str:
        """The light that it would like, of signals.PATTERNS."""
        if self.window is not None:
            return self.window.showing
        return "none" if self._trial_since is None else "bluetooth"

    # --- the trial -------------------------------------------------------------------------

    def reached(self, now: int) -> None:
        """The gateway has answered, and it was the gateway: over the network in force."""
        self._seeking_since = None
        self._back_since = None
        if self._trial_since is None:
            return
        self._trial_since = None
        self._kept.phase = KEEP
        self._save()
        self._into_store()
        self._say("changed")
        self._room.told("wifi_changed")

    def _into_store(self) -> None:
        """Into the chip's settings store; again at each start until that has worked."""
        new = self._kept.new
        try:
            self._nvs.set_blob("wifi_ssid", new[0])
            if new[1]:
                self._nvs.set_blob("wifi_key", new[1])
            else:
                self._erase_key()
            self._nvs.commit()
        except OSError:
            self._room.log("wifi: the settings store does not take the network")
            return
        self._old = self.network
        self._rest()

    def _erase_key(self) -> None:
        try:
            self._nvs.erase_key("wifi_key")
        except OSError:
            pass  # there was none

    def _end_trial(self, outcome: str, now: int) -> None:
        self._trial_since = None
        self._rest()
        self.network = self._old
        self._radio.use(self._old[0], self._old[1])
        self._back_since = now
        self._say(outcome)
        self._room.told("wifi_failed")

    def _rest(self) -> None:
        """What was tried is forgotten, or has been kept."""
        kept = self._kept
        kept.phase, kept.starts, kept.new = AT_REST, 0, ()
        self._save()

    def _say(self, outcome: str) -> None:
        self._said = outcome
        self._room.log("wifi: another network: " + outcome)
        self._room.emit("wifi", {"outcome": outcome, "attempt": self._kept.attempt})

    def _look_at_trial(self, passed: int, now: int) -> None:
        refused = self._radio.why()
        sure = passed >= SURE_MS and (refused != "" or self._room.busy())
        if sure or passed >= TRIAL_MS:
            joined = self._radio.joined()
            self._end_trial("no_gateway" if joined else refused or "no_network", now)

    # --- time ------------------------------------------------------------------------------

    def tick(self, now: int) -> None:
        """What happens by the clock alone."""
        if self._trial_since is not None:
            self._look_at_trial(clock.since(now, self._trial_since), now)
        if self._back_since is not None and clock.since(now, self._back_since) >= OLD_MS:
            # The old network is gone, and whoever wanted another may be there still.
            self._back_since = None
            if self._allowed and not self._room.busy() and not self._radio.joined():
                self._open(self._kept.chances, now)
        if self._seeking_since is not None:
            if self._radio.joined() or self._room.busy():
                self._seeking_since = None
            elif clock.since(now, self._seeking_since) >= NO_WIFI_MS:
                self._seeking_since = None
                self._open(0, now)
        if self._restart_since is not None:
            waited = clock.since(now, self._restart_since)
            if self._room.calm() or (waited >= _CALM_MS and not self._room.busy()):
                self._restart_since = None
                self._room.restart()

    @property
    def awake(self) -> bool:
        """Whether a device on a battery has to stay awake for it."""
        return (
            self.bluetooth
            or self._trial_since is not None
            or self._back_since is not None
            or self._seeking_since is not None
            or self._restart_since is not None
        )

    def _save(self) -> bool:
        return self._flash.write(self._kept.saved())
