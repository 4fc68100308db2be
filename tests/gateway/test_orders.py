"""Orders to devices: sent until they are answered, one at a time, and kept for whoever asks."""

import pytest
from doorknock import wire
from httpx_sse import ServerSentEvent

from gateway import devices, orders
from gateway.commands import Commands
from gateway.errors import DeviceError
from gateway.orders import Orders
from gateway.store import Store
from gateway.store import lights as light_table
from gateway.store import orders as table
from gateway.store.schema import outbox
from gateway.wayback import WayBack
from tests.gateway.intake_bench import Bench
from tests.gateway.process import DEVICE, NOW_MS

SENSOR = "0a0b0c0d0e0f"
SENSOR_SECRET = bytes(range(7, 39))


class House:
    """A bench with a button and a sensor, and the gateway's look for orders."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.bench = Bench(store)
        self.sent: list[wire.Message] = []
        devices.register(store, SENSOR, SENSOR_SECRET, "205", "sensor", now_ms=NOW_MS)
        self.commands = Commands(lambda: self.bench.now_ms)
        self.orders = Orders(store, self.commands, self, clock_ms=lambda: self.bench.now_ms)
        self.bench.intake._down = self
        self._seq = 0

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        secret = SENSOR_SECRET if device == SENSOR else self.bench_secret
        self.sent.append(wire.decode_command(message, wire.signing_key(secret)))

    @property
    def bench_secret(self) -> bytes:
        with self.store.read() as connection:
            row = orders.device_table.find(connection, DEVICE)
        assert row is not None
        return bytes(row.secret)

    def order(self, kind: str, device: str = SENSOR, **details: int | str) -> table.Row:
        self.bench.now_ms += 10
        number = orders.give(self.store, device, kind, details, by="ben", now_ms=self.bench.now_ms)
        return self.row(number)

    def row(self, order: int) -> table.Row:
        with self.store.read() as connection:
            row: table.Row = table.get(connection, order)
        return row

    def says(self, kind: str, leaf: str = "up", **details: int | str) -> None:
        self._seq += 1
        message = self.bench.event(kind, self._seq, device=SENSOR, secret=SENSOR_SECRET, **details)
        self.bench.arrive(message, leaf=leaf, device=SENSOR)

    def way_back(self) -> WayBack:
        return WayBack(
            self.store,
            self.commands,
            self,
            None,  # type: ignore[arg-type]  # no stream: the item is handed in
            "http://backend",
            "token",
            gateway="house-1",
            clock_ms=lambda: self.bench.now_ms,
        )

    def look(self) -> list[tuple[str, int, dict[str, int | str]]]:
        self.sent.clear()
        self.orders.look()
        return [(one.kind, one.stamp, one.details) for one in self.sent]


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


def test_an_order_is_sent_once_and_again_when_its_device_is_heard(house: House) -> None:
    order = house.order("set", answer_s=20)
    assert house.look() == [("set", order.number, {"answer_s": 20})]
    assert house.look() == []

    house.sent.clear()
    house.bench.arrive(wire.ONLINE, leaf="status", device=SENSOR)
    house.says("heartbeat")

    assert [one.stamp for one in house.sent if one.kind == "set"] == [order.number] * 2


def test_what_a_device_answers_is_kept_and_says_what_is_in_force(house: House) -> None:
    order = house.order("set", answer_s=20)
    house.look()

    house.says("settings", number=order.number, outcome="accepted", answer_s=15, mode="home")
    assert (house.row(order.id).state, house.row(order.id).waits) == ("accepted", False)
    house.says("settings", number=order.number, outcome="applied", answer_s=20, mode="home")

    done = house.row(order.id)
    assert (done.state, done.ordered_by, done.ordered_at) == ("applied", "ben", NOW_MS + 10)
    # The day and no more: the minute would say when the room was empty
    assert done.answered_on is not None
    assert done.answered_on % orders.DAY_MS == 0
    with house.store.read() as connection:
        assert table.settings_of(connection, SENSOR).settings == {"answer_s": 20, "mode": "home"}
    assert house.bench.kept() == []  # no diary of it among the events

    house.sent.clear()
    house.says("heartbeat")
    assert [one.kind for one in house.sent] == ["answer"]


def test_a_refusal_names_the_setting(house: House) -> None:
    order = house.order("set", answer_s=20)
    house.says("settings", number=order.number, outcome="refused", wrong="answer_s")
    assert house.row(order.id).answer == {"wrong": "answer_s"}


def test_the_next_order_goes_when_the_first_is_answered(house: House) -> None:
    first = house.order("act", what="identify")
    second = house.order("act", what="log")
    assert [number for _, number, _ in house.look()] == [first.number]
    assert house.look() == []

    house.says("done", number=first.number, outcome="done", what="identify")

    assert [number for _, number, _ in house.look()] == [second.number]


def test_newer_settings_take_the_place_of_those_that_nobody_has_answered(house: House) -> None:
    first = house.order("set", answer_s=20)
    second = house.order("set", answer_s=30)
    assert house.row(first.id).state == orders.SUPERSEDED
    assert [number for _, number, _ in house.look()] == [second.number]


def test_numbers_rise_whatever_the_clock_does(house: House) -> None:
    first = house.order("act", what="identify")
    house.bench.now_ms -= 5_000_000
    second = house.order("act", what="identify")
    assert second.number == first.number + 1


def test_an_order_that_the_device_calls_old_is_numbered_anew(house: House) -> None:
    """The gateway's store was put back from a backup, on a computer without a clock."""
    order = house.order("act", what="identify")
    house.look()
    ahead = order.number + 9_000_000

    house.says("done", number=order.number, outcome="old", newest=ahead)

    assert [number for _, number, _ in house.look()] == [ahead + 1]
    assert house.order("act", what="log").number > ahead + 1


