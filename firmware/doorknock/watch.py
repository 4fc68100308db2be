"""The watch ("look after me"): when to ask, when to call. The only place that decides either.

Pure: what the room is like, presses and time go in; events come out by `emit(kind, details)`, with
the kinds and details of wire.py. Each transition has its condition in words beside it.

    IDLE      nobody is looked after
    WATCHING  somebody is, and all is well as far as can be seen
    ASKING    "are you OK?": the prompt is on
    CALLED    nobody answered, or the person called: people are on their way

The settings are those of settings.TABLE. Ages are in ms, 0 … 2^29.
"""

from . import detector
from .clock import since
from .detector import LONGEST_MS, SLOW_BREATHING, WEAK_BREATHING
from .wire import CAUSES

IDLE = 0
WATCHING = 1
ASKING = 2
CALLED = 3

NAMES = ("idle", "watching", "asking", "called")

WASHROOM = "washroom"
HOME = "home"
MODES = (WASHROOM, HOME)

LONG_STAY = 5  # index of wire.CAUSES

# Apnoeas that keep coming back escalate: after so many questions withdrawn within this time, the
# next one is only ended by an answer. Breath between two apnoeas is no sign that all is well.
_WITHDRAWN_BEFORE_INSISTING = 2
_RECURRENCE_MS = 600000

# A person who has answered is left alone: about slow breathing for so long when it was no urgent
# one (a sleeper at 8 a minute is so all night), for less when it was.
_SLOW_ANSWERED_MS = 900000
_URGENT_ANSWERED_MS = 120000

# Patience, at home only: each answer to "you did not breathe" is word that this sleeper's pauses
# end by themselves, and lengthens the next wait by 5 s; never beyond 45 s, after which a call still
# comes within 60 s of the last breath, and the brain has four minutes.
_PATIENCE_STEP_MS = 5000
_MOST_PATIENCE_MS = 45000
_HOUR_MS = 3600000

# Slow and weak breathing have gone on for at least so long when they are first told.
_KNOWN_FOR_MS = 40000

# How much of a watch a reset may make us forget; more often would wear the flash for nothing.
_SAVE_EVERY_MS = 600000

# Rooms that are no reason to ask, and in which no age of the room's own is counted.
_CALM_ROOMS = (detector.UNKNOWN, detector.MOVING, detector.BREATHING, detector.UNSEEN)

# saved(): version, state, cause, 1 for home, minutes of the watch so far (u16 LE).
_SAVED_VERSION = 1
SAVED_BYTES = 6


