"""Orders from afar: settings, "which one are you?", restart, test, the last lines, Bluetooth.

What nobody can do from afar is to widen what is watched: a home made a washroom, or a longer
limit. Such an order is held until somebody in the room presses once; the light asks for it.

What was ordered is in force after a restart, and the restart waits for a moment at which nobody is
looked after, asked or waited for. So a watch always ends under the settings it began with, and a
power cut in the middle of it takes it up under the same.
"""

from doorknock import clock, orders
from doorknock.wire import ACTS, SETTING_FIELDS

# Somebody in the room has so long to agree.
AGREE_MS = 120000
IDENTIFY_MS = 30000
TEST_PRESS_MS = 60000
# As long as the call's own light believes in a way: see call.py.
TEST_ANSWERED_MS = 20000
# How long the light says what became of a test.
TESTED_MS = 10000
# So that the answer is on its way before the restart; it is on flash in any case.
_RESTART_AFTER_MS = 1500
# Flash that does not take the settings in force is asked again.
_AGAIN_MS = 60000
# An old order again and again is no reason to fill the journal.
_OLD_EVERY_MS = 60000
_LOG_BYTES = 240
_LOG_PARTS = 8

# Longer ones widen what is watched.
_LIMITS = ("long_stay_s", "watch_limit_s")


def widens(before: dict, after: dict) -> bool:
    """Whether settings watch more than before: only somebody in the room can agree to that."""
    if before["mode"] == "home" and after["mode"] == "washroom":
        return True
    return any(after[name] > before[name] for name in _LIMITS)