def test_an_old_answer_replayed_changes_no_audit(house: House) -> None:
    order = house.order("act", what="restart")
    house.says("done", number=order.number, outcome="busy", what="restart")
    house.says("done", number=order.number, outcome="done", what="restart")
    house.says("done", number=order.number, outcome="old", newest=order.number + 5)
    assert house.row(order.id).state == "busy"


def test_lines_of_a_log_are_whole_or_not_there(house: House) -> None:
    order = house.order("act", what="log")
    house.says("log", number=order.number, part=2, parts=2, text="9 link up")
    assert orders.log_of(house.row(order.id)) is None
    house.says("log", number=order.number, part=1, parts=2, text="0 boot 1\n1 link down")
    assert orders.log_of(house.row(order.id)) == "0 boot 1\n1 link down\n9 link up"


def test_a_test_is_at_the_gateway_and_then_with_the_backend(house: House) -> None:
    order = house.order("act", what="test")
    house.look()
    house.says("test", leaf="alarm", number=order.number, pressed=0)
    house.says("done", number=order.number, outcome="done", what="test")
    assert (house.row(order.id).state, house.row(order.id).waits) == ("at_gateway", False)

    way_back = house.way_back()
    house.sent.clear()
    way_back.take(ServerSentEvent("tested", f'{{"device": "{SENSOR}", "boot": 1, "seq": 1}}', "7"))

    assert house.row(order.id).state == "arrived"
    [told] = house.sent
    assert (told.kind, told.boot, told.seq) == ("tested", 1, 1)


