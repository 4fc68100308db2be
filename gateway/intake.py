"""The intake: takes what arrives, commits it, and only then acknowledges and answers.

One thread, because there is one writer; it commits in groups, so that a burst costs one flush of
the disk and not one each. Alarms go first, and telemetry goes in such small groups that it never
holds an alarm up for longer than one of them takes.

When something fails:

- A message that cannot be handled is set aside in the store, reported, and acknowledged: left
  hanging, twenty of them would deafen the gateway.
- When the store itself does not work (disk full, locked, broken), nothing can be promised, so
  nothing is acknowledged and nothing is answered: the devices keep their events, and show that
  nobody has been told. The intake holds what it has and tries again until the store works; the
  broker sends no more than IN_FLIGHT meanwhile and keeps the rest. Nothing needs a restart.
- A fault of ours does not end the thread: what was in hand was not answered, so it comes again.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from doorknock import wire

from gateway.arrival import Arrival, Down
from gateway.clock_step import ClockStep
from gateway.entry import Entered, Entry, Outcome
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.store import events as table
from gateway.store.engine import is_store_trouble

_log = structlog.get_logger("intake")

# Unacknowledged messages a session may hold: a session at its limit receives nothing more, and
# mosquitto's own limit of 20 would make groups of 20.
IN_FLIGHT = 1_000
# A group of alarms: what one flush of the disk is shared by.
ALARMS_AT_ONCE = 256
# A group of telemetry delays an alarm by its own time: 10 to 20 ms for 32 on a Raspberry Pi.
TELEMETRY_AT_ONCE = 32
# A full disk or a lock is tried again soon at first: somebody may be waiting for the light.
STORE_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# After a fault of ours, so that one that comes back at once leaves the processor to others.
FAULT_PAUSE_S = 0.1
# What asks for somebody: of these the log keeps a line.
CALLS = ("press", "stillness")
# A flood of forgeries must not be a flood of log lines.
REFUSAL_LOGGED_EVERY_MS = 60_000


class Intake:
    """Takes arrivals from any thread; `start()` begins to work on them, `stop()` ends it."""

    def __init__(
        self,
        store: Store,
        entry: Entry,
        down: Down,
        *,
        clock_ms: Callable[[], int],
        monotonic_ms: Callable[[], int],
        on_parcels: Callable[[], None] = lambda: None,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        self._store = store
        self._entry = entry
        self._down = down
        self._clock_ms = clock_ms
        self._clock_step = ClockStep(clock_ms, monotonic_ms)
        self._on_parcels = on_parcels
        self._wait = wait
        self._alarms: deque[Arrival] = deque()
        self._telemetry: deque[Arrival] = deque()
        self._something = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._refused: dict[str, tuple[int, int]] = {}
        self.store_works = True

    @property
    def alive(self) -> bool:
        """Whether it works on what it takes. False before `start()` and after `stop()`."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins to work in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the group in hand. What is left was never acknowledged: it comes again."""
        self._stopping.set()
        with self._something:
            self._something.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def take(self, arrival: Arrival) -> None:
        """Puts an arrival in line. Never blocks."""
        with self._something:
            (self._alarms if arrival.leaf == "alarm" else self._telemetry).append(arrival)
            self._something.notify()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._something:
                while not (self._alarms or self._telemetry or self._stopping.is_set()):
                    self._something.wait()
            try:
                self.work()
            except Exception as error:
                _log.error("the intake stumbled; it goes on, report this", exc_info=error)
                self._wait(self._stopping, FAULT_PAUSE_S)

    def work(self) -> None:
        """One group of alarms and one, small, of telemetry. Called by the thread, and by tests."""
        self._commit(_pop(self._alarms, ALARMS_AT_ONCE))
        self._commit(_pop(self._telemetry, TELEMETRY_AT_ONCE))

    def _commit(self, arrivals: Sequence[Arrival]) -> None:
        if not arrivals or self._stopping.is_set():
            return
        try:
            entered = self._in_one_transaction(arrivals)
        except Exception as error:
            if len(arrivals) > 1:
                # One of them is the cause: it must not take the others with it.
                for arrival in arrivals:
                    self._commit([arrival])
                return
            self._put_aside(arrivals[0], error)
            return
        if entered is not None:
            self._settle(entered)

    def _in_one_transaction(self, arrivals: Sequence[Arrival]) -> list[Entered] | None:
        """None where the gateway stops before the store works again."""
        entered: list[Entered] = []

        def enter() -> None:
            step_ms = self._clock_step.look_ms()
            with self._store.write() as connection:
                if step_ms:
                    table.forget_clocks(connection)
                    device_table.shift_last_heard(connection, step_ms, self._clock_ms())
                entered[:] = self._entry.enter(connection, arrivals)
            if step_ms:
                self._clock_step.taken(step_ms)
                _log.warning("this computer's clock was set; events are placed anew", by_ms=step_ms)

        return entered if self._until_the_store_works(enter) else None

    def _until_the_store_works(self, act: Callable[[], None]) -> bool:
        """Does *act* until the store takes it. False where the gateway stops before that."""
        tries = 0
        while not self._stopping.is_set():
            try:
                act()
            except Exception as error:
                if not is_store_trouble(error):
                    raise
                if self.store_works:
                    self.store_works = False
                    _log.error(
                        "the store does not take anything; nothing is acknowledged until it does; "
                        "see that the disk has room",
                        error=type(error).__name__,
                        why=str(getattr(error, "orig", error)).splitlines()[0],
                    )
                self._wait(self._stopping, STORE_RETRY_S[min(tries, len(STORE_RETRY_S) - 1)])
                tries += 1
                continue
            if not self.store_works:
                self.store_works = True
                _log.warning("the store works again")
            return True
        return False

    def _put_aside(self, arrival: Arrival, error: Exception) -> None:
        """Keeps what could not be handled for a developer, reports it, lets the way go on."""
        why = f"{type(error).__name__}: {error}"[:500]

        def keep() -> None:
            with self._store.write() as connection:
                table.put_aside(
                    connection,
                    arrival.received_at_ms,
                    arrival.way,
                    arrival.device or "",
                    arrival.payload[: wire.LONGEST_BYTES],
                    why,
                )
                table.count(connection, {"set aside": 1})

        _log.error(
            "a message could not be handled and is set aside; report this",
            way=arrival.way,
            device=arrival.device,
            error=type(error).__name__,
            exc_info=error,
        )
        if self._until_the_store_works(keep):
            _quietly(arrival.acknowledge)

    def _settle(self, entered: Sequence[Entered]) -> None:
        """What may be done only after the commit."""
        committed_at_ms = self._clock_ms()
        for one in entered:
            _quietly(one.arrival.acknowledge)
            for message in one.down:
                self._down.send(one.device, message, alarm=one.alarm)
        if any(one.parcels for one in entered):
            self._on_parcels()
        for one in entered:
            try:
                self._tell(one, committed_at_ms)
            except Exception as error:
                _log.error("what was done could not be told; report this", exc_info=error)

    def _tell(self, one: Entered, committed_at_ms: int) -> None:
        if one.outcome is Outcome.REFUSED:
            self._tell_refused(one, committed_at_ms)
        elif one.collided:
            _log.error(
                "a device used an identity twice; its event is kept and it was given a new number",
                device=one.device,
            )
        elif one.outcome is Outcome.NUMBER:
            _log.warning("a device had lost its number and was given one", device=one.device)
        # A log is a diary as well: no line for `watch` and `left`, and none that stays for what
        # passes between a sensor and whoever is in the room.
        if one.event is not None and one.alarm:
            say = _log.info if one.event.kind in CALLS else _log.debug
            say(
                "committed",
                kind=one.event.kind,
                device=one.device,
                unit=one.event.unit,
                boot=one.event.boot,
                seq=one.event.seq,
                received_at_ms=one.arrival.received_at_ms,
                took_ms=committed_at_ms - one.arrival.received_at_ms,
            )

    def _tell_refused(self, one: Entered, now_ms: int) -> None:
        since_ms, hidden = self._refused.get(one.reason, (-REFUSAL_LOGGED_EVERY_MS, 0))
        if now_ms - since_ms < REFUSAL_LOGGED_EVERY_MS:
            self._refused[one.reason] = (since_ms, hidden + 1)
            return
        self._refused[one.reason] = (now_ms, 0)
        _log.warning(
            "refused a message",
            reason=one.reason,
            device=one.device or one.arrival.device or "not told",
            way=one.arrival.way,
            bytes=len(one.arrival.payload),
            more_since_last=hidden,
        )


def _pop(line: deque[Arrival], limit: int) -> list[Arrival]:
    return [line.popleft() for _ in range(min(limit, len(line)))]


def _quietly(act: Callable[[], None]) -> None:
    try:
        act()
    except Exception as error:
        # It will come again and be known for a duplicate.
        _log.warning("a message could not be acknowledged", error=type(error).__name__)
