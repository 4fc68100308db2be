"""What is kept of orders, and which lines may be asked for: pure, so tried with everything."""

import itertools

import pytest
from doorknock import afar, clock, lines, orders, wire
from hypothesis import given
from hypothesis import strategies as st

BASE = 0x12345678
VALUES = st.fixed_dictionaries(
    {},
    optional={
        field[0]: st.sampled_from(field[2]) if len(field) == 3 else st.integers(*field[2:])
        for field in wire.SETTING_FIELDS
    },
)


def kept(now: dict, coming: dict | None, number: int, outcome: str) -> orders.Orders:
    made = orders.Orders()
    made.base = BASE
    made.now, made.coming = now, coming
    made.newest = made.set_number = made.act_number = made.update_number = number
    made.set_outcome, made.set_told = outcome, False
    return made


def resumed(saved: bytes, base: int = BASE) -> orders.Orders:
    made = orders.Orders()
    made.resume(saved, base)
    return made


@given(
    VALUES,
    st.none() | VALUES,
    st.integers(0, wire.HIGHEST_NUMBER),
    st.sampled_from(orders.OUTCOMES),
)
def test_what_was_kept_is_there_after_a_start(now, coming, number, outcome):
    before = kept(now, coming, number, outcome)
    assert vars(resumed(before.saved())) == vars(before)


@given(VALUES, st.none() | VALUES, st.data())
def test_no_prefix_of_it_puts_anything_out_of_bounds_in_force(now, coming, data):
    saved = kept(now, coming, 7, "applied").saved()
    part = resumed(saved[: data.draw(st.integers(0, len(saved)))])
    for name, value in itertools.chain(part.now.items(), (part.coming or {}).items()):
        wire.encode("set", "001122334455", 0, 0, 0, {name: value}, bytes(32))


def test_a_device_set_up_anew_keeps_the_numbers_and_none_of_the_settings():
    saved = kept({"answer_s": 20}, {"answer_s": 30}, 9, "accepted").saved()
    anew = resumed(saved, BASE + 1)
    assert (anew.now, anew.coming, anew.newest) == ({}, None, 9)


IN_FORCE = {"mode": "home", "watch_limit_s": 3600, "long_stay_s": 3600, "answer_s": 15}


@pytest.mark.parametrize(
    ("change", "wider"),
    [
        ({"mode": "washroom"}, True),
        ({"watch_limit_s": 3601}, True),
        ({"long_stay_s": 3601}, True),
        ({"watch_limit_s": 3599}, False),
        ({"answer_s": 60}, False),
        ({}, False),
    ],
)
def test_what_widens(change, wider):
    assert afar.widens(IN_FORCE, IN_FORCE | change) is wider


def test_from_a_washroom_to_a_home_is_narrower():
    assert not afar.widens(IN_FORCE | {"mode": "washroom"}, IN_FORCE)


# --- lines ----------------------------------------------------------------------------------------


def log(*said: str) -> lines.Lines:
    made = lines.Lines(lambda: 0)
    for text in said:
        made.say(text)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "event press 1.2",
        "light prompt",
        "flash does not take the watch",
        "the radar is silent: the watch is refused",
        "no frame from the radar; listening at 115200 baud",  # at home: somebody is looked after
    ],
)
def test_what_tells_of_somebody_is_not_kept(text):
    assert log(text).parts(240, 8) == [""]


def test_the_newest_lines_are_kept_and_fit_their_messages():
    made = log(*(f"link down: {'é' * 80} {n}" for n in range(200)), "link up")
    parts = made.parts(240, 8)
    assert parts[-1].endswith("0 link up")
    assert 1 <= len(parts) <= 8
    assert all(len(part.encode()) <= 240 for part in parts)
    assert sum(part.count("\n") + 1 for part in parts) <= lines.LINES


class Room:
    """The least of a device around orders from afar: what it tells."""

    def __init__(self) -> None:
        self.told: list[dict] = []

    def emit(self, kind: str, details: dict) -> tuple[int, int]:
        self.told.append(details)
        return 1, len(self.told)


class Flash:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content


@pytest.mark.parametrize("days", [0, 1, 7, 12])
def test_an_order_that_is_old_is_answered_however_long_ago_one_was(days: int) -> None:
    room = Room()
    obeyed = Flash(kept({}, None, 500, "applied").saved())
    device = afar.Afar(obeyed, {}, BASE, room)
    old = wire.Message("set", "00112233aabb", 0, 0, 400, {})

    device.take(old, 1000)
    device.take(old, 1100)
    device.take(old, (70_000 + days * 86_400_000) & clock.MASK)

    assert [told["outcome"] for told in room.told] == ["old", "old"]
