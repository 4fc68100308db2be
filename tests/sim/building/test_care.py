"""Orders in the whole building: the real firmware, gateway and backend, and what is in between."""

import asyncio

import pytest

from gateway import orders
from gateway.store import orders as table
from sim.building.asgi_wire import Backend

from .conftest import BUTTON


class Staff:
    """Somebody who orders of the button, as the command line and the pages do."""

    def __init__(self, building):
        self.building = building
        self.given = []

    def order(self, what):
        store = self.building.gateway.open_store()
        try:
            now_ms = self.building.unix_ms()
            given = orders.give(store, BUTTON, "act", {"what": what}, by="ben", now_ms=now_ms)
            self.given.append(given)
        finally:
            store.close()

    def states(self):
        store = self.building.gateway.open_store()
        try:
            with store.read() as connection:
                return [table.get(connection, given).state for given in self.given]
        finally:
            store.close()


@pytest.fixture
def ordered(play, tmp_path):
    """Orders given before the button has power, and what *meanwhile* does; what came of it."""

    def run(*whats, meanwhile=None):
        async def scene(house):
            button = house.firmware(tmp_path / "board")
            staff = Staff(house.building)
            for what in whats:
                staff.order(what)
            try:
                if meanwhile is not None:
                    await meanwhile(house.building)
                await asyncio.sleep(120)
            finally:
                button.board.close()
            return house, button, staff.states()

        return play(scene)

    return run


def test_a_test_goes_to_the_backend_and_back_to_the_light_and_wakes_nobody(ordered):
    house, button, states = ordered("test")
    assert states == ["arrived"]
    assert button.since(0) == ["delivered", "none"]
    assert house.alerts() == []
    assert house.records("message") == []


def test_orders_that_waited_for_a_device_are_done_in_their_order(ordered):
    _, button, states = ordered("identify", "restart", "log")
    assert states == ["done", "done", "done"]
    causes = [line.data["cause"] for line in button.board.lines if line.what == "power"]
    assert causes == ["power_on", "software"]


def test_a_gateway_that_dies_between_order_and_answer_orders_nothing_twice(ordered):
    async def killed(building):
        await asyncio.sleep(2)
        await building.gateway.kill()
        await asyncio.sleep(30)
        building.gateway.start()

    _, button, states = ordered("restart", meanwhile=killed)
    assert states == ["done"]
    causes = [line.data["cause"] for line in button.board.lines if line.what == "power"]
    assert causes == ["power_on", "software"]


def test_a_test_while_the_backend_is_down_arrives_when_it_is_up_again(ordered):
    async def down(building):
        building.set_backend(Backend.DOWN)
        await asyncio.sleep(40)
        building.set_backend(Backend.UP)

    house, button, states = ordered("test", meanwhile=down)
    assert states == ["arrived"]
    # Too late for whoever stands before it: the light says nothing of a test that is over
    assert "delivered" not in button.since(0)
    assert house.alerts() == []
