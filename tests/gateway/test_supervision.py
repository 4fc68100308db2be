"""Who is late, and what the gateway tells the backend every minute."""

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
import structlog.testing

from gateway import devices
from gateway.destinations import Parcel, Unreachable
from gateway.destinations.webhook import WebhookDestination
from gateway.errors import Deaf
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.supervision import (
    ALIVE_LOOKED_EVERY_S,
    HEARTBEAT_EVERY_S,
    RETRY_S,
    Supervision,
    late,
    stay_alive,
)
from tests.gateway.process import DEVICE, NOW_MS

MINUTE = 60_000


class Over(Exception):
    """Enough heartbeats."""


class Watch:
    """A supervision whose time passes when it sleeps, and whose heartbeats are kept."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = NOW_MS
        self.set_by_ms = 0
        self.hears = True
        self.takes = True
        self.beats: list[dict[str, Any]] = []
        self.slept: list[float] = []
        self.rounds = 0
        backend = WebhookDestination(None, "http://b", "whsec_c2VjcmV0", gateway="house-1")  # type: ignore[arg-type]
        monkeypatch.setattr(backend, "deliver", self._deliver)
        self.supervision = Supervision(
            store,
            backend,
            clock_ms=lambda: self.now_ms,
            monotonic_ms=lambda: self.now_ms - self.set_by_ms,
            can_hear=lambda: self.hears,
            store_works=lambda: True,
            unheard=lambda: 3,
            sleep=self._sleep,
        )

    async def _deliver(self, parcel: Parcel) -> None:
        if not self.takes:
            raise Unreachable("HTTP 503")
        self.beats.append(json.loads(parcel.body))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ms += int(seconds * 1000)
        self.rounds -= 1
        if self.rounds == 0:
            raise Over

    def run(self, rounds: int) -> list[dict[str, Any]]:
        """The log lines of so many rounds."""
        self.rounds = rounds
        with structlog.testing.capture_logs() as lines, contextlib.suppress(Over):
            asyncio.run(self.supervision.run())
        return lines


def heard(store: Store, at_ms: int) -> None:
    with store.write() as connection:
        device_table.change(connection, DEVICE, {"last_heard_at": at_ms})


def test_the_heartbeat_tells_of_every_device(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(store, monkeypatch)

    watch.run(1)

    assert watch.slept == [HEARTBEAT_EVERY_S]
    assert watch.beats[0]["type"] == "gateway.heartbeat"
    data = watch.beats[0]["data"]
    assert data["gateway"] == "house-1"
    assert data["devices"] == [
        {
            "device": DEVICE,
            "unit": "204",
            "device_type": "button",
            "tier": "none",
            "last_heard_at": None,
            "battery_millivolts": None,
            "late": False,
        }
    ]
    assert data["unheard"] == 3


def test_a_heartbeat_that_fails_is_tried_again_soon(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(store, monkeypatch)
    watch.takes = False

    watch.run(2)

    assert watch.slept == [RETRY_S, RETRY_S]


def test_a_heartbeat_that_stumbles_is_said_and_tried_again_soon(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(store, monkeypatch)
    broken = [True, True]

    def can_hear() -> bool:
        if broken:
            broken.pop()
            raise RuntimeError("nobody thought of this")
        return True

    monkeypatch.setattr(watch.supervision, "_can_hear", can_hear)

    lines = watch.run(3)

    assert [line["event"] for line in lines] == ["the heartbeat stumbled; it goes on"] * 2
    assert watch.slept == [RETRY_S, RETRY_S, HEARTBEAT_EVERY_S]
    assert len(watch.beats) == 1


def test_lesson_32_a_device_that_never_reported_is_missed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(store, monkeypatch)

    lines = watch.run(40)

    assert [line["event"] for line in lines] == ["not heard from a device"]
    assert watch.beats[-1]["data"]["devices"][0]["late"] is True


def test_a_device_just_added_is_given_its_time_however_long_the_gateway_has_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(store, monkeypatch)
    for _ in range(3):
        heard(store, watch.now_ms)
        watch.run(20)
    heard(store, watch.now_ms)

    devices.register(
        store, "00112233ccdd", bytes(range(1, 33)), "205", "button", now_ms=watch.now_ms
    )

    assert watch.run(30) == []
    lines = [line for line in watch.run(10) if line["device"] == "00112233ccdd"]
    assert [line["event"] for line in lines] == ["not heard from a device"]


def test_lesson_31_a_silence_is_told_once_and_its_end_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(store, monkeypatch)
    first = watch.run(90)
    heard(store, watch.now_ms)

    second = watch.run(10)

    assert [line["event"] for line in first + second] == [
        "not heard from a device",
        "a device is heard again",
    ]


def test_devices_are_not_blamed_for_the_gateways_own_absence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(store, NOW_MS)
    watch = Watch(store, monkeypatch)
    watch.now_ms += 24 * 60 * MINUTE
    watch.hears = False

    assert watch.run(60) == []
    watch.hears = True
    assert watch.run(20) == []


def test_a_clock_that_is_set_makes_no_device_late(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was heard a minute ago was not heard ten hours ago, whatever the clock says."""
    heard(store, NOW_MS)
    watch = Watch(store, monkeypatch)
    watch.run(2)
    watch.now_ms += 10 * 60 * MINUTE
    watch.set_by_ms += 10 * 60 * MINUTE

    assert watch.run(30) == []
    assert [line["event"] for line in watch.run(10)] == ["not heard from a device"]


@pytest.mark.parametrize(
    ("device_type", "minutes", "expected"),
    [("button", 30, False), ("button", 31, True), ("sensor", 2, False), ("sensor", 3, True)],
)
def test_two_missed_heartbeats_make_a_device_late(
    store: Store, device_type: str, minutes: int, expected: bool
) -> None:
    device = devices.register(
        store, "aabbccddeeff", bytes(31) + b"1", "2", device_type, now_ms=NOW_MS
    )

    assert late(device, NOW_MS + minutes * MINUTE, NOW_MS) is expected


@pytest.mark.parametrize(("minutes", "expected"), [(30, False), (31, True)])
def test_a_device_that_a_clock_ahead_has_heard_is_missed_all_the_same(
    store: Store, minutes: int, expected: bool
) -> None:
    """The clock was ten hours ahead, has been set, and nobody has been heard since."""
    device = replace(devices.get(store, DEVICE), last_heard_at_ms=NOW_MS + 600 * MINUTE)

    assert late(device, NOW_MS + minutes * MINUTE, NOW_MS) is expected


def test_a_part_that_hears_devices_and_has_ended_ends_the_gateway() -> None:
    """A process that runs and hears nobody looks well to everybody."""
    answers = iter([True, True, False])
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    with pytest.raises(Deaf, match="intake has ended"):
        asyncio.run(stay_alive({"door": lambda: True, "intake": lambda: next(answers)}, sleep))
    assert slept == [ALIVE_LOOKED_EVERY_S] * 2
