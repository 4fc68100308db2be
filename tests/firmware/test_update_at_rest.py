"""Without an update what updates need is not loaded; an order is kept, and then it is loaded."""

import pytest
from doorknock import update_at_rest
from doorknock.update_at_rest import FETCHING, IDLE, TRYING, AtRest, packed, unpacked

DIGEST = bytes(range(32))
ORDER = {"manifest": DIGEST.hex(), "size": 900}


class Kept:
    """On flash. takes: whether it takes what is written."""

    def __init__(self, content=b"", takes=True):
        self.content = content
        self.takes = takes

    def read(self):
        return self.content

    def write(self, content):
        if self.takes:
            self.content = content
        return self.takes


class Room:
    """memory: whether there is enough of it for an update. calm: whether nobody is disturbed."""

    def __init__(self, memory=True, calm=True):
        self.memory = memory
        self.calm = calm
        self.loaded = 0
        self.restarts = 0
        self.said = []

    def may(self):
        return self.calm

    def updates(self):
        if not self.memory:
            raise MemoryError
        self.loaded += 1

    def restart(self):
        self.restarts += 1

    def emit(self, kind, details):
        assert kind == "updating"
        self.said.append((details["number"], details["state"], details.get("why", "")))

    def log(self, text):
        pass


def at_rest(kept=None, key=b"key", **room):
    room = Room(**room)
    return AtRest(kept or Kept(), key, room), room


def test_without_an_order_nothing_is_loaded_and_nothing_said():
    it, room = at_rest()
    assert not it.goes_on(bitten=True)
    it.begin()
    it.answered()
    it.piece(None, 1000)
    it.tick(1000)

    assert not it.trying
    assert not it.under_way
    assert not it.awake(1000)
    assert (room.loaded, room.said) == (0, [])


def test_an_order_is_kept_first_and_loaded_once_nobody_is_disturbed():
    kept = Kept()
    it, room = at_rest(kept, calm=False)
    it.ordered(9, ORDER, False)
    it.tick(1000)
    assert room.said == [(9, "accepted", "")]
    assert unpacked(kept.content) == (FETCHING, 0, 9, 900, DIGEST)
    assert room.loaded == 0
    assert it.under_way

    room.calm = True
    assert it.awake(2000)
    it.tick(2000)

    assert room.loaded == 1


def test_an_order_that_comes_again_is_answered_again_until_it_is_over():
    it, room = at_rest(calm=False)
    it.ordered(9, ORDER, False)
    it.ordered(9, ORDER, True)
    assert room.said == [(9, "accepted", ""), (9, "accepted", "")]

    it.ordered(10, {}, False)
    it.ordered(10, {}, True)

    assert room.said[2:] == [(10, "stopped", "")]
    assert not it.under_way


@pytest.mark.parametrize(
    ("order", "key", "takes", "state", "why"),
    [
        ({}, b"key", True, "stopped", ""),
        ({"manifest": "no digest", "size": 900}, b"key", True, "stopped", ""),
        (ORDER, b"", True, "refused", "no key to verify it with"),
        (ORDER, b"key", False, "failed", "flash"),
    ],
)
def test_what_comes_to_nothing_is_answered_without_loading_anything(order, key, takes, state, why):
    kept = Kept(takes=takes)
    it, room = at_rest(kept, key)

    it.ordered(9, order, False)
    it.tick(1000)

    assert room.said == [(9, state, why)]
    assert room.loaded == 0
    assert unpacked(kept.content)[0] == IDLE


def test_where_memory_is_short_it_starts_anew_at_a_calm_moment():
    kept = Kept()
    it, room = at_rest(kept, memory=False)
    it.ordered(9, ORDER, False)
    it.tick(1000)
    assert room.restarts == 0
    room.calm = False
    it.tick(2000)
    assert room.restarts == 0

    room.calm = True
    it.tick(3000)

    assert room.restarts == 1
    # And that start is in the midst of it
    assert AtRest(kept, b"key", room).goes_on(bitten=False)


def test_where_memory_is_short_at_a_start_too_it_has_failed_and_the_next_start_is_at_rest():
    kept = Kept(packed(FETCHING, 0, 9, 900, DIGEST))
    it, room = at_rest(kept)
    assert it.goes_on(bitten=False)

    it.give_up("no memory")
    it.begin()

    assert room.said == [(9, "failed", "no memory")]
    assert not AtRest(kept, b"key", room).goes_on(bitten=False)
    # The same order, once more, is over; a newer one is not
    it.ordered(9, ORDER, True)
    assert len(room.said) == 1
    it.ordered(10, ORDER, False)
    assert room.said[1:] == [(10, "accepted", "")]


def test_a_device_that_hangs_by_it_gives_it_up():
    kept = Kept(packed(FETCHING, 1, 9, 900, DIGEST))
    for _ in range(3):
        it, room = at_rest(kept)
        assert it.goes_on(bitten=True)
        # A start by another cause is no hanging
        assert it.goes_on(bitten=False)
        it.begin()
        assert room.said == []

    it, room = at_rest(kept)
    assert not it.goes_on(bitten=True)
    it.begin()

    assert room.said == [(9, "failed", "started anew by its watchdog")]
    assert unpacked(kept.content)[0] == IDLE


@pytest.mark.parametrize("phase", [FETCHING, TRYING])
def test_what_was_kept_is_gone_on_with(phase):
    it, _ = at_rest(Kept(packed(phase, 0, 9, 900, DIGEST)))

    assert it.goes_on(bitten=False)


@pytest.mark.parametrize("saved", [b"", b"\x01", bytes(47), packed(IDLE, 0, 9, 0, b"")])
def test_nothing_and_nonsense_are_no_update(saved):
    it, _ = at_rest(Kept(saved))

    assert not it.goes_on(bitten=True)
    assert update_at_rest.unpacked(saved)[0] == IDLE
