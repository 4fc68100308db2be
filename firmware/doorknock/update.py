"""Updates over the air: fetched piece by piece into the spare slot, verified, tried, kept or not.

Nothing is done while somebody is looked after, asked or waited for: each step asks `room.may()`
anew, and what was begun goes on later, after a start too. Nothing runs that is not signed: the
manifest is verified with the programme's key, each file is read back from flash and compared with
the manifest, and the slot is marked as whole only then.

    IDLE      nothing is ordered, or it is over; after the next start this file is not even loaded
              (update_at_rest.py)
    FETCHING  ordered; the manifest, then file by file what the spare slot and the running one lack
    TRYING    the spare slot is on trial (slot.py), or was

What is kept over a start is which order and manifest this is about, and how far it had come; the
rest lies in the slots themselves. The order of the writes is what makes a power cut harmless:
TRYING is kept before the trial begins, so it alone does not say that there was one; what became of
a trial is in slot.py's file, with the digest of its manifest.
"""

import hashlib

import slot

from doorknock import clock, manifest, slot_files, trial
from doorknock.update_at_rest import (
    FETCHING,
    IDLE,
    TRYING,
    comes_to,
    digest_of,
    packed,
    say,
    unpacked,
)
from doorknock.wire import MANIFEST_FILE, PIECE_BYTES, PIECES_AT_ONCE

# The radar did not work before the update either: it is no proof against it.
_WAS_FAULTY = 1
_MANIFEST = "update.manifest"

# A piece takes two ways through the Wi-Fi and the gateway: well under a second.
_ASK_AGAIN_MS = (3000, 6000, 15000, 60000)
# So that "trying" is on its way before the restart; it is on flash in any case.
_RESTART_AFTER_MS = 1500
# On a battery: awake for it at one heartbeat, and so long without a piece. A whole update takes
# 20 to 60 s; at 80 mA two minutes are 3 mAh.
_BUDGET_MS = 120000
_PATIENCE_MS = 20000
# Awake for so long after it is over, so that the word of it gets out.
_WORD_MS = 3000
# Written and found otherwise on flash: a worn block may do so once, a worn flash always.
_MOST_FAULTS = 3
# How much it fetches between two words on how far it is. Each word is an event, and so on flash.
_TELL_EVERY_BYTES = 32768
# Left free for the journal: more than its whole ring.
_RESERVE_BYTES = 98304

_OUTCOMES = {
    slot.NOT_STARTED: "did not start",
    slot.NOT_HEARD: "no answer from the gateway",
    slot.NOT_WORKING: "the radar is silent",
}


