"""The reckoning finds what was lost and what came twice; it believes nobody's answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway.backend import tables
from gateway.backend.database import open_database
from gateway.settings import Settings, load
from gateway.store import open_store
from gateway.store.schema import events, outbox, seen
from sim.fleet.ledger import Ledger

DEVICE = "001122334455"
MADE = {DEVICE: {(1, 1): "boot", (1, 2): "press", (1, 3): "heartbeat", (1, 4): "prompt"}}
NAMES = {f"{DEVICE}.1.{seq}" for seq in (1, 2, 4)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    config = tmp_path / "gateway.toml"
    config.write_text("")
    return load(config)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    opened = Ledger(settings)
    yield opened
    opened.close()


def keep(settings: Settings, *seqs: int, copy: str = "", kind: str = "press") -> None:
    """The gateway keeps these."""
    store = open_store(settings.gateway_database)
    with store.write() as connection:
        for seq in seqs:
            row = {
                "device": DEVICE,
                "boot": 1,
                "seq": seq,
                "copy": copy,
                "kind": kind,
                "details": {},
                "uptime_ms": 1,
                "signature": bytes(16),
                "received_at": 1,
                "occurred": "at",
                "occurred_at": 1,
                "unsure_ms": 0,
            }
            connection.execute(insert(events).values(row))
    store.close()


def has_seen(settings: Settings, first: int, last: int) -> None:
    store = open_store(settings.gateway_database)
    with store.write() as connection:
        connection.execute(insert(seen).values(device=DEVICE, boot=1, first=first, last=last))
    store.close()


def take(settings: Settings, names: set[str], presses: int) -> None:
    """The backend has taken these, and has written so many presses under an alert."""
    backend = open_database(settings.backend_database)
    now = tables._EPOCH
    with backend.write() as connection:
        for name in names:
            connection.execute(insert(tables.seen).values(id=name))
        alert = {"id": "a", "gateway": "g", "unit": "1", "state": "open", "raised_at": now}
        connection.execute(insert(tables.alerts).values(**alert, body={}))
        for _ in range(presses):
            line = {"alert": "a", "at": now, "what": "press", "details": {"device": DEVICE}}
            connection.execute(insert(tables.log).values(line))
    backend.close()


def test_where_all_is_kept_once_nothing_is_lost_and_nothing_doubled(
    settings: Settings, ledger: Ledger
) -> None:
    keep(settings, 1, 2)
    has_seen(settings, 1, 4)
    take(settings, NAMES, presses=1)

    assert ledger.reckon(MADE).ok


def test_what_the_gateway_answered_and_did_not_keep_is_lost(
    settings: Settings, ledger: Ledger
) -> None:
    keep(settings, 1)
    has_seen(settings, 1, 4)
    take(settings, NAMES, presses=1)

    assert ledger.reckon(MADE).lost == {f"{DEVICE}.1.2"}


def test_a_heartbeat_that_never_came_is_lost_though_none_is_kept(
    settings: Settings, ledger: Ledger
) -> None:
    keep(settings, 1, 2)
    has_seen(settings, 1, 2)
    has_seen(settings, 4, 4)
    take(settings, NAMES, presses=1)

    assert ledger.reckon(MADE).lost == {f"{DEVICE}.1.3"}


def test_what_the_backend_never_took_is_lost(settings: Settings, ledger: Ledger) -> None:
    keep(settings, 1, 2)
    has_seen(settings, 1, 4)
    take(settings, NAMES - {f"{DEVICE}.1.4"}, presses=1)

    assert ledger.reckon(MADE).lost == {f"{DEVICE}.1.4"}


def test_what_the_gateway_kept_twice_is_doubled(settings: Settings, ledger: Ledger) -> None:
    keep(settings, 1, 2)
    keep(settings, 2, copy="00000000")
    has_seen(settings, 1, 4)
    take(settings, NAMES, presses=1)

    assert ledger.reckon(MADE).doubled == {f"{DEVICE}.1.2"}


def test_a_press_that_the_backend_acted_on_twice_is_doubled(
    settings: Settings, ledger: Ledger
) -> None:
    keep(settings, 1, 2)
    has_seen(settings, 1, 4)
    take(settings, NAMES, presses=2)

    assert ledger.reckon(MADE).doubled == {f"{DEVICE}: 2 of 1 press"}


def test_what_still_waits_for_the_backend_is_told_and_other_devices_are_not(
    settings: Settings, ledger: Ledger
) -> None:
    store = open_store(settings.gateway_database)
    with store.write() as connection:
        for device in (DEVICE, "00000000000a"):
            row = {"destination": "backend", "alarm": True, "body": "", "received_at": 1}
            parcel = {**row, "device": device, "parcel_id": device, "waiting": True}
            connection.execute(insert(outbox).values(parcel))
    store.close()

    found = ledger.reckon(MADE)

    assert found.waiting == 1
    assert not found.ok
