"""What staff do about updates, by the command line or the page: begin, stop, go on, look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from gateway.errors import ReleaseError
from gateway.release.library import Library, Version
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.store import orders as order_table
from gateway.store import updates as table
from gateway.updates import book, stages

# The audit is kept for good; so much of it is shown.
SHOWN = 20


@dataclass(frozen=True)
class Row:
    """A device in an update, as people see it. fetched, size: bytes; 0 where nothing is known."""

    device: str
    unit: str
    device_type: str
    stage: int
    state: str
    why: str
    step: str
    fetched: int
    firmware: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "device": self.device,
            "unit": self.unit,
            "type": self.device_type,
            "stage": self.stage + 1,
            "state": self.state,
            "why": self.why or None,
            "step": self.step or None,
            "bytes": self.fetched,
            "firmware": self.firmware or None,
        }


@dataclass(frozen=True)
class Act:
    """What somebody did about an update. what: "began", "stopped", "resumed"."""

    at: datetime
    by: str
    what: str


@dataclass(frozen=True)
class Shown:
    """An update, as people see it."""

    id: int
    version: str
    state: str
    why: str
    stage: int
    stages: int
    live: bool
    acts: list[Act] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many devices are in which state."""
        found: dict[str, int] = {}
        for one in self.rows:
            found[one.state] = found.get(one.state, 0) + 1
        return found

    @property
    def well(self) -> bool:
        """Whether nothing is wrong with it: none of its devices does worse, or could not."""
        return self.state != stages.STOPPED and not set(self.counts) & stages.STOPPING

    def as_json(self) -> dict[str, Any]:
        """For `--json`: the summary."""
        return {
            "update": self.id,
            "version": self.version,
            "state": self.state,
            "why": self.why or None,
            "stage": self.stage + 1,
            "stages": self.stages,
            "devices": self.counts,
        }


@dataclass(frozen=True)
class Updating:
    """The updates of one gateway. Blocks; any thread."""

    store: Store
    library: Library
    clock_ms: Callable[[], int]

    def releases(self) -> list[Version]:
        """Those that are there, oldest first."""
        return self.library.all()

    def begin(
        self, version: str, devices: Sequence[str] | None, by: str, *, first: str | None = None
    ) -> int:
        """Begins to bring a release to these devices; to all in service where it is None.

        first: whose turn comes first. The update's id. Raises ReleaseError, one sentence."""
        self.library.get(version)
        now_ms = self.clock_ms()
        with self.store.write() as connection:
            self._make_way(connection, by, now_ms)
            chosen = _in_order(connection, devices, first, now_ms)
            if not chosen:
                raise ReleaseError("No device is in service here; there is nothing to update.")
            update = stages.plan(version, chosen)
            made = table.insert(
                connection,
                {
                    "version": version,
                    "state": update.state,
                    "why": "",
                    "stage": 0,
                    "acts": [_act(now_ms, by, "began")],
                },
            )
            book.save(connection, made, update)
            return made

    def stop(self, by: str) -> None:
        """Nothing more is begun. What is tried already is followed to its end. ReleaseError."""
        with self.store.write() as connection:
            row, update = self._newest(connection)
            if update.state != stages.RUNNING:
                raise ReleaseError("No update is under way; there is nothing to stop.")
            self._call_off(connection, row, update, "by staff", by, "stopped")

    def resume(self, by: str, *, again: bool = False) -> None:
        """Goes on with the newest update. again: also with those it went wrong for. Raises
        ReleaseError."""
        now_ms = self.clock_ms()
        with self.store.write() as connection:
            row, update = self._newest(connection)
            over = update.state == stages.FINISHED and not again
            if update.state == stages.RUNNING or over:
                raise ReleaseError("The update is not stopped; there is nothing to resume.")
            self.library.get(update.version)
            acts = [*row.acts, _act(now_ms, by, "resumed")]
            table.change(connection, row.id, {"acts": acts})
            book.save(connection, row.id, stages.resume(update, again=again))

    def newest(self) -> Shown | None:
        """The newest update with all of its devices; None before the first."""
        with self.store.read() as connection:
            row = table.newest(connection)
            return None if row is None else _shown(connection, row)

    def get(self, update_id: int) -> Shown:
        """The update of this id."""
        with self.store.read() as connection:
            return _shown(connection, table.get(connection, update_id))

    def earlier(self) -> list[Shown]:
        """Those before the newest, newest first, without their devices."""
        with self.store.read() as connection:
            rows = table.all_newest_first(connection, SHOWN + 1)[1:]
            return [_shown(connection, row, with_devices=False) for row in rows]

    def _newest(self, connection: Connection) -> tuple[Any, stages.Update]:
        row = table.newest(connection)
        if row is None:
            raise ReleaseError("No update was ever begun here; begin one.")
        return row, book.load(connection, row)

    def _make_way(self, connection: Connection, by: str, now_ms: int) -> None:
        """One at a time: two at once would not know by whose doing a device does worse."""
        row = table.newest(connection)
        if row is None:
            return
        update = book.load(connection, row)
        if not book.is_live(update):
            return
        if {one.state for one in update.members} <= stages.SETTLED:
            self._call_off(connection, row, update, "by a newer update", by, "stopped")
            return
        raise ReleaseError(
            f"The update to {update.version} is under way; wait for its end, or stop it: "
            "doorknock device update --stop."
        )

    def _call_off(
        self, connection: Connection, row: Any, update: stages.Update, why: str, by: str, what: str
    ) -> None:
        now_ms = self.clock_ms()
        off = stages.call_off(update, why)
        book.save(connection, row.id, book.carry_out(connection, off, None, by, now_ms))
        table.change(connection, row.id, {"acts": [*row.acts, _act(now_ms, by, what)]})