class Update:
    """Obeys `update` orders. kept: a Keep. key: the programme's public key; b"" for none.

    running: the version that runs. arch: one of wire.ARCHES. `room` is the device around it:
    emit(kind, details), want(details) -> bool (whether it could be sent), may() (nobody is
    disturbed, and the battery bears it), faulty() (the radar does not work), alarm_waits(),
    restart(), new_key(key) -> bool (keeps it), log(text).
    """

    def __init__(self, kept, key: bytes, running: str, arch: str, room, ticks: int) -> None:
        self._kept = kept
        self._key = key
        self._running = running
        self._arch = arch
        self._room = room
        self._began = ticks
        found = unpacked(kept.read())
        self._phase, self._flags, self._number, self._size, self._digest = found
        self._manifest = None
        self._index = MANIFEST_FILE  # the file in hand
        self._file = None  # that file, being written
        self._at = 0
        self._due = 0  # pieces that were asked for and have not come
        self._asked = None  # the tick of it
        self._asked_times = 0
        self._faults = 0
        self._fetched = 0
        self._told = 0
        self._whole = False
        self._came = ticks  # when the last piece did
        self._ended = None  # the tick at which it was over
        self._restart_at = None
        self._trial = trial.Trial(key, self._flags & _WAS_FAULTY != 0, room, ticks)

    # --- over a start ----------------------------------------------------------------------

    def begin(self) -> None:
        """Says what became of a trial over this start."""
        if self._phase != TRYING or slot.on_trial:
            return
        state = slot.read()
        if state.digest != self._digest[: slot.DIGEST_BYTES] or state.outcome == slot.NONE:
            # The power went before the trial had begun.
            self._phase = FETCHING
        elif state.outcome == slot.CONFIRMED:
            self._end("confirmed")
        else:
            self._end("rolled_back", _OUTCOMES.get(state.outcome, ""))

    def _save(self, phase: int) -> bool:
        self._phase = phase
        return self._kept.write(packed(phase, self._flags, self._number, self._size, self._digest))

    # --- orders ----------------------------------------------------------------------------

    def ordered(self, number: int, details: dict, again: bool) -> None:
        """An `update` order, not older than any before. again: the same as the last one."""
        if again and number == self._number:
            # Where it is over, the word of that is in the journal.
            if self._phase != IDLE:
                self._tell("accepted")
            return
        digest = digest_of(details)
        over = comes_to(digest, self._key)
        earlier, self._number = self._number, number
        if self._phase == TRYING or self._restart_at is not None:
            # It is too late to stop, and what becomes of it answers the order that began it.
            self._number = earlier
            self._say(number, "failed", "an update is on trial")
        elif over:
            self._end(*over)
        else:
            if digest != self._digest:
                self._give_up()
            self._digest, self._size = digest, int(details.get("size", 0))
            if self._save(FETCHING):
                self._tell("accepted")
            else:
                self._end("failed", "flash")

    def _give_up(self) -> None:
        """What is in hand is let go of; what lies in the spare slot is overwritten some time."""
        self._close()
        self._manifest = None
        self._index = MANIFEST_FILE
        self._due = self._faults = self._fetched = self._told = 0
        self._asked = None
        self._whole = False

    def _end(self, state: str, why: str = "") -> None:
        self._give_up()
        self._tell(state, why)
        self._save(IDLE)

    def _tell(self, state: str, why: str = "") -> None:
        self._say(self._number, state, why)

    def _say(self, number: int, state: str, why: str) -> None:
        version = ""
        if state == "confirmed":
            version = self._running
        elif self._manifest is not None:
            version = self._manifest.version
        say(self._room, number, state, why, self._fetched, version)

    # --- time ------------------------------------------------------------------------------

    @property
    def trying(self) -> bool:
        """Whether an application is on trial, or about to be."""
        return slot.on_trial or self._restart_at is not None

    @property
    def under_way(self) -> bool:
        """Whether there is something to do by the clock."""
        return self.trying or self._phase == FETCHING

    def awake(self, now: int) -> bool:
        """Whether a device on a battery has to stay awake for it."""
        if self.trying:
            return True
        if self._ended is not None and clock.since(now, self._ended) < _WORD_MS:
            return True
        return (
            self._phase == FETCHING
            and self._room.may()
            and clock.since(now, self._began) < _BUDGET_MS
            and clock.since(now, self._came) < _PATIENCE_MS
        )

    def tick(self, now: int) -> None:
        """What happens by the clock. A few times a second."""
        if slot.on_trial:
            if self._trial.tick(now):
                self._end("confirmed")
                self._ended = now
        elif self._restart_at is not None:
            if clock.since(now, self._restart_at) >= 0:
                self._switch()
        elif self._phase == FETCHING and self._room.may():
            try:
                self._go_on(now)
            except OSError:
                self._fault("flash")

    def _go_on(self, now: int) -> None:
        if self._asked is not None:
            wait_ms = _ASK_AGAIN_MS[min(self._asked_times, len(_ASK_AGAIN_MS)) - 1]
            if clock.since(now, self._asked) >= wait_ms:
                self._ask(now)
        elif self._manifest is None:
            self._take_manifest(now)
        elif self._index <= self._manifest.count:
            self._next_file(now)
        elif not self._whole:
            slot_files.mark_whole(slot.read().spare, _MANIFEST)
            self._whole = True
            self._asked_times = 0
            self._tell("verified")
        else:
            self._ask(now)

    # --- the manifest ----------------------------------------------------------------------

    def _take_manifest(self, now: int) -> None:
        found = slot_files.content(_MANIFEST, self._size)
        if hashlib.sha256(found).digest() != self._digest:
            self._fetch(_MANIFEST, now)
            return
        try:
            self._manifest = manifest.read(found, self._key)
        except manifest.BadManifest as bad:
            self._end("refused", str(bad))
            return
        why = self._unfit(self._manifest)
        if why:
            self._end("refused", why)
            return
        state = slot.read()
        # Written down before the spare slot is whole too, and might be taken for the one in force.
        if not slot.write(state):
            self._manifest = None
            self._fault("flash")
            return
        self._tell("fetching")
        slot_files.clear(state.spare, self._manifest)
        self._index = MANIFEST_FILE + 1
        self._faults = 0

    def _unfit(self, found) -> str:
        if found.arch not in ("none", self._arch):
            return "for another chip"
        if found.contract != manifest.CONTRACT:
            return "needs a cable"
        if not manifest.may_follow(found, self._running):
            return "not newer"
        if slot_files.lacking_bytes(slot.read().spare, found) + _RESERVE_BYTES > slot_files.free():
            return "no room"
        return ""

    # --- files -----------------------------------------------------------------------------

    def _next_file(self, now: int) -> None:
        wanted = self._manifest.file(self._index - 1)
        state = slot.read()
        path = state.spare + "/" + wanted.path
        if slot_files.digest(path) == wanted.digest:
            self._index += 1
            self._faults = 0
        elif self._faults == 0 and slot_files.digest(slot.running + "/" + wanted.path) == (
            wanted.digest
        ):
            # Looked at again in the next step: what is on flash counts, not what was written.
            slot_files.copy(slot.running + "/" + wanted.path, path)
            self._faults = 1
        elif self._faults > _MOST_FAULTS:
            self._end("failed", "flash does not keep it")
        else:
            self._fetch(path, now)

    def _fetch(self, path: str, now: int) -> None:
        if self._faults > _MOST_FAULTS:
            self._end("failed", "what came is not what was signed")
            return
        self._close()
        slot_files.make_folder(path)
        self._file = open(path, "wb")  # noqa: SIM115 - until its last piece has come
        self._at = 0
        self._asked_times = 0
        if self._expected() == 0:
            self._close()
            self._faults += 1
        else:
            self._ask(now)

    def _expected(self) -> int:
        if self._index == MANIFEST_FILE:
            return self._size
        return self._manifest.file(self._index - 1).size

    def _ask(self, now: int) -> None:
        """For the next pieces of the file in hand; without one, for leave."""
        self._asked = now
        self._asked_times += 1
        details = {"number": self._number, "what": "leave", "file": MANIFEST_FILE, "at": 0}
        if not self._whole:
            left = self._expected() - self._at
            self._due = min((left + PIECE_BYTES - 1) // PIECE_BYTES, PIECES_AT_ONCE)
            details = {
                "number": self._number,
                "what": "piece",
                "file": self._index,
                "at": self._at,
                "pieces": self._due,
            }
        if not self._room.want(details):
            self._asked_times = 1

    def piece(self, command, now: int) -> None:
        """A `piece`, verified. One that is not the next is passed over: it is asked for again."""
        details = command.details
        if (
            self._phase != FETCHING
            or details.get("number") != self._number
            or slot.on_trial
            or self._asked is None
            or not self._room.may()
        ):
            return
        if self._whole:
            if not command.data:
                self._begin_trial(now)
            return
        if (
            self._file is None
            or details.get("file") != self._index
            or details.get("at") != self._at
            or not command.data
            or self._at + len(command.data) > self._expected()
        ):
            return
        try:
            self._file.write(command.data)
            self._at += len(command.data)
            self._fetched += len(command.data)
            self._due -= 1
            self._came = now
            self._asked, self._asked_times = now, 1
            if self._at == self._expected():
                self._close()
                self._asked = None
                self._faults += 1  # no fault yet; it is, if flash holds something else
                self._say_how_far()
            elif self._due <= 0 and self._room.may():
                self._asked_times = 0
                self._ask(now)
        except OSError:
            self._fault("flash")

    def _say_how_far(self) -> None:
        if self._fetched - self._told >= _TELL_EVERY_BYTES:
            self._told = self._fetched
            self._tell("fetching")

    def _fault(self, why: str) -> None:
        self._close()
        self._asked = None
        self._faults += 1
        if self._faults > _MOST_FAULTS:
            self._end("failed", why)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                pass  # what is on flash is looked at before it counts

    # --- the trial -------------------------------------------------------------------------

    def _begin_trial(self, now: int) -> None:
        self._flags = _WAS_FAULTY if self._room.faulty() else 0
        if not self._save(TRYING):
            self._end("failed", "flash")
            return
        self._tell("trying")
        self._restart_at = (now + _RESTART_AFTER_MS) & clock.MASK

    def _switch(self) -> None:
        self._restart_at = None
        if not self._room.may():
            # Somebody came in the last second: later.
            self._save(FETCHING)
            self._asked = None
            return
        state = slot.read()
        state.trying, state.left = state.spare, slot.STARTS
        state.outcome = slot.NONE
        state.digest = self._digest[: slot.DIGEST_BYTES]
        if slot.write(state):
            self._room.restart()
        else:
            self._end("failed", "flash")

    def answered(self) -> None:
        """The gateway has answered, signed, for an event of this start."""
        self._trial.heard = True
