"""A sensor without its hardware: radar bytes, presses of B and time in; events and wishes out.

Pure: no pin, no UART, no clock. app.py moves the bytes and the light.

Ten times a second all of this runs, on the chip and in simulation: what is asked again and again
is a local name, an attribute is stored when it has changed, and there are no properties (a class
that has one pays for it at every attribute that is stored).
"""

from micropython import const

from . import detector, door, radar, settings, watch
from .clock import since
from .radar import ENGINEERING, ERRORS, FRAMES, PHASE_MRAD, PRESENCE_FIELDS, ZERO
from .watch import ASKING, IDLE

# Frame rate and errors are counted over this span.
_COUNT_MS = const(10000)
# More than a quarter of frames bad, and not a handful only: a baud rate, a cable, a dying module.
_BAD_FRAMES = const(10)

# As in radar/__init__.py: asked for at each report.
_NEW = const(0)
_NEW_PHASE = const(1)


class Sensor:
    """One sensor: its radar's reader, its detector and its watch.

    radar: one of radar.NAMES; mode: washroom or home; settings: those given, the others are the
    table's defaults (ValueError, in words, for a wrong one). emit(kind, details) is called for
    each event, with the kinds and details of wire.py, at once.

    prompting(), watching(), faulty(), radar_power(): what the light and the pins should show now.
    saved_version() rises whenever saved() has changed and must be stored. tier: the radar's.
    counts: the reader's, places as in radar/__init__.py.
    """

    def __init__(self, radar_name: str, mode: str, given: dict, emit) -> None:
        self._settings = settings.in_force(given)
        self._radar = radar.make(radar_name)
        self.tier = self._radar.tier
        self.counts = self._radar.counts
        self._breathes = self.tier == "breathing"
        self._emit = emit
        self._detector = detector.make(self.tier, self._settings)
        self._watch = watch.Watch(mode, self.tier, self._settings, emit)
        self._door = door.Door()
        self._always_on = mode == watch.WASHROOM
        self._silent_ms = 1000 * self._settings["silent_fault_s"]
        self._stuck_ms = 1000 * self._settings["stuck_fault_s"]
        self._silent = False
        self._bad = False
        self._stuck = False
        self._unseen = False
        self._powered = False
        self._frames = 0  # count of frames when last looked
        self._frame_at = -1  # tick at which a frame was last seen
        self._sum = 0  # of the newest reading
        self._value = 0  # a digest of it; -1: its sum is all that is known
        self._room = -1  # what the room was like when the door was last told
        self._changed_at = -1  # tick at which it last changed
        self._same = 0  # readings since then
        self._count_at = -1
        self._count_frames = 0
        self._count_errors = 0
        self._frames_per_10s = 0

    # --- what goes in -------------------------------------------------------------------------

    def feed(self, buf, n: int, ticks: int) -> None:
        """The first n bytes of buf have come from the radar, in any split; and time has passed.

        n may be 0. What a radar without power seems to send is not looked at.
        """
        if n > 0 and (self._always_on or self._watch.state != IDLE):
            reader = self._radar  # no more names: with twelve words of state a call takes the heap
            at = 0
            while at < n:
                at = reader.read(buf, at, n)
                if reader.reported:
                    if not self._breathes or reader.reading[_NEW] == _NEW_PHASE:
                        self._watch_for_repeats(reader.reading, ticks)
                    self._detector.take(reader.reading, ticks)
        self.tick(ticks)

    def tick(self, ticks: int) -> None:
        """Lets time pass. Call it at least four times a second, whatever comes."""
        # No name more than these: with twelve words of state a call takes the heap.
        room = self._detector
        unseen = False
        if self._always_on or self._watch.state != IDLE:
            if not self._powered:
                self._power_on(ticks)
                if not self._always_on:
                    room.await_somebody(ticks)
            if room.done_at != ticks:
                room.tick(ticks)
            if room.room != self._room:
                self._room = room.room
                self._door.saw(room.room)
            self._look_at_radar(ticks)
            unseen = room.cannot_see
        elif self._powered:
            self._powered = False
        if self._unseen != unseen:
            # A minute of signal that says nothing, raised once; sight again, cleared once.
            self._unseen = unseen
            self._fault("cannot_see", unseen)
        if not self._watch.goes_on(room.room, ticks):
            self._watch.tick(room.room, room.still_ms, room.cause, ticks, room.urgent)

    def pressed(self, taps: int, held: bool, ticks: int) -> None:
        """A press of button B is over: this many taps (1 …), or held for two seconds."""
        self._watch.pressed(taps, held, ticks, self._detector.still_ms)
        if taps == 1 and not held:
            self._detector.answered()

    def refuse(self) -> None:
        """The radar does not work: a watch that has begun ends, and says that it was refused."""
        self._watch.refuse()

    def door(self, is_open: bool, ticks: int) -> None:
        """A door contact, where there is one, has opened or shut: evidence, never a condition."""
        room = self._detector
        if self._door.changed(is_open, room.room, room.still_ms, ticks):
            room.door_opened(ticks)

    # --- what comes out -----------------------------------------------------------------------

    def radar_power(self) -> bool:
        """Whether the radar is to have power: at home only while a watch is on."""
        return self._always_on or self._watch.state != IDLE

    def prompting(self) -> bool:
        """Whether the question 'are you OK?' is on."""
        return self._watch.state == ASKING

    def ends_watch(self) -> bool:
        """Whether an answer to the question that is on would end a watch at home."""
        return self._watch.cause == watch.LONG_STAY

    def watching(self) -> bool:
        """Whether somebody is being looked after."""
        return self._watch.state != IDLE

    def faulty(self) -> bool:
        """Whether the radar cannot be relied on."""
        return self._silent or self._bad or self._stuck or self._unseen

    def saved_version(self) -> int:
        """Rises whenever saved() must be stored anew."""
        return self._watch.saved_version + self._detector.lessons_version

    def state(self) -> str:
        """The watch's state, by name."""
        return watch.NAMES[self._watch.state]

    def room(self) -> str:
        """What the room is like, by name. Never to leave the device."""
        return detector.NAMES[self._detector.room]

    def command(self, ticks: int):
        """Bytes to send to the radar now, or None. Ask it a few times a second."""
        return self._radar.command(ticks) if self.radar_power() else None

    def saved(self) -> bytes:
        """What must survive a reset: store it whenever saved_version has risen."""
        return self._watch.saved() + self._detector.lessons

    def resume(self, saved: bytes, ticks: int) -> None:
        """Takes up the watch that was on when the device was reset, if any. Call it first.

        What older firmware has saved has no lessons, and is taken up all the same.
        """
        self._detector.learn(saved[watch.SAVED_BYTES :])
        if self._watch.resume(saved[: watch.SAVED_BYTES], ticks):
            self._power_on(ticks)
            self._detector.expect_somebody(ticks)

    def health(self) -> dict:
        """For the heartbeat. Nothing in it says whether somebody is in."""
        return {
            "radar_frames_per_10s": self._frames_per_10s,
            "radar_errors": self.counts[ERRORS],
            "noise_floor": self._detector.noise_floor(),
            "tier": self.tier,
        }

    # --- is the radar alive? ------------------------------------------------------------------

    def _power_on(self, ticks: int) -> None:
        """The radar gets power: what it said before is of another time."""
        self._powered = True
        self._detector.forget()
        self._frame_at = ticks
        self._changed_at = ticks
        self._same = 0
        self._count_at = ticks
        self._count_frames = self.counts[FRAMES]
        self._count_errors = self.counts[ERRORS]

    def _watch_for_repeats(self, reading, ticks: int) -> None:
        """Notes when a reading last changed. A shut gate (all noughts) is no repetition."""
        if self._breathes:
            value = reading[PHASE_MRAD]
            excused = reading[ZERO] == 1
        else:
            # A basic report carries little, and may well stay the same over an empty room.
            excused = reading[ENGINEERING] == 0
            total = sum(reading)  # below 2^13
            if total == self._sum and not excused:
                value = _digest(reading)
                if self._value < 0:
                    # Only its sum is known of the one before: taken for the same.
                    self._value = value
            else:
                # Nearly every reading differs by its sum already, which costs an eighth.
                self._sum = total
                value = -1
                excused = True
        if excused or value != self._value:
            self._value = value
            self._changed_at = ticks
            if self._same:
                self._same = 0
        elif self._same < 1000:
            self._same += 1

    def _look_at_radar(self, ticks: int) -> None:
        frames = self.counts[FRAMES]
        if frames != self._frames:
            self._frames = frames
            self._frame_at = ticks
            if self._same < 10 and not self._silent and not self._stuck:
                # It talks, and what it says changes: there is nothing but to count, now and then.
                if since(ticks, self._count_at) >= _COUNT_MS:
                    self._count(ticks, frames, self.counts[ERRORS])
                return
            quiet_ms = 0
        else:
            quiet_ms = since(ticks, self._frame_at)
        # Raised once when no whole frame has come for too long; cleared once when one has.
        if self._silent != (quiet_ms >= self._silent_ms):
            self._silent = not self._silent
            self._fault("radar_silent", self._silent)
            # A value from before the silence is no evidence of a stuck module.
            self._changed_at = ticks
            self._same = 0
        # The same value, again and again, from a module that does send: stuck. Ten readings at
        # least, so that a slow module is not blamed for one repetition.
        stuck = self._same >= 10 and since(ticks, self._changed_at) >= self._stuck_ms
        if self._stuck != stuck and not self._silent:
            self._stuck = stuck
            self._fault("radar_stuck", stuck)
        if since(ticks, self._count_at) >= _COUNT_MS:
            self._count(ticks, frames, self.counts[ERRORS])

    def _count(self, ticks: int, frames: int, errors: int) -> None:
        """Every 10 s: the frame rate, and whether too many frames are bad."""
        good = (frames - self._count_frames) & 0x3FFFFFFF
        bad = (errors - self._count_errors) & 0x3FFFFFFF
        self._frames_per_10s = min(good, 100000)
        self._count_at, self._count_frames, self._count_errors = ticks, frames, errors
        many = bad >= _BAD_FRAMES and 4 * bad > good
        if self._bad != many:
            self._bad = many
            self._fault("radar_frames", many)

    def _fault(self, what: str, raised: bool) -> None:
        self._emit(
            "fault",
            {
                "what": what,
                "state": "raised" if raised else "cleared",
                "count": self.counts[ERRORS],
            },
        )


def _digest(reading) -> int:
    """24 bits of a presence reading, by all of its fields."""
    value = 0
    for place in range(PRESENCE_FIELDS):
        # Multiplied by 31 and masked to 24 bits: below 2^29 before the mask.
        value = (value * 31 + reading[place]) & 0xFFFFFF
    return value
