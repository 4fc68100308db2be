"""An intake without a thread, a broker or a clock: arrivals in, what was done about them out."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any

from doorknock import wire
from sqlalchemy import select

from gateway.arrival import Arrival
from gateway.commands import Commands
from gateway.destinations import Destination, Parcel
from gateway.entry import Entry
from gateway.happened import StoredEvent
from gateway.intake import Intake
from gateway.store import Store
from gateway.store.schema import counters, events, outbox
from tests.gateway.process import DEVICE, NOW_MS, SECRET


class Everything:
    """A destination that wants every event that is kept."""

    name = "everything"

    def compose(self, event: StoredEvent) -> Parcel | None:
        return Parcel(event.id, event.kind)

    async def deliver(self, parcel: Parcel) -> None:
        raise AssertionError("the intake delivers nothing")


@dataclass
class Bench:
    """`press()` and the like make signed bytes; `arrive()` takes them in."""

    store: Store
    now_ms: int = NOW_MS
    # What the wall clock has been set by.
    set_by_ms: int = 0
    done: list[str] = field(default_factory=list)
    sent: list[wire.Message] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    mend: Any = None
    destination: Destination = field(default_factory=Everything)

    def __post_init__(self) -> None:
        self.entry = Entry(Commands(lambda: self.now_ms), [self.destination])
        self.intake = Intake(
            self.store,
            self.entry,
            self,
            clock_ms=lambda: self.now_ms,
            monotonic_ms=lambda: self.now_ms - self.set_by_ms,
            on_parcels=lambda: self.done.append("woken"),
            wait=self._wait,
        )

    def set_clock(self, by_ms: int) -> None:
        """Somebody sets the wall clock forward, or back."""
        self.now_ms += by_ms
        self.set_by_ms += by_ms

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        command = wire.decode_command(message, wire.signing_key(SECRET))
        self.sent.append(command)
        self.done.append(command.kind)

    def _wait(self, _event: Event, seconds: float) -> None:
        self.waits.append(seconds)
        if self.mend is not None:
            self.mend(len(self.waits))

    def event(
        self,
        kind: str = "press",
        seq: int = 1,
        *,
        boot: int = 1,
        device: str = DEVICE,
        secret: bytes = SECRET,
        uptime_ms: int = 10_000,
        **details: int | str,
    ) -> bytes:
        if kind == "press":
            details = {"taps": 1, "held": 0, **details}
        key = wire.signing_key(secret)
        return wire.encode(kind, device, boot, seq, uptime_ms, details, key)

    def arrive(self, *messages: bytes, leaf: str = "alarm", device: str | None = DEVICE) -> None:
        for message in messages:
            self.queue(message, leaf=leaf, device=device)
        self.intake.work()

    def queue(self, message: bytes, *, leaf: str = "alarm", device: str | None = DEVICE) -> None:
        self.intake.take(
            Arrival("test", device, leaf, message, self.now_ms, lambda: self.done.append("ack"))
        )

    def kept(self) -> list[tuple[int, int, str, str]]:
        """(boot, seq, copy, kind) of every event kept."""
        with self.store.read() as connection:
            rows = connection.execute(select(events).order_by(events.c.id)).all()
        return [(row.boot, row.seq, row.copy, row.kind) for row in rows]

    def parcels(self) -> list[str]:
        with self.store.read() as connection:
            return list(connection.execute(select(outbox.c.parcel_id)).scalars())

    def counted(self) -> dict[str, int]:
        with self.store.read() as connection:
            return {row.name: row.value for row in connection.execute(select(counters))}
