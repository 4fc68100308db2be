"""A call for help that the backend does not take: the light in the room does not pretend it has."""

import pytest
import structlog.testing
from doorknock import wire
from sqlalchemy import select

from gateway import devices
from gateway.commands import Commands
from gateway.store import Store, parcels
from gateway.store import lights as light_table
from gateway.store.retention import DAY_MS, sweep
from gateway.store.schema import outbox
from gateway.unheard import CANNOT_SEND, UNTAKEN_AFTER_MS, Unheard
from tests.gateway.intake_bench import Bench
from tests.gateway.process import DEVICE, NOW_MS


class House:
    """A bench whose parcels the backend takes, refuses or leaves, as it is told."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.bench = Bench(store)
        self.unheard = Unheard(store, Commands(self._now_ms), self.bench, clock_ms=self._now_ms)

    def _now_ms(self) -> int:
        return self.bench.now_ms

    def happens(self, kind: str = "press", seq: int = 1, **details: int | str) -> None:
        self.bench.arrive(self.bench.event(kind, seq, uptime_ms=seq, **details))

    def take_all(self) -> None:
        with self.store.write() as connection:
            ids = connection.execute(select(outbox.c.id).where(outbox.c.waiting)).scalars()
            parcels.delivered(connection, list(ids), self.bench.now_ms)

    def look(self, after_ms: int = 0) -> list[tuple[int, str]]:
        """The lights that a look sends: (seq of the event, state)."""
        self.bench.now_ms += after_ms
        self.bench.sent.clear()
        self.unheard.look()
        return [(command.seq, str(command.details["state"])) for command in self.bench.sent]


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


LONG_MS = UNTAKEN_AFTER_MS + 1


def test_a_call_that_waits_for_a_minute_says_so_once_and_until_it_is_taken(house: House) -> None:
    house.happens()
    assert house.look(UNTAKEN_AFTER_MS) == []

    with structlog.testing.capture_logs() as lines:
        assert house.look(1) == [(1, CANNOT_SEND)]
        assert house.look(5_000) == []
    assert [(line["log_level"], line["unit"]) for line in lines] == [("error", "204")]
    assert house.unheard.devices == 1

    house.take_all()
    assert house.look(1) == [(1, "delivered")]
    assert house.look(LONG_MS) == []
    assert house.unheard.devices == 0


def test_a_call_that_the_backend_will_never_take_says_so_at_once(house: House) -> None:
    house.happens()
    with house.store.write() as connection:
        parcels.put_aside(connection, 1, "HTTP 422", NOW_MS)

    assert house.look() == [(1, CANNOT_SEND)]
    assert house.look(LONG_MS) == []


def test_a_newer_call_that_is_taken_makes_good_for_one_that_was_set_aside(house: House) -> None:
    house.happens(seq=1)
    with house.store.write() as connection:
        parcels.put_aside(connection, 1, "HTTP 422", NOW_MS)
    house.look()

    house.happens(seq=2)
    house.take_all()

    assert house.look() == [(1, "delivered")]


def test_a_second_call_that_waits_is_named_though_the_first_is_attended(house: House) -> None:
    """Somebody was coming; whether the backend has closed that since, nobody can tell."""
    house.happens(seq=1)
    house.take_all()
    with house.store.write() as connection:
        light_table.save(
            connection, device=DEVICE, boot=1, seq=1, state="coming", alert="a", now_ms=NOW_MS
        )
    house.happens(seq=2)

    assert house.look(LONG_MS) == [(2, CANNOT_SEND)]


def test_what_the_backend_says_of_a_newer_call_is_not_overruled(house: House) -> None:
    house.happens(seq=1)
    house.look(LONG_MS)
    with house.store.write() as connection:
        light_table.save(
            connection, device=DEVICE, boot=1, seq=2, state="coming", alert="a", now_ms=NOW_MS
        )

    assert house.look(LONG_MS) == []


@pytest.mark.parametrize(
    ("kind", "details"),
    [("ok", {"during": "prompt"}), ("tamper", {"state": "opened"})],
)
def test_what_calls_nobody_changes_no_light(
    house: House, kind: str, details: dict[str, int | str]
) -> None:
    house.happens(kind, **details)

    assert house.look(LONG_MS) == []


def test_a_retired_device_is_told_nothing(house: House) -> None:
    house.happens()
    devices.retire(house.store, DEVICE, now_ms=NOW_MS)

    assert house.look(LONG_MS) == []


def test_a_device_that_shows_another_light_is_told_again(house: House) -> None:
    house.happens()
    house.look(LONG_MS)
    house.bench.sent.clear()

    house.bench.arrive(house.bench.event("heartbeat", 2, light="delivered"), leaf="up")
    house.bench.arrive(wire.ONLINE, leaf="status")

    lights = [command for command in house.bench.sent if command.kind == "light"]
    assert [(one.seq, one.details["state"]) for one in lights] == [(1, CANNOT_SEND)] * 2


def test_a_call_that_was_set_aside_and_forgotten_puts_the_light_out(house: House) -> None:
    house.happens()
    with house.store.write() as connection:
        parcels.put_aside(connection, 1, "HTTP 422", NOW_MS)
    house.look()
    with house.store.write() as connection:
        sweep(connection, NOW_MS + 31 * DAY_MS, 30 * DAY_MS)

    assert house.look(31 * DAY_MS) == [(1, "none")]
