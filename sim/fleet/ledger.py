"""The reckoning: what the fleet made against what gateway and backend keep.

Read from their stores, not from their answers: a gateway that answered and forgot would be found
out here, and so would one that kept an event twice.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from gateway.backend import tables
from gateway.backend.database import open_database
from gateway.destinations.webhook import KINDS
from gateway.entry import NOT_KEPT
from gateway.settings import Settings
from gateway.store import Store, open_store
from gateway.store.retention import FLEETING
from gateway.store.schema import events, outbox, seen

# What the backend writes under an alert, one line an event.
CALLS = ("press", "stillness")
Identities = Mapping[str, Mapping[tuple[int, int], str]]


@dataclass
class Reckoning:
    """Names of events, as "device.boot.seq". lost: made, and not kept. doubled: kept twice, or
    acted on twice. waiting: kept, and not with the backend yet."""

    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    waiting: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything arrived, once."""
        return not (self.lost or self.doubled or self.waiting)


class Ledger:
    """Opens the stores of the gateway with these settings; the backend's if it is embedded."""

    def __init__(self, settings: Settings) -> None:
        self._gateway = open_store(settings.gateway_database)
        self._backend: Store | None = None
        if settings.backend.embedded:
            self._backend = open_database(settings.backend_database)

    def close(self) -> None:
        """Gives the stores back."""
        self._gateway.close()
        if self._backend is not None:
            self._backend.close()

    def waiting(self, devices: Collection[str]) -> int:
        """How many of these devices' events the backend has not taken yet."""
        with self._gateway.read() as connection:
            rows = connection.execute(
                select(outbox.c.device, func.count())
                .where(outbox.c.waiting)
                .group_by(outbox.c.device)
            ).all()
        return sum(count for device, count in rows if device in devices)

    def reckon(self, made: Identities) -> Reckoning:
        """What became of everything that was made."""
        found = Reckoning(waiting=self.waiting(made.keys()))
        self._look_at_gateway(made, found)
        if self._backend is not None:
            self._look_at_backend(self._backend, made, found)
        return found

    def _look_at_gateway(self, made: Identities, found: Reckoning) -> None:
        with self._gateway.read() as connection:
            ranges = connection.execute(select(seen)).all()
            rows = connection.execute(select(events.c.device, events.c.boot, events.c.seq)).all()
        spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for one in ranges:
            spans.setdefault((one.device, one.boot), []).append((one.first, one.last))
        kept = Counter((row.device, row.boot, row.seq) for row in rows if row.device in made)
        for device, identities in made.items():
            for (boot, seq), kind in identities.items():
                in_span = any(a <= seq <= b for a, b in spans.get((device, boot), ()))
                in_table = kept[device, boot, seq] or kind in NOT_KEPT or kind in FLEETING
                if not (in_span and in_table):
                    found.lost.add(_name(device, boot, seq))
        for (device, boot, seq), copies in kept.items():
            if copies > 1 or (boot, seq) not in made[device]:
                found.doubled.add(_name(device, boot, seq))

    @staticmethod
    def _look_at_backend(backend: Store, made: Identities, found: Reckoning) -> None:
        with backend.read() as connection:
            taken = set(connection.execute(select(tables.seen.c.id)).scalars())
            lines = connection.execute(
                select(tables.log.c.what, tables.log.c.details).where(tables.log.c.what.in_(CALLS))
            ).all()
        acted_on = Counter((line.details.get("device"), line.what) for line in lines)
        for device, identities in made.items():
            for (boot, seq), kind in identities.items():
                name = _name(device, boot, seq)
                if kind in KINDS and name not in taken:
                    found.lost.add(name)
            for call in CALLS:
                calls = sum(kind == call for kind in identities.values())
                if acted_on[device, call] > calls:
                    found.doubled.add(f"{device}: {acted_on[device, call]} of {calls} {call}")
                elif acted_on[device, call] < calls:
                    found.lost.add(f"{device}: {acted_on[device, call]} of {calls} {call}")


def _name(device: str, boot: int, seq: int) -> str:
    return f"{device}.{boot}.{seq}"
