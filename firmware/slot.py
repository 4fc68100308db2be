"""Which application runs: the one in the folder `a` or the one in `b`, the two *slots*.

Part of what comes by cable and is never replaced over the air (with boot.py and main.py): whatever
an update brings, this decides whether it is tried, and takes it back where it does not start.

    in force   runs at every start
    on trial   runs instead, for STARTS starts at most; each is counted on flash before it begins,
               and the watchdog runs from then on. The application itself ends its trial: it puts
               itself in force once it works, or gives up. One that can do neither (it falls, it
               hangs, somebody pulls the plug again and again) has used up its starts.

The state is the file `slots`: a CRC32, then the bytes below; replaced in one step, so that a power
cut leaves the old state or the new. Where it cannot be read, a slot that is whole is in force: the
file `whole` in it is its mark, removed before any file of the slot is touched and written last.

manifest.CONTRACT counts what an application may expect of this file. Raises nothing.
"""

import binascii
import os
import sys

SLOTS = ("a", "b")
# Not one: the first start of a good application may meet a plug that somebody pulls.
STARTS = 3
# What became of the last trial.
NONE, CONFIRMED, NOT_STARTED, NOT_HEARD, NOT_WORKING = range(5)
_FILE = "slots"
_VERSION = 1
_BODY_BYTES = 13
DIGEST_BYTES = 8
# Loading the application takes 2 to 5 s, and it feeds the watchdog itself from then on.
_WATCHDOG_MS = 30000

# Of this start: the slot ("" where there are none: somebody runs it from elsewhere), whether it is
# on trial.
running = ""
on_trial = False


class State:
    """in_force, trying: "a", "b"; trying may be "". left: starts that the trial still has.

    outcome: of the last trial; digest: the first bytes of its manifest's SHA-256."""

    def __init__(self) -> None:
        self.in_force = "a"
        self.trying = ""
        self.left = 0
        self.outcome = NONE
        self.digest = bytes(DIGEST_BYTES)

    @property
    def spare(self) -> str:
        """The slot that the next update goes to."""
        return "b" if self.in_force == "a" else "a"


def read() -> State:
    """The state on flash."""
    state = State()
    try:
        with open(_FILE, "rb") as file:
            stored = file.read(64)
    except OSError:
        stored = b""
    body = stored[4:]
    if (
        len(body) != _BODY_BYTES
        or _crc(body) != stored[:4]
        or body[0] != _VERSION
        or body[1] > 1
        or body[2] > 2
    ):
        for name in SLOTS:
            if is_whole(name):
                state.in_force = name
                break
        return state
    state.in_force = SLOTS[body[1]]
    state.trying = SLOTS[body[2]] if body[2] < 2 else ""
    state.left = body[3]
    state.outcome = body[4]
    state.digest = body[5:]
    return state


def write(state: State) -> bool:
    """Keeps the state; False where the flash would not."""
    trying = SLOTS.index(state.trying) if state.trying else 2
    body = bytes([_VERSION, SLOTS.index(state.in_force), trying, state.left, state.outcome])
    body += state.digest
    try:
        with open(_FILE + ".new", "wb") as file:
            file.write(_crc(body) + body)
        os.rename(_FILE + ".new", _FILE)
    except OSError:
        return False
    return True


def is_whole(name: str) -> bool:
    """Whether the slot of this name holds a whole application."""
    try:
        os.stat(name + "/whole")
    except OSError:
        return False
    return True


def choose() -> None:
    """At a start: from now on modules are looked for in the slot that is to run."""
    global running, on_trial
    state = read()
    name = state.in_force
    if state.trying:
        if state.left and is_whole(state.trying):
            state.left -= 1
            # A trial that is not counted might never end.
            if write(state):
                name, on_trial = state.trying, True
        else:
            state.trying = ""
            state.outcome = NOT_STARTED
            write(state)
    try:
        os.stat(name)
    except OSError:
        return
    running = name
    folder = os.getcwd()
    sys.path.insert(0, folder + name if folder.endswith("/") else folder + "/" + name)
    if on_trial:
        import machine

        machine.WDT(timeout=_WATCHDOG_MS)


def _crc(content: bytes) -> bytes:
    return (binascii.crc32(content) & 0xFFFFFFFF).to_bytes(4, "little")
