"""The same store on PostgreSQL: what the intake keeps there is what it keeps on SQLite."""

import random
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway import devices
from gateway.store import Store, open_store, parcels
from gateway.store import lights as light_table
from gateway.store.schema import metadata
from tests.gateway.backend.postgres import PostgresServer
from tests.gateway.intake_bench import Bench
from tests.gateway.process import DEVICE, NOW_MS, SECRET

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.running() as running:
        yield running


@pytest.fixture
def store(server: PostgresServer) -> Iterator[Store]:
    address = server.new_database().replace("postgresql://", "postgresql+psycopg://")
    opened = open_store(address)
    devices.register(opened, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    yield opened
    opened.close()


def test_migrations_make_exactly_the_schema(store: Store) -> None:
    with store.read() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)

    assert difference == []


def test_any_order_with_any_duplicates_keeps_each_event_once(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    bench = Bench(store)
    events = [bench.event(seq=seq, boot=boot) for boot in (1, 2) for seq in range(1, 30)]
    stream = events * 2
    rng.shuffle(stream)

    while stream:
        size = rng.randint(1, 30)
        bench.arrive(*stream[:size])
        del stream[:size]

    assert sorted(bench.kept()) == [
        (boot, seq, "", "press") for boot in (1, 2) for seq in range(1, 30)
    ]


def test_heartbeats_watches_collisions_and_refusals_are_kept_as_well(store: Store) -> None:
    bench = Bench(store)

    bench.arrive(bench.event(), bench.event(taps=2), b"nonsense")
    bench.arrive(
        bench.event("heartbeat", 2, battery_millivolts=2900),
        bench.event("watch", 3, state="started", by="resident"),
        bench.event("left", 4),
        leaf="up",
    )

    assert len(bench.kept()) == 2
    assert devices.get(store, DEVICE).battery_millivolts == 2900
    assert bench.counted()["refused length"] == 1


def test_parcels_wait_until_they_are_delivered(store: Store) -> None:
    bench = Bench(store)
    bench.arrive(bench.event(seq=1), bench.event(seq=2))
    with store.read() as connection:
        rows = parcels.waiting(connection, "everything", alarm=True, limit=10)

    with store.write() as connection:
        parcels.delivered(connection, [rows[0].id], NOW_MS)
        parcels.put_aside(connection, rows[1].id, "HTTP 422", NOW_MS)

    with store.read() as connection:
        assert parcels.waiting(connection, "everything", alarm=True, limit=10) == []
        assert parcels.depth(connection) == (0, 1)


def test_the_way_back_keeps_its_place(store: Store) -> None:
    for value in ("5", "6"):
        with store.write() as connection:
            light_table.save_cursor(connection, "x", value)

    with store.read() as connection:
        assert light_table.cursor(connection, "x") == "6"
