"""The outbox: at least once, alarms first, and nothing that one parcel does holds up the others."""

import asyncio
from collections.abc import Callable

import structlog.testing
from sqlalchemy import select

from gateway.destinations import Parcel, Rejected, Unreachable
from gateway.happened import StoredEvent
from gateway.outbox import (
    AT_ONCE,
    LONGEST_RETRY_S,
    LOOK_EVERY_S,
    TELEMETRY_AT_ONCE,
    Lane,
    wait,
)
from gateway.store import Store
from gateway.store import events as table
from gateway.store.schema import outbox
from tests.gateway.process import NOW_MS


class Town:
    """A destination. `takes` decides what becomes of a parcel; `delivered` is what it has."""

    name = "town"

    def __init__(self, takes: Callable[[Parcel], None] = lambda parcel: None) -> None:
        self.takes = takes
        self.asked: list[str] = []
        self.delivered: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.most_at_once = self._now = 0

    def compose(self, event: StoredEvent) -> Parcel | None:
        return None

    async def deliver(self, parcel: Parcel) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            self.asked.append(parcel.id)
            await self.hold.wait()
            await asyncio.sleep(0)
            self.takes(parcel)
            self.delivered.append(parcel.id)
        finally:
            self._now -= 1


class Street:
    """A lane, with time that passes when the lane waits."""

    def __init__(self, store: Store, town: Town) -> None:
        self.store, self.town = store, town
        self.now_s = 0.0
        self.waits: list[float] = []
        self.lane = Lane(
            store,
            town,
            clock_ms=lambda: NOW_MS,
            monotonic=lambda: self.now_s,
            wait=self._wait,
            jitter=lambda: 0.0,
        )

    async def _wait(self, event: asyncio.Event, longest_s: float) -> None:
        if longest_s != LOOK_EVERY_S:
            self.waits.append(longest_s)
            if event.is_set():
                return
            self.now_s += longest_s
            await asyncio.sleep(0)
            return
        # Idle: time passes only where nothing happens in reality either.
        try:
            async with asyncio.timeout(0.02):
                await event.wait()
        except TimeoutError:
            self.now_s += longest_s

    def put(self, *ids: str, alarm: bool = True, device: str = "") -> None:
        rows = [
            {
                "destination": "town",
                "device": device or f"of {id_}",
                "alarm": alarm,
                "parcel_id": id_,
                "body": "{}",
                "received_at": NOW_MS,
                "waiting": True,
            }
            for id_ in ids
        ]
        with self.store.write() as connection:
            table.insert(connection, [], rows)

    def state(self, column: str) -> list[str]:
        """The parcels in which this column is set."""
        with self.store.read() as connection:
            found = connection.execute(
                select(outbox.c.parcel_id).where(outbox.c[column].is_not(None))
            )
            return list(found.scalars())

    async def run_until(self, condition: Callable[[], bool]) -> None:
        running = asyncio.create_task(self.lane.run())
        try:
            await until(condition)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Lets the loop run until the condition holds."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  a condition of the store has no event
            await asyncio.sleep(0.001)


def unreachable(_: Parcel) -> None:
    raise Unreachable("HTTP 503")


def test_a_parcel_is_marked_only_after_it_was_accepted(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town())
        street.town.hold.clear()
        street.put("a")
        asked = asyncio.create_task(street.run_until(lambda: street.state("delivered_at") != []))
        await until(lambda: street.town.asked != [])
        assert street.state("delivered_at") == []
        street.town.hold.set()
        await asked

    asyncio.run(story())


def test_lesson_21_an_outage_of_any_length_loses_nothing(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town(unreachable))
        street.put(*(f"p{n}" for n in range(30)))
        await street.run_until(lambda: len(street.waits) >= 12)
        street.town.takes = lambda parcel: None
        await street.run_until(lambda: len(street.state("delivered_at")) == 30)

        assert sorted(street.town.delivered) == sorted(f"p{n}" for n in range(30))
        assert max(street.waits) == LONGEST_RETRY_S
        assert street.waits[:4] == [1.0, 2.0, 4.0, 8.0]

    asyncio.run(story())


def test_an_outage_is_told_once_and_its_end_once(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town(unreachable))
        street.put(*(f"p{n}" for n in range(30)))
        await street.run_until(lambda: len(street.waits) >= 5)
        street.town.takes = lambda parcel: None
        await street.run_until(lambda: len(street.state("delivered_at")) == 30)

    with structlog.testing.capture_logs() as lines:
        asyncio.run(story())

    warnings = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert warnings == [
        "a destination does not take anything; trying on",
        "a destination works again",
    ]


def test_a_parcel_that_is_never_taken_is_set_aside_and_told_and_the_rest_goes_on(
    store: Store,
) -> None:
    def takes(parcel: Parcel) -> None:
        if parcel.id == "bad":
            raise Rejected("HTTP 422")

    async def story() -> Street:
        street = Street(store, Town(takes))
        street.put("bad", "good", "better", device="one")
        await street.run_until(lambda: len(street.state("delivered_at")) == 2)
        return street

    with structlog.testing.capture_logs() as lines:
        street = asyncio.run(story())

    assert street.state("set_aside_at") == ["bad"]
    assert street.town.asked.count("bad") == 1
    assert [line["parcel"] for line in lines if line["log_level"] == "error"] == ["bad"]


