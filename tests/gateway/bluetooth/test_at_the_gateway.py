"""The same with the gateway's own store: orders, the audit, and the device's word."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from doorknock import wire

from gateway import devices, orders
from gateway.arrival import Arrival
from gateway.bluetooth import at_the_gateway
from gateway.bluetooth.air import BluetoothError, Trouble
from gateway.bluetooth.change import Network, Step
from gateway.commands import Commands
from gateway.entry import Entry
from gateway.errors import DeviceError
from gateway.store import Store, open_store
from gateway.store import devices as device_table
from gateway.store import orders as table
from tests.gateway.bluetooth.air import SECRET, FakeAir, Time

DEVICE = "a0b1c2d3e4f5"
NOW_MS = 1_790_000_000_000
NETWORK = Network("new house", "new password")


class Gateway:
    """A store with one device in it, and that device."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.time = Time()
        self.air = FakeAir(self.time, DEVICE)
        self.seq = 0
        self.steps: list[Step] = []
        self.entry = Entry(Commands(self.now_ms), [])
        devices.register(store, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)

    def now_ms(self) -> int:
        return NOW_MS + int(self.time.now_s * 1000)

    def online(self) -> None:
        with self.store.write() as connection:
            device_table.change(connection, DEVICE, {"online": True})

    def hear(self, kind: str, details: dict[str, int | str]) -> None:
        """The device says this, and the intake takes it."""
        self.seq += 1
        key = wire.signing_key(SECRET)
        message = wire.encode(kind, DEVICE, 1, self.seq, self.seq * 1000, details, key)
        with self.store.write() as connection:
            self.entry.enter(connection, [Arrival("test", DEVICE, "up", message, self.now_ms())])

    def ordered(self) -> list[tuple[str, str, str]]:
        with self.store.read() as connection:
            rows = table.of_device(connection, DEVICE, 10)
        return [(row.kind, row.state, row.ordered_by) for row in reversed(rows)]

    def answers(self, outcome: str, at_s: float) -> None:
        def answer() -> None:
            with self.store.read() as connection:
                order = table.next_of(connection, DEVICE)
            self.hear("done", {"number": order.number, "outcome": outcome, "what": "wifi"})

        self.time.at(at_s, answer)

    def change(self) -> None:
        asyncio.run(
            at_the_gateway.change(
                self.store,
                DEVICE,
                NETWORK,
                self.air,
                by="dora",
                say=self.steps.append,
                clock_ms=self.now_ms,
                clock=self.time.clock,
                sleep=self.time.sleep,
            )
        )


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield Gateway(store)
    store.close()


def later(gateway: Gateway, outcome: str, after_s: float) -> None:
    def take(network: tuple[bytes, bytes]) -> None:
        gateway.time.at(
            gateway.time.now_s + after_s, lambda: gateway.hear("wifi", {"outcome": outcome})
        )

    gateway.air.on_taken = take


def test_a_device_that_is_online_is_ordered_and_its_word_is_waited_for(gateway):
    gateway.online()
    gateway.answers("done", 1)
    gateway.time.at(20, lambda: gateway.air.open(authorised=True))
    later(gateway, "changed", 20)
    gateway.change()
    assert gateway.ordered() == [("act", "done", "dora")]
    assert gateway.steps[-1] is Step.CHANGED


def test_one_that_is_offline_is_not_ordered_and_the_audit_knows_all_the_same(gateway):
    gateway.air.open(authorised=True)
    later(gateway, "changed", 20)
    gateway.change()
    assert gateway.ordered() == [("wifi", "done", "dora")]


def test_an_order_that_is_not_answered_does_not_wait_for_another_day(gateway):
    gateway.online()
    gateway.air.open(authorised=True)
    later(gateway, "changed", 20)
    gateway.change()
    assert gateway.ordered() == [("act", orders.SUPERSEDED, "dora")]
    with gateway.store.read() as connection:
        assert table.next_of(connection, DEVICE) is None


def test_a_device_that_looks_after_somebody_is_busy(gateway):
    gateway.online()
    gateway.answers("busy", 1)
    with pytest.raises(BluetoothError) as caught:
        gateway.change()
    assert caught.value.trouble is Trouble.BUSY


def test_what_it_told_of_an_earlier_change_is_not_news(gateway):
    gateway.hear("wifi", {"outcome": "wrong_password"})
    gateway.time.pass_by(1)
    gateway.air.open(authorised=True)
    later(gateway, "changed", 20)
    gateway.change()
    assert gateway.steps[-1] is Step.CHANGED


def test_what_it_told_of_an_earlier_attempt_and_only_now_could_send_is_not_this_ones(gateway):
    gateway.air.open(authorised=True)
    now = gateway.time

    def take(network: tuple[bytes, bytes]) -> None:
        attempt = gateway.air.offers.attempt
        other = {"outcome": "wrong_password", "attempt": attempt ^ 1}
        mine = {"outcome": "changed", "attempt": attempt}
        now.at(now.now_s + 20, lambda: gateway.hear("wifi", other))
        # In between there is more than one look.
        now.at(now.now_s + 40, lambda: gateway.hear("wifi", mine))

    gateway.air.on_taken = take
    gateway.change()
    assert gateway.steps[-1] is Step.CHANGED
    assert now.now_s >= 40


def test_a_device_that_is_not_here_or_was_retired(gateway):
    devices.retire(gateway.store, DEVICE, now_ms=NOW_MS)
    with pytest.raises(DeviceError, match="retired"):
        gateway.change()
    assert gateway.air.waits == []


def test_nothing_of_the_network_is_in_the_store(gateway, tmp_path):
    gateway.online()
    gateway.answers("done", 1)
    gateway.air.open(authorised=True)
    later(gateway, "changed", 20)
    gateway.change()
    gateway.store.close()
    for file in tmp_path.iterdir():
        assert b"new password" not in file.read_bytes()
        assert b"new house" not in file.read_bytes()
