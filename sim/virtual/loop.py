"""An asyncio event loop in virtual time: nobody waits, and the same run gives the same result.

When nothing is ready, the clock moves to the next thing that is due. Before it does, every party
to this time (a simulated board, which runs in a process of its own) is granted the time up to
there; what a party does on the way is scheduled for its own moment, and comes first.

Nothing hangs: a run ends with a plain error when everything waits for something that cannot come,
and when it takes longer than its limit of real time.
"""

import asyncio
import math
import selectors
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

# How far several parties may run ahead of what another one does: in the world, a person's reaction
# and a round trip over Wi-Fi are of that size.
QUANTUM_MS = 250
# One party alone stops by itself when the world may react. So this only bounds how much is made in
# advance for it, such as a radar's frames, which then know nothing of what happens meanwhile.
ALONE_MS = 2000
# As long as nothing that it does is seen, nobody reacts to anything: then it goes on by itself, in
# steps of that size. This bounds only how much memory its radar's bytes take.
QUIET_MS = 20_000
# Timers lie on the grid of milliseconds; this much above is floating point, not time.
_GRAIN_S = 1e-5


class VirtualTimeError(Exception):
    """The run cannot go on. `str()` is one sentence, or a sentence and a device's traceback."""


class NothingToWaitFor(VirtualTimeError):
    """Something waits, and nothing is scheduled that could end the waiting."""


class TookTooLong(VirtualTimeError):
    """The run has used up its real time."""


