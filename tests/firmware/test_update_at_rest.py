"""While there is no update, what updates need is not loaded; an order for one loads it."""

import struct

import pytest
from doorknock import update_at_rest
from doorknock.update_at_rest import AtRest


class Updates:
    def __init__(self):
        self.orders = []

    def ordered(self, number, details, again):
        self.orders.append((number, details, again))


class Room:
    """memory: whether there is enough of it for an update."""

    def __init__(self, memory=True):
        self.memory = memory
        self.loaded = None
        self.said = []

    def updates(self):
        if not self.memory:
            raise MemoryError
        self.loaded = Updates()
        return self.loaded

    def emit(self, kind, details):
        self.said.append((kind, details))


@pytest.mark.parametrize(
    ("saved", "at_rest"),
    [
        (b"", True),
        (b"\x01", True),
        (struct.pack("<BBBQH32s", 1, update_at_rest.IDLE, 0, 7, 0, bytes(32)), True),
        (struct.pack("<BBBQH32s", 1, update_at_rest.FETCHING, 0, 7, 900, bytes(32)), False),
        (struct.pack("<BBBQH32s", 1, update_at_rest.TRYING, 1, 7, 900, bytes(32)), False),
    ],
)
def test_what_was_kept_says_whether_there_is_one(saved, at_rest):
    assert update_at_rest.is_at_rest(saved) is at_rest


def test_an_order_loads_it_and_goes_on_to_it():
    room = Room()
    at_rest = AtRest(room)
    at_rest.begin()
    at_rest.tick(1000)
    at_rest.answered()
    assert room.loaded is None
    assert not at_rest.trying
    assert not at_rest.under_way
    assert not at_rest.awake(1000)

    at_rest.ordered(9, {"size": 900}, False)

    assert room.loaded.orders == [(9, {"size": 900}, False)]
    assert room.said == []


def test_an_order_for_which_there_is_no_memory_fails_and_is_answered():
    room = Room(memory=False)

    AtRest(room).ordered(9, {"size": 900}, False)

    assert room.said == [("updating", {"number": 9, "state": "failed", "why": "no memory"})]