def test_a_parcel_that_always_fails_holds_up_no_other(store: Store) -> None:
    """A backend that stumbles over one event, with 500, for ever."""

    def takes(parcel: Parcel) -> None:
        if parcel.id == "p0":
            raise Unreachable("HTTP 500")

    async def story() -> None:
        street = Street(store, Town(takes))
        street.put(*(f"p{n}" for n in range(40)), device="one")
        await street.run_until(lambda: len(street.state("delivered_at")) == 39)

        assert "p0" in street.town.asked
        assert "p0" not in street.town.delivered

    asyncio.run(story())


def test_alarms_go_before_telemetry_and_never_wait_for_it(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town())
        street.put(*(f"t{n}" for n in range(20)), alarm=False)
        street.put("alarm", device="of t0")
        street.town.hold.clear()
        asked = asyncio.create_task(
            street.run_until(lambda: len(street.state("delivered_at")) == 22)
        )
        await until(lambda: "alarm" in street.town.asked)
        assert street.town.asked[0] == "alarm"
        # Telemetry that hangs leaves room for the next alarm.
        street.put("another")
        street.lane.wake()
        await until(lambda: "another" in street.town.asked)
        street.town.hold.set()
        await asked

    asyncio.run(story())


def test_a_devices_alarms_go_in_order(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town())
        street.put(*(f"p{n:02}" for n in range(20)), device="one")
        street.put(*(f"q{n:02}" for n in range(20)), device="two")
        await street.run_until(lambda: len(street.state("delivered_at")) == 40)

        ones = [id_ for id_ in street.town.delivered if id_.startswith("p")]
        assert ones == sorted(ones)
        assert street.town.most_at_once == 2

    asyncio.run(story())


def test_a_new_press_is_tried_at_once_though_the_lane_backs_off(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town(unreachable))
        street.put("old")
        await street.run_until(lambda: len(street.waits) >= 8)
        street.town.takes = lambda parcel: None
        street.put("new")
        street.lane.wake()
        before = street.now_s
        await street.run_until(lambda: street.town.delivered != [])

        assert street.now_s - before < 1

    asyncio.run(story())


def test_a_wake_in_an_outage_is_one_try_and_no_end_of_the_back_off(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town(unreachable))
        street.put("old")
        await street.run_until(lambda: len(street.waits) >= 5)
        street.put("new")
        street.lane.wake()
        before, asked = street.now_s, len(street.town.asked)
        await street.run_until(lambda: len(street.town.asked) >= asked + 4)

        assert street.now_s - before >= 2 * LONGEST_RETRY_S

    asyncio.run(story())


def test_an_idle_lane_carries_a_new_press_as_soon_as_it_is_woken(store: Store) -> None:
    """And not when it next looks by itself, seconds later: here it never does."""

    async def story() -> None:
        street = Street(store, Town())
        looking = asyncio.Event()

        async def only_when_woken(event: asyncio.Event, _: float) -> None:
            looking.set()
            await event.wait()

        street.lane = Lane(
            store,
            street.town,
            clock_ms=lambda: NOW_MS,
            monotonic=lambda: 0.0,
            wait=only_when_woken,
        )
        running = asyncio.create_task(street.lane.run())
        await looking.wait()
        street.put("press")
        street.lane.wake()
        await until(lambda: street.state("delivered_at") == ["press"])
        running.cancel()

    asyncio.run(story())


def test_everybody_in_the_house_presses_and_eight_are_carried_at_once(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town())
        street.put(*(f"p{n}" for n in range(30)))
        street.town.hold.clear()
        asked = asyncio.create_task(
            street.run_until(lambda: len(street.state("delivered_at")) == 30)
        )
        await until(lambda: len(street.town.asked) >= AT_ONCE)
        street.town.hold.set()
        await asked

        assert street.town.most_at_once == AT_ONCE

    asyncio.run(story())


def test_telemetry_takes_half_of_the_room_however_often_the_lane_looks(store: Store) -> None:
    async def story() -> None:
        street = Street(store, Town())
        street.put(*(f"t{n:02}" for n in range(20)), alarm=False)
        street.town.hold.clear()
        asked = asyncio.create_task(
            street.run_until(lambda: len(street.state("delivered_at")) == 23)
        )
        await until(lambda: len(street.town.asked) >= TELEMETRY_AT_ONCE)
        for alarm in ("a1", "a2", "a3"):
            street.put(alarm)
            street.lane.wake()
            await until(lambda alarm=alarm: alarm in street.town.asked)  # type: ignore[misc]

        telemetry = [id_ for id_ in street.town.asked if id_.startswith("t")]
        assert len(telemetry) == TELEMETRY_AT_ONCE
        street.town.hold.set()
        await asked

    asyncio.run(story())


def test_waiting_ends_with_what_is_waited_for_or_with_the_time() -> None:
    async def story() -> None:
        event = asyncio.Event()
        waiting = asyncio.create_task(wait(event, 3600))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        event.set()
        await waiting
        await wait(asyncio.Event(), 0)

    asyncio.run(story())


def test_what_was_in_flight_when_the_gateway_ended_is_sent_again_under_the_same_id(
    store: Store,
) -> None:
    async def story() -> None:
        first = Street(store, Town())
        first.town.hold.clear()
        first.put("a")
        await first.run_until(lambda: first.town.asked == ["a"])
        second = Street(store, Town())
        await second.run_until(lambda: second.state("delivered_at") == ["a"])

        assert second.town.delivered == ["a"]

    asyncio.run(story())
