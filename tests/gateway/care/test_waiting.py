"""Waiting for what becomes of an order: with a bound, and saying so."""

import pytest

from gateway import devices, orders
from gateway.care import view, waiting
from gateway.errors import DeviceError
from gateway.store import Store
from gateway.store import orders as table
from tests.gateway.process import DEVICE, NOW_MS, SECRET

SENSOR = "0a0b0c0d0e0f"


class Terminal:
    """A person who waits; what happens meanwhile happens while they sleep."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now_s = 0.0
        self.said: list[str] = []
        # (s, what becomes of the order then)
        self.due: list[tuple[float, dict[str, object]]] = []
        self.order = 0

    def give(self, kind: str = "act", device: str = DEVICE, **details: int | str) -> None:
        self.order = orders.give(self.store, device, kind, details, by="ben", now_ms=NOW_MS)

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
        while self.due and self.due[0][0] <= self.now_s:
            with self.store.write() as connection:
                table.change(connection, self.order, self.due.pop(0)[1])

    def wait(self, most_s: float = 60.0) -> view.Order:
        def say(_state: str, text: str) -> None:
            self.said.append(text)

        patience = waiting.Patience(lambda: self.now_s, self._sleep, say)
        return waiting.until_settled(self.store, self.order, most_s, patience)


@pytest.fixture
def terminal(store: Store) -> Terminal:
    devices.register(store, SENSOR, SECRET[::-1], "205", "sensor", now_ms=NOW_MS)
    return Terminal(store)


def test_a_device_that_answers_ends_the_wait(terminal: Terminal) -> None:
    terminal.give(what="identify")
    terminal.due = [(1, {"sent_at": NOW_MS}), (3, {"state": "done", "waits": False})]
    order = terminal.wait()
    assert terminal.now_s == pytest.approx(3)
    assert (waiting.is_good(order), waiting.sentence(order)) == (True, "Done.")
    assert terminal.said == ["Waiting for the device; Ctrl-C leaves the order standing."]


def test_a_device_that_is_away_leaves_the_order_standing(terminal: Terminal) -> None:
    terminal.give(what="identify")
    terminal.due = [(1, {"sent_at": NOW_MS})]
    order = terminal.wait(10)
    assert terminal.now_s == pytest.approx(10)
    assert not waiting.is_good(order)
    assert "the order stands" in waiting.sentence(order)


def test_a_gateway_that_does_not_run_is_said(terminal: Terminal) -> None:
    terminal.give(what="identify")
    terminal.wait(10)
    assert "No gateway has taken the order yet" in terminal.said[-1]


def test_an_order_behind_an_earlier_one_does_not_blame_the_gateway(terminal: Terminal) -> None:
    # Of a button that sleeps: it hears of the first when it wakes up, and then of the second.
    terminal.give(what="identify")
    terminal.due = [(1, {"sent_at": NOW_MS})]
    terminal.wait(10)
    terminal.give(what="log")
    terminal.wait(10)
    assert "has not answered an earlier order yet" in terminal.said[-1]
    assert not any("No gateway" in line for line in terminal.said)


def test_what_widens_says_that_somebody_has_to_press(terminal: Terminal) -> None:
    terminal.give("set", SENSOR, mode="washroom")
    terminal.due = [
        (1, {"sent_at": NOW_MS, "state": "waiting_for_press", "waits": False}),
        (120, {"state": "no_press"}),
    ]
    order = terminal.wait(180)
    assert any("one press in the room" in line for line in terminal.said)
    assert (waiting.is_good(order), terminal.now_s) == (False, pytest.approx(120))


def test_a_test_is_over_when_the_backend_has_it_and_not_before(terminal: Terminal) -> None:
    terminal.give(what="test")
    terminal.due = [
        (1, {"state": "done", "waits": False}),
        (2, {"state": "at_gateway"}),
        (4, {"state": "arrived"}),
    ]
    assert waiting.is_good(terminal.wait())
    assert terminal.now_s == pytest.approx(4)


def test_a_test_that_stays_at_the_gateway_has_not_passed(terminal: Terminal) -> None:
    terminal.give(what="test")
    terminal.due = [(1, {"state": "at_gateway", "waits": False})]
    order = terminal.wait(20)
    assert not waiting.is_good(order)
    assert "not to the backend" in waiting.sentence(order)


def test_a_device_is_found_by_its_label_or_by_its_unit(terminal: Terminal) -> None:
    store = terminal.store
    assert view.find(store, "0A:0B:0C:0D:0E:0F").unit == "205"
    assert view.find(store, "204").device == DEVICE
    devices.register(store, "0a0b0c0d0e10", bytes(range(3, 35)), "204", "sensor", now_ms=NOW_MS)
    for text, why in (("204", "several"), ("999", "neither"), ("ffffffffffff", "no device")):
        with pytest.raises(DeviceError, match=why):
            view.find(store, text)