def _in_order(
    connection: Connection, devices: Sequence[str] | None, first: str | None, now_ms: int
) -> list[str]:
    """Whom staff want first, then those that were heard lately, by unit."""
    rows = device_table.in_service(connection)
    there = {row.device: row for row in rows}
    chosen = list(there) if devices is None else [one for one in devices if one in there]
    lately = {book.NEVER_HEARD, book.NOT_HEARD}
    chosen.sort(key=lambda one: book.unfit(there[one], None, now_ms) in lately)
    if first is not None:
        chosen = [first, *(one for one in chosen if one != first)]
    return chosen


def _act(now_ms: int, by: str, what: str) -> dict[str, Any]:
    return {"at": now_ms, "by": by[:80], "what": what}


def _shown(connection: Connection, row: Any, *, with_devices: bool = True) -> Shown:
    update = book.load(connection, row)
    return Shown(
        id=row.id,
        version=row.version,
        state=row.state,
        why=row.why,
        stage=row.stage,
        stages=update.last_stage + 1,
        live=book.is_live(update),
        acts=[
            Act(datetime.fromtimestamp(one["at"] / 1000, UTC), one["by"], one["what"])
            for one in row.acts
        ],
        rows=[_row(connection, one) for one in update.members] if with_devices else [],
    )


def _row(connection: Connection, one: stages.Member) -> Row:
    device = device_table.find(connection, one.device)
    # What was ordered, while the device may still act on it.
    order = None
    if one.order is not None and one.state in stages.IN_HAND:
        order = order_table.get(connection, one.order)
    health = (device.health or {}) if device is not None else {}
    return Row(
        device=one.device,
        unit=device.unit if device is not None else "",
        device_type=device.device_type if device is not None else "",
        stage=one.stage,
        state=one.state,
        why=one.why,
        step=order.state if order is not None else "",
        fetched=int((order.answer or {}).get("bytes", 0)) if order is not None else 0,
        firmware=str(health.get("firmware", "")),
    )