class Watch:
    """One watch at a time, over one room."""

    def __init__(self, mode: str, tier: str, settings: dict, emit) -> None:
        if mode not in MODES:
            raise ValueError("a sensor's mode is washroom or home, not %s" % mode)
        self.state = IDLE
        self.cause = 0  # of the prompt or call, index of wire.CAUSES
        self.saved_version = 0  # rises whenever saved() would say something else
        self._home = mode == HOME
        self._still_ms = (
            1000 * settings["still_prompt_s" if tier == "breathing" else "no_movement_s"]
        )
        self._patience_ms = self._still_ms  # how long a stillness is let be, now
        self._most_asks = settings["asks_per_h"]
        self._quiet_most_ms = 60000 * settings["quiet_min"]
        self._answer_ms = 1000 * settings["answer_s"]
        self._empty_ms = 1000 * settings["empty_s"]
        self._limit_ms = 1000 * settings["watch_limit_s" if self._home else "long_stay_s"]
        self._emit = emit
        self._watched_ms = 0  # the watch so far
        self._stayed_ms = 0  # towards its limit
        self._asked_ms = 0  # the prompt so far
        self._still_for_ms = 0  # the stillness that was asked about
        self._emptied_ms = 0  # empty so far
        self._left = False  # `left` was said of this emptiness
        self._excused_ms = 0  # stillness that came before the last press of B: it is answered for
        self._was_still = False  # nothing has moved since the call
        self._withdrawn = 0  # questions withdrawn lately, without an answer
        self._withdrawn_ms = 0  # since the first of them
        self._asks = 0  # about stillness, in the hour that goes on
        self._hour_ms = 0
        self._quiet_ms = 0  # of "let me sleep", left
        self._slow_excused_ms = 0  # answered for: slow breathing is no question for so long
        self._urgent = True  # the call, if there is one
        self._last = -1
        self._calm_room = -1  # while the room is this one, nothing but time passes …
        self._calm_ms = 0  # … for so long since the last tick, 0 … LONGEST_MS
        self._uncounted_ms = 0  # so much of it is not in the ages yet

    # --- time ---------------------------------------------------------------------------------

    def goes_on(self, room: int, ticks: int) -> bool:
        """Lets time pass, if in this room nothing else can have come of it; False: call tick.

        Nearly always True, and far cheaper: most rooms are as they were 100 ms ago.
        """
        if room != self._calm_room:
            return False
        # As since, in figures: this is asked ten times a second.
        together = ((ticks - self._last + 0x20000000) & 0x3FFFFFFF) - 0x20000000
        together = self._uncounted_ms + (together if together > 0 else 0)
        if together >= self._calm_ms:
            return False
        self._uncounted_ms = together
        self._last = ticks
        return True

    def tick(self, room: int, still_ms: int, cause: int, ticks: int, urgent: bool = True) -> None:
        """Lets time pass in this room (detector.EMPTY …), with somebody still for still_ms.

        cause, urgent: what the room is worrying for, and how much, if it is.
        """
        passed = since(ticks, self._last) if self._last >= 0 else 0
        self._last = ticks
        if passed < 0:
            passed = 0
        if self._excused_ms > still_ms:
            self._excused_ms = 0  # a stillness that began after the press
        if self.state == IDLE:
            # IDLE -> WATCHING: a washroom shows its first sign of somebody, at any time.
            if not self._home and room > detector.EMPTY and room != detector.UNSEEN:
                self._start("room")
            else:
                self._calm_room = room if self._excused_ms == 0 else -1
                self._calm_ms = LONGEST_MS
                self._uncounted_ms = 0
            return
        self._count(passed)
        self._look_whether_left(room, passed)
        if self.state == WATCHING:
            self._while_watching(room, still_ms - self._excused_ms, cause, urgent)
            if self.state == WATCHING:
                self._look_for_calm(room)
        elif self.state == ASKING:
            if (
                room == detector.STILL
                and still_ms >= self._still_ms
                and (self.cause == SLOW_BREATHING or self.cause == WEAK_BREATHING)
            ):
                # Whatever was asked about first, it has come to this.
                self.cause = cause
                self._urgent = True
            elif self.cause == SLOW_BREATHING and room == detector.SLOW:
                self._urgent = self._urgent or urgent
            self._while_asking(room, still_ms, passed)
        elif self.state == CALLED:
            self._while_called(room, still_ms, cause, urgent)

    def _count(self, passed: int) -> None:
        """So much time has passed, and what was not counted before it."""
        passed += self._uncounted_ms
        self._uncounted_ms = 0
        self._calm_room = -1
        if self.state == IDLE:
            return
        before = self._watched_ms // _SAVE_EVERY_MS
        self._watched_ms = _longer(self._watched_ms, passed)
        self.saved_version += self._watched_ms // _SAVE_EVERY_MS - before
        self._stayed_ms = _longer(self._stayed_ms, passed)
        self._withdrawn_ms = _longer(self._withdrawn_ms, passed)
        if self._withdrawn_ms >= _RECURRENCE_MS:
            self._withdrawn = 0
        self._quiet_ms = self._quiet_ms - passed if self._quiet_ms > passed else 0
        self._slow_excused_ms = (
            self._slow_excused_ms - passed if self._slow_excused_ms > passed else 0
        )
        self._hour_ms += passed
        if self._hour_ms >= _HOUR_MS:
            self._hour_ms = 0
            self._asks = 0

    def _look_for_calm(self, room: int) -> None:
        """WATCHING goes on. While somebody moves or breathes, or cannot be seen, and no age comes
        to what is looked for, another look would only count the time: goes_on does that.
        """
        if self._excused_ms == 0 and room in _CALM_ROOMS:
            self._calm_room = room
            self._calm_ms = min(
                self._limit_ms - self._stayed_ms,
                _HOUR_MS - self._hour_ms,
                _SAVE_EVERY_MS - self._watched_ms % _SAVE_EVERY_MS,
            )

    def _while_watching(self, room: int, still_ms: int, cause: int, urgent: bool) -> None:
        # WATCHING -> ASKING: somebody in there has been still for too long since they last moved,
        # breathed or answered.
        if room == detector.STILL and still_ms >= self._patience():
            self._still_for_ms = still_ms
            self._asks += 1
            self._ask(cause, True)
        # WATCHING -> ASKING: somebody breathes slowly, or far more weakly than they do, and has
        # not just said that they are well.
        elif (room == detector.SLOW or room == detector.WEAK) and self._slow_excused_ms == 0:
            self._still_for_ms = _KNOWN_FOR_MS
            self._ask(cause, urgent)
        # WATCHING -> ASKING: the watch has reached its limit and somebody may be in there.
        elif self._stayed_ms >= self._limit_ms:
            if room == detector.EMPTY:
                # WATCHING -> IDLE: the limit of a watch over a room that is seen to be empty.
                self._end("limit")
            else:
                self._ask(LONG_STAY, False)

    def _patience(self) -> int:
        """How long a stillness is let be, ms: from the setting up to 45 s, and never longer."""
        if self._home and (self._quiet_ms > 0 or self._asks >= self._most_asks):
            return max(self._still_ms, _MOST_PATIENCE_MS)
        return self._patience_ms

    def _while_asking(self, room: int, still_ms: int, passed: int) -> None:
        self._asked_ms = _longer(self._asked_ms, passed)
        # ASKING -> WATCHING: the person asked about was seen to go.
        if room == detector.EMPTY:
            self._withdraw()
        # ASKING -> WATCHING: what the question was about is over: somebody moves or breathes, and
        # this has not happened time and again. Movement is no answer to "you have been in there
        # for long".
        elif (
            self.cause != LONG_STAY
            and self._withdrawn < _WITHDRAWN_BEFORE_INSISTING
            and _lively(room, still_ms)
        ):
            if self._withdrawn == 0:
                self._withdrawn_ms = 0
            self._withdrawn += 1
            self._withdraw()
        # ASKING -> CALLED: nobody has answered in time.
        elif self._asked_ms >= self._answer_ms:
            self._call(
                self._stayed_ms if self.cause == LONG_STAY else max(still_ms, self._still_for_ms)
            )
            self._was_still = self.cause != LONG_STAY
            self._stayed_ms = 0
            self._to(CALLED)

    def _while_called(self, room: int, still_ms: int, cause: int, urgent: bool) -> None:
        # CALLED -> CALLED: somebody was called for as not urgent, for slow breathing, and it has
        # become an emergency. They have been asked and have not answered: it calls at once.
        if (
            self._was_still
            and not self._urgent
            and (
                (room == detector.STILL and still_ms >= self._still_ms)
                or ((room == detector.SLOW or room == detector.WEAK) and urgent)
            )
        ):
            self.cause = cause
            self._urgent = True
            self._call(still_ms if room == detector.STILL else _KNOWN_FOR_MS)
            self.saved_version += 1
            return
        # CALLED -> WATCHING: movement after a call. It withdraws nothing: the call stands, and the
        # next stillness is asked about and called for anew.
        if self._was_still and _lively(room, still_ms):
            self._emit("stirring", {})
            self._to(WATCHING)
        # CALLED -> WATCHING: the call was not about stillness, so that is looked for as before.
        elif not self._was_still:
            self._to(WATCHING)

    def _call(self, for_ms: int) -> None:
        """Tells that nobody answered, and how long it has been so."""
        self._emit(
            "stillness",
            {
                "cause": CAUSES[self.cause],
                "urgency": "urgent" if self._urgent else "check_in",
                "for_s": min(for_ms // 1000, 86400),
            },
        )

    def _look_whether_left(self, room: int, passed: int) -> None:
        if room != detector.EMPTY:
            self._emptied_ms = 0
            if room != detector.UNKNOWN:
                self._left = False
            return
        self._emptied_ms = _longer(self._emptied_ms, passed)
        if self._emptied_ms < self._empty_ms or self._left or self.state == ASKING:
            return
        self._left = True
        self._emit("left", {})
        # WATCHING, CALLED -> IDLE: a washroom has been empty for long enough. At home the watch
        # goes on: whoever asked for it may be back.
        if not self._home:
            self._end("room")

    def refuse(self) -> None:
        """The radar does not work: nobody can be looked after. Only a watch without a question
        ends; a question or a call that is on stands.
        """
        self._count(0)
        # WATCHING -> IDLE: a watch that cannot be kept.
        if self.state == WATCHING:
            self._end("refused")

    # --- button B -----------------------------------------------------------------------------

    def pressed(self, taps: int, held: bool, ticks: int, still_ms: int) -> None:
        """A press of B is over: this many taps, or held."""
        self._count(0)
        self._last = ticks if self._last < 0 else self._last
        if held and self._home and self.state in (IDLE, WATCHING):
            # IDLE -> WATCHING: the resident holds B.
            if self.state == IDLE:
                self._start("resident")
            # WATCHING -> IDLE: the resident holds B.
            else:
                self._end("resident")
        elif held or taps >= 2:
            self._called_by_hand(taps, held)
        else:
            self._ok(still_ms)

    def _called_by_hand(self, taps: int, held: bool) -> None:
        # any -> any: two presses or more, or a hold, call for help at once. A prompt ends with it:
        # ASKING -> CALLED.
        self._emit("press", {"taps": min(max(taps, 1), 255), "held": 1 if held else 0})
        if self.state == ASKING:
            self._emit("prompt", {"state": "answered", "cause": CAUSES[self.cause]})
            self._was_still = self.cause != LONG_STAY
            self._to(CALLED)

    def _ok(self, still_ms: int) -> None:
        """One press: 'I'm OK'."""
        self._withdrawn = 0
        if self.state == ASKING:
            limit = self.cause == LONG_STAY
            self._emit("prompt", {"state": "answered", "cause": CAUSES[self.cause]})
            self._emit("ok", {"during": "prompt"})
            self._excused_ms = still_ms
            self._learn_from_answer()
            self._stayed_ms = 0 if limit else self._stayed_ms
            # ASKING -> IDLE: at home, the watch has reached its limit and the resident answers.
            if limit and self._home:
                self._end("limit")
            # ASKING -> WATCHING: the person answers; the clocks start anew from the press.
            else:
                self._to(WATCHING)
        elif self.state == CALLED:
            # CALLED -> WATCHING: the person answers after the call. The call stands.
            self._emit("ok", {"during": "alert"})
            self._excused_ms = still_ms
            self._to(WATCHING)
        else:
            # WATCHING, at home: "let me sleep".
            if self._home and self.state == WATCHING:
                self._quiet_ms = self._quiet_most_ms
            self._excused_ms = still_ms
            self._emit("ok", {"during": "nothing"})

    def _learn_from_answer(self) -> None:
        """The person is well: what was asked about is theirs, within bounds."""
        if self.cause in (SLOW_BREATHING, WEAK_BREATHING):
            self._slow_excused_ms = _URGENT_ANSWERED_MS if self._urgent else _SLOW_ANSWERED_MS
        elif self._home and self.cause != LONG_STAY and self._patience_ms < _MOST_PATIENCE_MS:
            self._patience_ms = min(self._patience_ms + _PATIENCE_STEP_MS, _MOST_PATIENCE_MS)

    # --- over a reset -------------------------------------------------------------------------

    def saved(self) -> bytes:
        """What must survive a reset. Nothing in it says when the watch began."""
        self._count(0)
        minutes = min(self._watched_ms // 60000, 0xFFFF)
        return bytes(
            [_SAVED_VERSION, self.state, self.cause, 1 if self._home else 0]
        ) + minutes.to_bytes(2, "little")

    def resume(self, saved: bytes, ticks: int) -> bool:
        """Takes up a watch after a reset; True when there was one to take up.

        Bytes that are not ours, or of the other mode, are no watch. A prompt is asked anew from
        its beginning: the person may not have heard the first.
        """
        if len(saved) != SAVED_BYTES or saved[0] != _SAVED_VERSION:
            return False
        state, cause = saved[1], saved[2]
        if not WATCHING <= state <= CALLED or cause >= len(CAUSES) or saved[3] != self._home:
            return False
        self._last = ticks
        self._start("restart")
        self._watched_ms = self._stayed_ms = min(
            int.from_bytes(saved[4:6], "little") * 60000, LONGEST_MS
        )
        if state == ASKING:
            self._ask(cause, cause != LONG_STAY)
        elif state == CALLED:
            self.cause = cause
            self._was_still = cause != LONG_STAY
            # It is not kept how urgent the call was; that of slow breathing may not have been.
            self._urgent = cause != SLOW_BREATHING
            self._to(CALLED)
        return True

    # --- steps --------------------------------------------------------------------------------

    def _start(self, by: str) -> None:
        self._calm_room = -1
        self._uncounted_ms = 0
        self._watched_ms = 0
        self._stayed_ms = 0
        self._emptied_ms = 0
        self._excused_ms = 0
        self._withdrawn = self._asks = self._hour_ms = 0
        self._quiet_ms = self._slow_excused_ms = 0
        self._patience_ms = self._still_ms
        # At home nobody has been seen yet, so nobody can have left.
        self._left = by == "resident"
        self._emit("watch", {"state": "started", "by": by})
        self._to(WATCHING)

    def _end(self, by: str) -> None:
        self._emit("watch", {"state": "ended", "by": by})
        self._to(IDLE)

    def _ask(self, cause: int, urgent: bool) -> None:
        self.cause = cause
        self._urgent = urgent
        self._asked_ms = 0
        self._emit("prompt", {"state": "asked", "cause": CAUSES[cause]})
        self._to(ASKING)

    def _withdraw(self) -> None:
        self._emit("prompt", {"state": "withdrawn", "cause": CAUSES[self.cause]})
        self._to(WATCHING)

    def _to(self, state: int) -> None:
        self.state = state
        self.saved_version += 1


def _lively(room: int, still_ms: int) -> bool:
    """Somebody moves, or breathes: now, not some seconds ago."""
    return (room == detector.MOVING or room == detector.BREATHING) and still_ms < 3000


def _longer(ms: int, passed: int) -> int:
    return ms + passed if ms < LONGEST_MS - passed else LONGEST_MS
