"""What is forgotten, and when; and that no copy of it is ever taken for new."""

import asyncio
import contextlib

import pytest
from sqlalchemy import Table, select

from gateway.retention import EVERY_S, PAUSE_S, RETRY_S, Retention
from gateway.store import Store, parcels
from gateway.store.retention import AT_ONCE, COUNTED, DAY_MS, sweep
from gateway.store.schema import clocks, outbox, set_aside
from tests.gateway.intake_bench import Bench
from tests.gateway.process import DEVICE, NOW_MS

KEEP_DAYS = 30
LATER_MS = NOW_MS + KEEP_DAYS * DAY_MS + 1


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


def deliver_all(store: Store) -> None:
    with store.write() as connection:
        ids = list(connection.execute(select(outbox.c.id).where(outbox.c.waiting)).scalars())
        parcels.delivered(connection, ids, NOW_MS)


def sweep_all(store: Store, now_ms: int) -> None:
    for _ in range(100):
        with store.write() as connection:
            if not sweep(connection, now_ms, KEEP_DAYS * DAY_MS):
                return
    raise AssertionError("a sweep that never ends")


def rows(store: Store, of: Table) -> int:
    with store.read() as connection:
        return len(connection.execute(of.select()).all())


def test_what_is_in_a_parcel_is_forgotten_when_it_is_delivered(bench: Bench) -> None:
    bench.arrive(bench.event())
    deliver_all(bench.store)

    with bench.store.read() as connection:
        assert list(connection.execute(select(outbox.c.body)).scalars()) == [""]
    sweep_all(bench.store, NOW_MS + DAY_MS)
    assert len(bench.parcels()) == 1
    sweep_all(bench.store, NOW_MS + DAY_MS + 1)
    assert bench.parcels() == []
    assert len(bench.kept()) == 1


def test_nobody_keeps_a_diary_of_a_sensors_questions(bench: Bench) -> None:
    asked = bench.event("prompt", 1, state="asked", cause="no_movement")
    fine = bench.event("ok", 2, during="prompt")
    bench.arrive(asked, fine, bench.event("press", 3))
    assert len(bench.kept()) == 3

    deliver_all(bench.store)

    assert [kind for _, _, _, kind in bench.kept()] == ["press"]
    bench.arrive(asked, fine)
    assert [kind for _, _, _, kind in bench.kept()] == ["press"]
    assert bench.counted() == {"duplicates": 2}


def test_a_question_stays_while_a_destination_waits_for_it(bench: Bench) -> None:
    bench.arrive(bench.event("prompt", 1, state="asked", cause="no_movement"))
    with bench.store.write() as connection:
        row = connection.execute(outbox.select()).one()._asdict()
        connection.execute(outbox.insert().values({**row, "id": 99, "destination": "town"}))
        parcels.delivered(connection, [99], NOW_MS)
    assert len(bench.kept()) == 1

    deliver_all(bench.store)

    assert bench.kept() == []


def test_old_events_become_counts_and_their_copies_stay_copies(bench: Bench) -> None:
    press, other = bench.event("press", 1), bench.event("press", 1, taps=2)
    opened = bench.event("tamper", 2, state="opened")
    bench.arrive(press, other, opened)
    deliver_all(bench.store)

    sweep_all(bench.store, LATER_MS - 1)
    assert len(bench.kept()) == 3
    sweep_all(bench.store, LATER_MS)

    assert bench.kept() == []
    told = {name: value for name, value in bench.counted().items() if name.startswith(COUNTED)}
    assert told == {"events 2026-09 press": 2, "events 2026-09 tamper": 1}
    bench.now_ms = LATER_MS
    bench.arrive(press, other, opened)
    assert bench.kept() == []
    assert bench.counted()["duplicates"] == 3


def test_what_waits_is_kept_however_old_it_is(bench: Bench) -> None:
    bench.arrive(bench.event())

    sweep_all(bench.store, LATER_MS)

    with bench.store.read() as connection:
        assert list(connection.execute(select(outbox.c.body)).scalars()) == ["press"]
    assert len(bench.kept()) == 1


def test_what_was_set_aside_is_kept_as_long_as_events(bench: Bench) -> None:
    bench.arrive(bench.event())
    with bench.store.write() as connection:
        parcels.put_aside(connection, 1, "HTTP 422", NOW_MS)
        connection.execute(
            set_aside.insert().values(at=NOW_MS, way="mqtt", device="", payload=b"x", why="fault")
        )

    sweep_all(bench.store, LATER_MS - 1)
    assert (rows(bench.store, outbox), rows(bench.store, set_aside)) == (1, 1)
    sweep_all(bench.store, LATER_MS)
    assert (rows(bench.store, outbox), rows(bench.store, set_aside)) == (0, 0)


def test_the_clocks_of_old_boots_are_forgotten_and_the_newest_never(bench: Bench) -> None:
    bench.arrive(bench.event("heartbeat", 1, boot=1), bench.event("heartbeat", 1, boot=2))

    sweep_all(bench.store, LATER_MS)

    with bench.store.read() as connection:
        known = connection.execute(select(clocks.c.device, clocks.c.boot)).all()
    assert [tuple(one) for one in known] == [(DEVICE, 2)]


def test_much_is_forgotten_in_small_groups_and_then_daily(bench: Bench) -> None:
    for seq in range(AT_ONCE + 1):
        bench.queue(bench.event("tamper", seq, state="opened"))
    while len(bench.kept()) <= AT_ONCE:
        bench.intake.work()
    deliver_all(bench.store)
    slept: list[float] = []

    class Over(BaseException):
        """Enough of it."""

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            bench.store.write = broken  # type: ignore[method-assign,assignment]
        if len(slept) == 4:
            raise Over

    def broken() -> None:
        raise OSError("disk full")

    retention = Retention(bench.store, keep_days=KEEP_DAYS, clock_ms=lambda: LATER_MS, sleep=sleep)
    with contextlib.suppress(Over):
        asyncio.run(retention.run())

    assert slept == [PAUSE_S, EVERY_S, EVERY_S, RETRY_S]
    assert bench.kept() == []