class Afar:
    """Obeys orders.

    kept: a Keep. in_force: what may be set, name to value; {} in a button. base: a digest of what
    the device was given by cable (Config.base). `room` is the device around it: emit(kind,
    details), busy() (a question, or a call that is open), calm() (not busy, and nobody looked
    after), restart(), lines, log(text), and of a change of its Wi-Fi by Bluetooth: may_change_wifi,
    trying() (an application), change_wifi() (agreed to).

    showing: the light that this room would like, "" for none. It gives way to every other.
    """

    def __init__(self, kept, in_force: dict, base: int, room) -> None:
        self._kept = kept
        self._room = room
        self._orders = orders.Orders()
        self._orders.resume(kept.read(), base)
        self.in_force = dict(in_force)
        self.in_force.update(self._orders.now)
        self._updating = None
        self.showing = ""
        self._until = None  # the tick at which `showing` ends
        self._held = None  # the settings that wait for a press
        self._held_since = 0
        self._test_press = 0  # the number of the order that waits for a test press
        self._wifi_asked = False
        self._test = None  # (boot, seq, the tick it was made at, whether by a press)
        self._restart_at = None
        self._failed_at = None
        self._old_told = None

    def follow(self, updating) -> None:
        """`update` orders go to `updating`: ordered(number, details, again)."""
        self._updating = updating

    def begin(self) -> None:
        """Says what became of an order over this start."""
        kept = self._orders
        if kept.set_outcome == "waiting_for_press":
            # Whoever might have pressed has waited for nothing; asking anew would be no answer.
            self._finish("no_press")
        elif kept.set_outcome == "accepted" and kept.coming is None:
            # The device was set up anew at its cable, and what was ordered before is void.
            self._finish("replaced")
        elif not kept.set_told:
            self._tell_settings()

    # --- orders ----------------------------------------------------------------------------

    def take(self, command, now: int) -> None:
        """A `set`, `act` or `update` order, verified."""
        kept = self._orders
        number = command.stamp
        if command.kind == "update":
            self._take_update(command, now)
        elif number > kept.newest:
            self._room.log("order %s" % command.kind)
            if command.kind == "set":
                self._set(command, now)
            else:
                self._act(command, now)
        elif command.kind == "set" and number == kept.set_number:
            self._tell_settings()
        elif command.kind == "act" and number == kept.act_number:
            self._tell_done()
        else:
            self._tell_old(command, now)

    def _take_update(self, command, now: int) -> None:
        kept = self._orders
        number = command.stamp
        again = number == kept.update_number
        if number <= kept.newest and not again:
            self._tell_old(command, now)
        elif self._updating is None:
            self._room.emit("updating", {"number": number, "state": "failed", "why": "no update"})
        else:
            kept.newest = max(kept.newest, number)
            kept.update_number = number
            if self._save():
                self._updating.ordered(number, command.details, again)
            else:
                self._room.emit("updating", {"number": number, "state": "failed", "why": "flash"})

    def _tell_old(self, command, now: int) -> None:
        # After six days a span of ticks looks negative.
        if self._old_told is not None and 0 <= clock.since(now, self._old_told) < _OLD_EVERY_MS:
            return
        self._old_told = now
        kind, word = {
            "set": ("settings", "outcome"),
            "act": ("done", "outcome"),
            "update": ("updating", "state"),
        }[command.kind]
        self._room.emit(kind, {"number": command.stamp, word: "old", "newest": self._orders.newest})

    # --- settings --------------------------------------------------------------------------

    def _set(self, command, now: int) -> None:
        kept = self._orders
        number = command.stamp
        wrong = self._wrong(command)
        if not command.details and not wrong:
            # A question. What waits goes on waiting.
            kept.newest = number
            self._save()
            self._room.emit("settings", self._answer(number, "in_force"))
            return
        self._replace()
        kept.newest = kept.set_number = number
        kept.coming = None
        if wrong:
            self._finish("refused", wrong)
            return
        after = dict(self.in_force)
        after.update(command.details)
        if after == self.in_force:
            self._finish("applied")
        elif widens(self.in_force, after):
            self._wifi_asked = False
            self._held, self._held_since = after, now
            self._finish("waiting_for_press")
            self._show("agree", now, AGREE_MS)
        else:
            self._accept(after)

    def _wrong(self, command) -> str:
        """The name of what this device cannot be set to; "" where all is well."""
        if command.spoilt:
            return command.spoilt[0]
        if command.unknown:
            return "tag %d" % command.unknown[0]
        for name in command.details:
            if name not in self.in_force:
                return name
        return ""

    def _replace(self) -> None:
        """A newer order takes the place of one that is not in force yet."""
        if self._held is not None or self._orders.coming is not None:
            self._held = None
            self._hide("agree")
            number = self._orders.set_number
            self._room.emit("settings", self._answer(number, "replaced"))

    def _accept(self, after: dict) -> None:
        self._orders.coming = after
        self._finish("accepted")

    def _finish(self, outcome: str, wrong: str = "") -> None:
        """Written down before it is told: what is told twice does no harm, what is told and not
        so, does."""
        kept = self._orders
        kept.set_outcome = outcome
        kept.set_told = False
        if not self._save():
            kept.coming = None
            self._held = None
            self._hide("agree")
            kept.set_outcome = "failed"
        self._tell_settings(wrong)

    def _tell_settings(self, wrong: str = "") -> None:
        kept = self._orders
        answer = self._answer(kept.set_number, kept.set_outcome)
        if wrong:
            answer["wrong"] = wrong
        self._room.emit("settings", answer)
        if not kept.set_told:
            kept.set_told = True
            self._save()

    def _answer(self, number: int, outcome: str) -> dict:
        answer = {"number": number, "outcome": outcome}
        answer.update(self.in_force)
        return answer

    # --- what is asked of it now -------------------------------------------------------------

    def _act(self, command, now: int) -> None:
        kept = self._orders
        what = command.details.get("what")
        kept.newest = kept.act_number = command.stamp
        kept.act_what = ACTS.index(what) if what in ACTS else 0
        outcome = "unknown"
        if what == "wifi" and not self._room.may_change_wifi:
            self._room.log("wifi: bluetooth is off in its settings")
            outcome = "failed"
        elif what in ("restart", "test_press", "wifi"):
            # Whoever is looked after answers by that same single press. One light asks for one
            # thing at a time.
            # And an application on trial has to reach the gateway, by the Wi-Fi that it knows.
            not_now = what == "wifi" and (self._held is not None or self._room.trying())
            not_now = not_now or (what == "test_press" and self._agreement_waits)
            outcome = "done" if self._room.calm() and not not_now else "busy"
        elif what in ACTS:
            # No other light over the one that asks: what a press agrees to is what it says.
            not_now = what != "log" and (self._room.busy() or self._agreement_waits)
            outcome = "busy" if not_now else "done"
        kept.act_outcome = _OUTCOMES.index(outcome)
        if not self._save():
            # What is not written down would be done again after every start, were it replayed.
            kept.act_outcome = _OUTCOMES.index("failed")
        elif outcome == "done":
            self._do(what, command.stamp, now)
        self._tell_done()

    def _do(self, what: str, number: int, now: int) -> None:
        if what == "identify":
            self._show("identify", now, IDENTIFY_MS)
        elif what == "restart":
            self._restart_at = (now + _RESTART_AFTER_MS) & clock.MASK
        elif what == "test":
            self._begin_test(number, False, now)
        elif what == "test_press":
            self._test_press = number
            self._show("test_press", now, TEST_PRESS_MS)
        elif what == "wifi":
            self._wifi_asked = True
            self._show("agree", now, AGREE_MS)
        elif what == "log":
            parts = self._room.lines.parts(_LOG_BYTES, _LOG_PARTS)
            for i in range(len(parts)):
                told = {"number": number, "part": i + 1, "parts": len(parts), "text": parts[i]}
                self._room.emit("log", told)

    def _tell_done(self) -> None:
        kept = self._orders
        self._room.emit(
            "done",
            {
                "number": kept.act_number,
                "outcome": _OUTCOMES[kept.act_outcome],
                "what": ACTS[kept.act_what],
            },
        )

    # --- a test ----------------------------------------------------------------------------

    def _begin_test(self, number: int, pressed: bool, now: int) -> None:
        boot, seq = self._room.emit("test", {"number": number, "pressed": 1 if pressed else 0})
        self._test = (boot, seq, now, pressed)
        # Who presses looks at the light. From afar it says nothing before it has come back.
        self._show("sending" if pressed else "", now, TEST_ANSWERED_MS)

    def tested(self, boot: int, seq: int, now: int) -> None:
        """The backend has the `test` event of this name."""
        if self._test is not None and self._test[0] == boot and self._test[1] == seq:
            self._show("delivered", now, TESTED_MS)
            self._test = None

    # --- presses and time ------------------------------------------------------------------

    def pressed(self, taps: int, held: bool, now: int) -> bool:
        """A press; whether it was meant for this room: one tap, where it asked for one, and no
        question or call is open. Two taps or a hold are always a call."""
        if taps != 1 or held or not self.asks:
            return False
        if self.showing == "agree" and self._held is not None:
            after, self._held = self._held, None
            self._hide("agree")
            self._accept(after)
            return True
        if self.showing == "agree":
            self._wifi_asked = False
            self._hide("agree")
            self._room.change_wifi()
            return True
        number, self._test_press = self._test_press, 0
        self._begin_test(number, True, now)
        return True

    @property
    def asks(self) -> bool:
        """Whether one tap now would be an answer to this room, and no call."""
        waits = (self.showing == "agree" and self._agreement_waits) or (
            self._test_press and self.showing == "test_press"
        )
        return bool(waits) and not self._room.busy()

    @property
    def _agreement_waits(self) -> bool:
        """Whether somebody in the room has been asked to agree to something."""
        return self._held is not None or (self._wifi_asked and self.showing == "agree")

    @property
    def awake(self) -> bool:
        """Whether a device on a battery has to stay awake for it."""
        return (
            self._until is not None
            or self._held is not None
            or self._test is not None
            or self._restart_at is not None
            or self._orders.coming is not None
        )

    def tick(self, now: int) -> None:
        """What happens by the clock alone. A few times a second."""
        if self._held is not None and clock.since(now, self._held_since) >= AGREE_MS:
            self._held = None
            self._finish("no_press")
        if self._test is not None and clock.since(now, self._test[2]) >= TEST_ANSWERED_MS:
            if self._test[3]:
                self._show("cannot_send", now, TESTED_MS)
            self._test = None
        if self._until is not None and clock.since(now, self._until) >= 0:
            self._until = None
            self.showing = ""
            self._test_press = 0
            self._wifi_asked = False
            if self._held is not None:
                # What became of a test was shown over it.
                self._show("agree", self._held_since, AGREE_MS)
        if self._restart_at is not None:
            if clock.since(now, self._restart_at) >= 0 and self._room.calm():
                self._restart_at = None
                self._room.restart()
        elif self._orders.coming is not None and self._room.calm() and self._flash_may(now):
            self._put_in_force(now)

    def _flash_may(self, now: int) -> bool:
        return self._failed_at is None or clock.since(now, self._failed_at) >= _AGAIN_MS

    def _put_in_force(self, now: int) -> None:
        kept = self._orders
        before = kept.now
        kept.now, kept.coming = kept.coming, None
        kept.set_outcome, kept.set_told = "applied", False
        if self._save():
            self._restart_at = (now + _RESTART_AFTER_MS) & clock.MASK
        else:
            kept.now, kept.coming = before, kept.now
            kept.set_outcome, kept.set_told = "accepted", True
            self._failed_at = now

    def _show(self, light: str, now: int, for_ms: int) -> None:
        self.showing = light
        self._until = (now + for_ms) & clock.MASK if light else None

    def _hide(self, light: str) -> None:
        if self.showing == light:
            self.showing = ""
            self._until = None

    def _save(self) -> bool:
        return self._kept.write(self._orders.saved())


_OUTCOMES = ("done", "busy", "old", "failed", "unknown")


def settable(config) -> dict:
    """What may be set from afar in this device, name to value; {} in a button."""
    if config["type"] != "sensor":
        return {}
    return {field[0]: config[field[0]] for field in SETTING_FIELDS}