class Sleeper:
    """The button DEVICE, on a battery, heard and asleep; its clock goes on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._seq = 0
        self._begun = house.bench.now_ms
        self.says("heartbeat", leaf="up", battery_millivolts=2900)
        house.bench.now_ms += 600_000

    def says(self, kind: str, leaf: str = "alarm", **details: int | str) -> None:
        self._seq += 1
        uptime_ms = 10_000 + self.house.bench.now_ms - self._begun
        message = self.house.bench.event(kind, self._seq, uptime_ms=uptime_ms, **details)
        self.house.bench.arrive(message, leaf=leaf)

    def told(self) -> list[str]:
        """What the backend is to be told of."""
        with self.house.store.read() as connection:
            rows = connection.execute(outbox.select().order_by(outbox.c.id)).all()
        return [row.body for row in rows]


def test_the_press_that_wakes_a_battery_button_is_the_test_that_was_ordered(house: House) -> None:
    # Given an order that a sleeping device does not know of
    button = Sleeper(house)
    order = house.order("act", DEVICE, what="test_press")
    house.look()
    # When somebody presses it, and it only then hears of the order
    house.bench.now_ms += 20_000
    button.says("press")
    button.says("done", leaf="up", number=order.number, outcome="busy", what="test_press")
    # Then nobody is called
    assert button.told() == ["test"]
    assert (house.row(order.id).state, house.row(order.id).waits) == ("at_gateway", False)
    # And once the backend has it, the light that promised somebody goes out
    house.sent.clear()
    way_back = house.way_back()
    way_back.take(ServerSentEvent("tested", f'{{"device": "{DEVICE}", "boot": 1, "seq": 2}}', "7"))
    assert house.row(order.id).state == "arrived"
    [told] = house.sent
    assert (told.kind, told.seq, told.details) == ("light", 2, {"state": "none"})


def test_so_it_is_where_the_word_that_it_is_busy_overtakes_the_press(house: House) -> None:
    button = Sleeper(house)
    order = house.order("act", DEVICE, what="test_press")
    house.bench.now_ms += 1_000
    uptime_ms = 10_000 + 601_010
    busy = house.bench.event(
        "done", 3, uptime_ms=uptime_ms, number=order.number, outcome="busy", what="test_press"
    )
    house.bench.arrive(busy, leaf="up")
    assert house.row(order.id).state == "busy"

    button.says("press")
    assert button.told() == ["test"]
    # And the next one, which is after it, is a call
    button._seq = 3
    button.says("press")
    assert button.told() == ["test", "press"]


@pytest.mark.parametrize(
    ("after_ms", "details"),
    [(61_000, {}), (-20_000, {}), (10_000, {"taps": 2}), (10_000, {"held": 1})],
)
def test_every_other_press_of_a_sleeping_button_is_a_call(
    house: House, after_ms: int, details: dict[str, int]
) -> None:
    button = Sleeper(house)
    house.order("act", DEVICE, what="test_press")
    house.bench.now_ms += after_ms
    button.says("press", **details)
    assert button.told() == ["press"]


def test_a_press_while_a_call_is_open_is_no_test(house: House) -> None:
    button = Sleeper(house)
    light = {"device": DEVICE, "boot": 1, "seq": 1, "state": "coming", "alert": "a"}
    with house.store.write() as connection:
        light_table.save(connection, **light, now_ms=NOW_MS)
    house.order("act", DEVICE, what="test_press")
    button.says("press")
    assert button.told() == ["press"]


def test_a_second_tap_of_a_woken_button_is_a_call_whatever_was_ordered(house: House) -> None:
    button = Sleeper(house)
    house.order("act", DEVICE, what="test_press")
    button.says("press")
    button.says("press", taps=2)
    assert button.told() == ["test", "press"]


@pytest.mark.parametrize(
    ("device", "kind", "details", "why"),
    [
        (DEVICE, "set", {"answer_s": 20}, "is a button"),
        (SENSOR, "set", {"answer_s": 61}, "outside 10"),
        (SENSOR, "act", {"what": "dance"}, "none of identify"),
        ("ffffffffffff", "act", {"what": "identify"}, "in service"),
    ],
)
def test_what_cannot_be_ordered_is_told_in_a_sentence(
    house: House, device: str, kind: str, details: dict[str, int | str], why: str
) -> None:
    with pytest.raises(DeviceError, match=why):
        house.order(kind, device, **details)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"wifi_key": "x"}, "no setting 'wifi_key'"),
        ({"answer_s": "9"}, "from 10 to 60"),
        ({"answer_s": "soon"}, "from 10 to 60"),
        ({"mode": "barn"}, "home or washroom"),
    ],
)
def test_a_setting_is_read_with_both_its_bounds(given: dict[str, str], why: str) -> None:
    with pytest.raises(DeviceError, match=why):
        orders.read_settings(given)
    assert orders.read_settings({"answer_s": "10", "mode": "home"}) == {
        "answer_s": 10,
        "mode": "home",
    }


def test_a_retired_device_is_sent_nothing(house: House) -> None:
    house.order("act", what="identify")
    devices.retire(house.store, SENSOR, now_ms=NOW_MS)
    assert house.look() == []
