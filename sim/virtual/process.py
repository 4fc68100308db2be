"""One life of a simulated board: a MicroPython process that runs as far as it is granted.

The other end of sim/hardware/virtual/bench.py, where the messages are described. All times here
are ms of the board's own clock.
"""

import contextlib
import functools
import json
import os
import select
import shutil
import struct
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import hardware, interpreter
from sim.devices.board import HEAP

_MARK = b"\x1e"
_CHUNK_BYTES = 1 << 16
# The processor's clock of another process, as clock_getcpuclockid(3) makes it from a pid.
_CPUCLOCK_SCHED = 2
# A process that has been given so little in so long is stopped or stuck, whatever it has used.
_STALLED_S = 120.0
# How often a turn that takes long is looked at, s.
_LOOK_S = 0.2

# When the watchdog bites where there is none.
NEVER_MS = 1 << 61
# In the board's folder; see bench.py. Not heard of by a handle: that would wake its world.
WENT_ON = "went_on.bin"
RESET, DEEP_SLEEP, POWER_CUT, BITTEN = 3, 4, 5, 6


class Hangs(Exception):
    """The program has been granted time and uses none: it turns in place."""


@dataclass
class Said:
    """What a board has said up to `now_ms`.

    reports: (ms, report) each, or (ms, text) for what the firmware printed, in order. bites_ms:
    when the watchdog bites unless it is fed. code: how the process has ended, None if it goes on.
    """

    now_ms: int
    bites_ms: int
    reports: list[tuple[int, dict[str, Any] | str]] = field(default_factory=list)
    code: int | None = None


class Process:
    """The interpreter on the firmware, over the stand-ins. `folder` is the board's."""

    def __init__(self, folder: Path, now_ms: int) -> None:
        stand_ins = Path(hardware.__path__[0])
        self._now_ms = now_ms
        self.bites_ms = NEVER_MS
        self._partial = b""
        self._printed: list[str] = []
        self._process = subprocess.Popen(
            [
                *_ends_with_us(),
                *(interpreter.micropython(), "-X", f"heapsize={HEAP}"),
                *(str(stand_ins / "virtual" / "begin.py"), str(folder)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=interpreter.environment(stand_ins),
            bufsize=0,
            # Ctrl-C at the host's terminal is the host's: a chip has no keyboard.
            start_new_session=True,
        )

    def grant(
        self,
        until_ms: int,
        orders: Iterable[tuple[int, Mapping[str, Any]]],
        lots: Iterable[tuple[int, bytes]] = (),
        baud: int = 0,
        on_to: tuple[int, int] | None = None,
    ) -> None:
        """It may run until then. lots: all the radar's bytes that come on the way, (ms, bytes).

        on_to: (ms, step): as long as it shows nothing, it may go on to there, in such steps.
        """
        todo = [_packed(ms, order) for ms, order in orders]
        coming = list(lots)
        datas = [data for _, data in coming]
        heads = [0] * (2 * len(coming))
        heads[::2] = [max(0, ms - self._now_ms) for ms, _ in coming]
        heads[1::2] = map(len, datas)
        head, data = struct.pack(f"<{len(heads)}I", *heads), b"".join(datas)
        on_to_ms, step_ms = on_to or (until_ms, 0)
        message = struct.pack(
            "<qqIIIII", until_ms, on_to_ms, step_ms, len(head), len(data), len(todo), baud
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        # Where it has ended meanwhile, gather() finds out how.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(b"".join((message, head, data, *todo)))

    def gather(self, limit_s: float) -> Said:
        """Waits until it hands over or ends.

        Raises Hangs where it has used so much of the processor for it: on a machine with much
        else to do, one that gets no processor is no program that turns in place.
        """
        said = Said(self._now_ms, self.bites_ms)
        # Asked for only where it takes long: each is a call of the system, for every grant.
        began: float | None = None
        used_s = 0.0
        while True:
            *lines, self._partial = self._partial.split(b"\n")
            for line in lines:
                if self._take(line, said):
                    self._now_ms, self.bites_ms = said.now_ms, said.bites_ms
                    return said
            assert self._process.stdout is not None  # noqa: S101 - asked for above
            out = self._process.stdout.fileno()
            while not select.select([out], [], [], min(_LOOK_S, limit_s))[0]:
                if began is None:
                    began, used_s = time.monotonic(), self._used_s()
                waited_s = time.monotonic() - began
                if self._used_s() - used_s > limit_s or waited_s > max(_STALLED_S, limit_s):
                    raise Hangs
            some = os.read(out, _CHUNK_BYTES)
            if not some:
                self._stamp(said.now_ms, said)
                said.code = self._process.wait()
                return said
            self._partial += some

    def _used_s(self) -> float:
        """What it has used of the processor, s; where a system does not tell: of real time."""
        try:
            return time.clock_gettime((~self._process.pid << 3) | _CPUCLOCK_SCHED)
        except OSError:
            return time.monotonic()

    def kill(self) -> None:
        """The power goes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _take(self, line: bytes, said: Said) -> bool:
        """Takes in one line; whether the board has handed over with it."""
        if not line.startswith(_MARK):
            self._printed.append(line.decode(errors="replace").rstrip("\r"))
            return False
        if line[1:2] in b".!#":
            now, bites, *code = map(int, line[2:].split())
            said.now_ms, said.bites_ms = now, bites
            self._stamp(said.now_ms, said)
            if code:
                [said.code] = code
                self.kill()
                return True
            # After "!" the process ends, and its code is still to come.
            return line[1:2] == b"."
        ms, _, report = line[1:].partition(b" ")
        self._stamp(int(ms), said)
        told = json.loads(report)
        if "bites" in told:
            self.bites_ms = said.bites_ms = told["bites"]
        else:
            said.reports.append((int(ms), told))
        return False

    def _stamp(self, ms: int, said: Said) -> None:
        # Whoever prints hands over in the same millisecond; so what came before this mark is of it.
        said.reports += [(ms, text) for text in self._printed]
        self._printed.clear()


def _packed(ms: int, order: Mapping[str, Any]) -> bytes:
    data: bytes = order.get("data", b"")
    text = json.dumps([ms, {key: order[key] for key in order if key != "data"}]).encode()
    return struct.pack("<II", len(text), len(data)) + text + data


@functools.cache
def _ends_with_us() -> tuple[str, ...]:
    """Before a command: what ends it when the thread that starts it ends, however that is killed.

    A board notices by itself that its world is gone, unless its program turns in place. () where
    the system has no such thing: there is no other that does not slow every start down.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    command = (setpriv, "--pdeathsig", "KILL")
    # BusyBox's knows no such option.
    known = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if known else ()