class Party(Protocol):
    """Something that lives in this time outside the loop. All times in ms of the loop."""

    @property
    def time_ms(self) -> int:
        """How far it has come; never behind the loop's clock while it is enlisted."""

    def grant(self, until_ms: int, on_to_ms: int) -> None:
        """It may run until then, and begins to. Does not wait for it.

        As long as the world has seen nothing of it, it may go on by itself from there, in steps of
        the loop's `alone_ms`, up to on_to_ms (until_ms, where it may not).
        """

    def gather(self) -> None:
        """Waits until it has stopped: at what was granted, or where the world may react.

        Schedules what it did (`loop.at`), each at its own moment, none after the new `time_ms`.
        """


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. `time()` is `now_ms` / 1000; `now_ms` begins at `start_ms`.

    `run_in_executor` (and `asyncio.to_thread`) does the work inline, at once. real_limit_s: how
    long one run may take in all; None: no limit. Attributes that may be set at any time:
    quantum_ms and alone_ms (see QUANTUM_MS, ALONE_MS); pace, called with the ms to which the clock
    is about to move: it may block, so that somebody can watch, and then quantum_ms holds for one
    party, too.
    """

    def __init__(
        self,
        start_ms: int = 0,
        *,
        quantum_ms: int = QUANTUM_MS,
        real_limit_s: float | None = 600.0,
    ) -> None:
        self._now_ms = start_ms
        self._parties: list[Party] = []
        # What is due at a ms: timers of asyncio keep no order among those that are due together.
        self._due: dict[int, list[tuple[Callable[..., object], tuple[Any, ...]]]] = {}
        self._failure: Exception | None = None
        self._real_limit_s = real_limit_s
        self._real_end = math.inf if real_limit_s is None else time.monotonic() + real_limit_s
        self._own_thread = threading.get_ident()
        self.quantum_ms = quantum_ms
        self.alone_ms = ALONE_MS
        self.pace: Callable[[int], None] | None = None
        super().__init__(_Passing(self._pass))
        self._clock_resolution = _GRAIN_S
        self.set_exception_handler(_raise)

    # --- the clock -------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """Virtual milliseconds, whole; never falls."""
        return self._now_ms

    def time(self) -> float:
        """The same in seconds, as asyncio wants it."""
        return self._now_ms / 1000

    def at(self, ms: int, callback: Callable[..., object], *args: Any) -> None:
        """Calls `callback` at a ms of this clock; several at the same ms in the order of asking."""
        due = self._due.get(ms)
        if due is None:
            due = self._due[ms] = []
            self.call_at(ms / 1000, self._call_due, ms)
        due.append((callback, args))

    def _call_due(self, ms: int) -> None:
        for callback, args in self._due.pop(ms):
            self.call_soon(callback, *args)

    def enlist(self, party: Party) -> None:
        """From now on this party has a share in every span of time."""
        if party not in self._parties:
            self._parties.append(party)

    def dismiss(self, party: Party) -> None:
        """It has ended, or sleeps: time passes without it. No matter if it was not enlisted."""
        if party in self._parties:
            self._parties.remove(party)

    def fail(self, failure: Exception) -> None:
        """Ends the run with this, as soon as what is ready has been done."""
        self._failure = self._failure or failure

    def grace(self, real_s: float) -> None:
        """So much real time from now, whatever was used up: for an end in good order."""
        self._real_end = time.monotonic() + real_s

    # --- work that would be done elsewhere -------------------------------------------------

    def run_in_executor(  # type: ignore[override]  # typeshed wants a TypeVarTuple
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Does it now. `func` must not wait for what only the loop could bring about."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:
            done.set_exception(problem)
        return done

    def _write_to_self(self) -> None:
        # Only another thread has to wake us: the system calls are saved ten thousand times.
        if threading.get_ident() != self._own_thread:
            super()._write_to_self()  # type: ignore[misc]

    # --- time passes -----------------------------------------------------------------------

    def _pass(self, timeout_s: float | None) -> None:
        """What a selector's wait is elsewhere. None: nothing is scheduled at all."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if time.monotonic() > self._real_end:
            raise TookTooLong(
                f"The run has used up its {self._real_limit_s:g} s of real time at "
                f"{self.time():.3f} s of virtual time."
            )
        if timeout_s is not None and timeout_s <= 0:
            return
        if timeout_s is None and not self._parties:
            raise NothingToWaitFor(
                f"At {self.time():.3f} s of virtual time everything waits, and nothing is "
                "scheduled that could end it."
            )
        self._move(*self._horizons_ms())

    def _horizons_ms(self) -> tuple[int, int]:
        """Until when nothing is due that is known of yet; and how far that may be as long as
        nothing is seen."""
        next_ms = self._next_ms()
        if self.pace is None and len(self._parties) <= 1:
            if not self._parties:
                return next_ms, next_ms
            on_to_ms = min(next_ms, self._now_ms + max(self.alone_ms, QUIET_MS))
            return min(next_ms, self._now_ms + self.alone_ms), on_to_ms
        horizon_ms = min(next_ms, self._now_ms + self.quantum_ms)
        return horizon_ms, horizon_ms

    def _move(self, horizon_ms: int, on_to_ms: int) -> None:
        behind = [party for party in self._parties if party.time_ms < horizon_ms]
        for party in behind:
            party.grant(horizon_ms, on_to_ms)
        for party in behind:
            party.gather()
        # What they did lies before the horizon; so may a party that has stopped to hear of it.
        reached = [party.time_ms for party in self._parties]
        to_ms = max(self._now_ms, min([on_to_ms, self._next_ms(), *reached]))
        if self.pace is not None:
            self.pace(to_ms)
        self._now_ms = to_ms

    def _next_ms(self) -> int:
        """When the next timer is due, in whole ms; far away where there is none."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if not scheduled:
            return 1 << 62
        return max(self._now_ms, math.ceil(scheduled[0].when() * 1000 - _GRAIN_S * 1000))


def run(
    main: Callable[[VirtualLoop], Coroutine[Any, Any, T]],
    start_ms: int = 0,
    *,
    real_limit_s: float | None = 600.0,
) -> T:
    """Runs `main(loop)` in virtual time to its end, as asyncio.run does in real time."""

    def fresh() -> VirtualLoop:
        return VirtualLoop(start_ms, real_limit_s=real_limit_s)

    async def begin() -> T:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)  # noqa: S101 - the factory's
        return await main(loop)

    with asyncio.Runner(loop_factory=fresh) as runner:
        return runner.run(begin())


def _raise(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Whatever goes wrong in a callback, or in a task that should not end, ends the run: a fault
    in the world is no result."""
    problem = context.get("exception")
    told = "handle" in context or "task" in context
    if told and isinstance(problem, Exception) and isinstance(loop, VirtualLoop):
        loop.fail(problem)
    else:
        loop.default_exception_handler(context)


class _Passing(selectors.DefaultSelector):
    """Looks whether a real file is ready, never waits for one, and lets virtual time pass."""

    def __init__(self, passing: Callable[[float | None], None]) -> None:
        super().__init__()
        self._passing = passing

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            timeout = 0
        self._passing(timeout)
        return ready
