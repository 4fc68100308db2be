"""When which event is sent, and again."""

from dataclasses import dataclass, field

import pytest
from doorknock import clock
from doorknock.journal import ALARM, HEARTBEAT, TELEMETRY, Entry
from doorknock.retry import EVERY_S, SPARING_S, WINDOW, Outgoing


@dataclass
class Kept:
    entries: list[Entry] = field(default_factory=list)

    def add(self, rank: int, boot: int = 1) -> Entry:
        entry = Entry(len(self.entries) + 1, rank, boot, len(self.entries) + 1)
        self.entries.append(entry)
        return entry


class Way:
    """An Outgoing with a clock and a broker that counts packets."""

    def __init__(self, schedule: tuple[int, ...] = EVERY_S, *, start: int = 0) -> None:
        self.kept = Kept()
        self.outgoing = Outgoing(self.kept, schedule, lambda _: 0)
        self.outgoing.connected()
        self.now = start
        self._packet = 0

    def send(self, *, acknowledged: bool = True) -> list[Entry]:
        """Everything that is due now."""
        sent = []
        while (entry := self.outgoing.next(self.now)) is not None:
            self._packet += 1
            self.outgoing.sent(entry, self._packet, self.now)
            sent.append(entry)
            if acknowledged:
                self.outgoing.acknowledged(self._packet)
        return sent

    def after(self, ms: int, **rest: bool) -> list[Entry]:
        self.now = (self.now + ms) & clock.MASK
        return self.send(**rest)


@pytest.fixture(params=[0, clock.MASK - 5000])
def way(request: pytest.FixtureRequest) -> Way:
    return Way(start=request.param)


def test_alarms_go_before_telemetry_each_in_order(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    kept = way.kept
    beat, press, boot, again = (
        kept.add(HEARTBEAT),
        kept.add(ALARM),
        kept.add(TELEMETRY),
        kept.add(ALARM),
    )

    assert way.send() == [press, again, beat, boot]


def test_an_unanswered_event_comes_again_at_2_4_8_and_60_s_for_ever(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    assert way.send() == [press]

    gaps = []
    for _ in range(9):
        gap = 0
        while not way.after(500):
            gap += 1
        gaps.append((gap + 1) // 2)

    assert gaps == [2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_on_a_battery_the_retries_become_rare() -> None:
    way = Way(SPARING_S)
    way.outgoing.gateway(True, way.now)
    way.kept.add(ALARM)
    way.send()

    sent = sum(len(way.after(1000)) for _ in range(24 * 3600))

    # 109 mC each: 30 mA h are 108 C; a hundred retries a day are 3 mA h.
    assert sent < 110


def test_while_the_gateway_is_away_an_alarm_goes_to_the_broker_once(way: Way) -> None:
    press = way.kept.add(ALARM)
    way.kept.add(HEARTBEAT)

    assert way.send() == [press]
    assert [way.after(60000) for _ in range(100)] == [[]] * 100


def test_when_the_gateway_is_back_what_it_has_not_answered_comes_again_soon(way: Way) -> None:
    press = way.kept.add(ALARM)
    way.send()
    way.after(3600_000)

    way.outgoing.gateway(True, way.now)

    assert way.after(1500) == []
    assert way.after(1000) == [press]


def test_after_a_reconnect_what_waits_goes_out_as_soon_as_the_gateway_is_there(way: Way) -> None:
    # Given events whose next turn is a minute away, and a broker that may have forgotten them
    way.outgoing.gateway(True, way.now)
    press, beat = way.kept.add(ALARM), way.kept.add(HEARTBEAT)
    way.send()
    for _ in range(120):
        way.after(1000)
    way.after(500)

    # When the device is connected anew
    way.outgoing.connected()
    assert way.send() == []
    way.outgoing.gateway(True, way.now)

    # Then the press goes at once, and the heartbeat after the first delay
    assert way.send() == [press]
    assert way.after(1900) == []
    assert way.after(200) == [press, beat]


def test_a_gateway_that_says_again_that_it_is_there_is_asked_again_soon(way: Way) -> None:
    # Given a broker that kept the word "online" of a gateway that was not there
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    way.send()
    for _ in range(80):
        way.after(1000)

    # When it comes, and says so itself
    way.outgoing.gateway(True, way.now)

    assert way.after(1900) == []
    assert way.after(200) == [press]


def test_a_gateway_that_says_so_all_the_time_does_not_put_a_retry_off(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    way.send()

    for _ in range(3):
        assert way.after(500) == []
        way.outgoing.gateway(True, way.now)

    assert way.after(500) == [press]


def test_it_knows_whether_an_alarm_waits(way: Way) -> None:
    way.kept.add(HEARTBEAT)
    assert not way.outgoing.alarm_waits()
    press = way.kept.add(ALARM)
    way.send()
    assert way.outgoing.alarm_waits()
    way.kept.entries.remove(press)
    assert not way.outgoing.alarm_waits()


def test_what_the_broker_never_took_goes_out_first_thing_on_the_next_connection(way: Way) -> None:
    press = way.kept.add(ALARM)
    assert way.send(acknowledged=False) == [press]

    way.outgoing.connected()

    assert way.send() == [press]
    way.outgoing.connected()
    assert way.send() == []


def test_a_whole_window_that_a_broker_never_took_does_not_block_the_next_connection(
    way: Way,
) -> None:
    entries = [way.kept.add(ALARM) for _ in range(WINDOW)]
    assert way.send(acknowledged=False) == entries

    way.outgoing.connected()

    assert way.send(acknowledged=False) == entries


def test_after_a_reconnect_retries_wait_for_the_gateways_own_word(way: Way) -> None:
    # Given a press that the gateway, there until a moment ago, has not answered
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    assert way.send() == [press]

    # When the device is connected anew, and told nothing, or that the gateway is away
    way.outgoing.connected()
    assert [way.after(60000) for _ in range(10)] == [[]] * 10
    way.outgoing.gateway(False, way.now)

    # Then no further copy goes to the broker
    assert way.send() == []
    assert [way.after(60000) for _ in range(10)] == [[]] * 10


def test_a_gateway_that_is_back_is_tried_as_often_as_at_first(way: Way) -> None:
    # Given a press whose retries have become rare
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    way.send()
    for _ in range(300):
        way.after(1000)

    # When the gateway goes, and comes back without answering at once
    way.outgoing.gateway(False, way.now)
    way.after(3600_000)
    way.outgoing.gateway(True, way.now)

    # Then it is asked again after 2, 4, 8 s, and not once a minute
    sent = [second for second in range(1, 31) if way.after(1000) == [press]]
    assert sent == [2, 6, 14, 30]


def test_a_gateway_that_says_so_twice_gets_a_press_once(way: Way) -> None:
    # Given a press that went out again at once when the gateway was there after a reconnect
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    way.send()
    way.outgoing.connected()
    way.outgoing.gateway(True, way.now)
    assert way.send() == [press]

    # When the gateway says once more that it is there
    way.outgoing.gateway(True, way.now)

    # Then it is left the time to answer
    assert way.send() == []
    assert way.after(1900) == []
    assert way.after(200) == [press]


def test_a_silent_broker_is_noticed(way: Way) -> None:
    assert way.outgoing.unacknowledged_ms(way.now) == 0
    way.kept.add(ALARM)
    way.send(acknowledged=False)
    way.after(4000)

    assert way.outgoing.unacknowledged_ms(way.now) == 4000


def test_only_a_window_is_on_the_way_and_it_moves_on(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    entries = [way.kept.add(ALARM) for _ in range(WINDOW + 3)]

    assert way.send(acknowledged=False) == entries[:WINDOW]
    way.outgoing.acknowledged(1)
    way.outgoing.acknowledged(2)
    assert way.send(acknowledged=False) == entries[WINDOW : WINDOW + 2]


def test_many_unanswered_events_do_not_hold_up_a_new_press(way: Way) -> None:
    for _ in range(50):
        way.kept.add(ALARM)
    way.send()

    press = way.kept.add(ALARM)

    assert way.send() == [press]


def test_an_event_without_a_number_waits_and_the_request_goes(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    way.kept.add(ALARM, boot=0)
    request = way.outgoing.request = Entry(-1, TELEMETRY, 0, 12345)

    assert way.send() == [request]
    assert way.after(2500) == [request]


def test_it_says_how_long_nothing_will_be_due(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    press = way.kept.add(ALARM)
    assert way.outgoing.wait_ms(way.now) == 0
    way.send()
    assert way.outgoing.wait_ms(way.now) == 2000
    way.kept.entries.remove(press)
    way.outgoing.forget(press)
    assert way.outgoing.wait_ms(way.now) == 60000


def test_what_gave_way_in_the_journal_is_forgotten_at_the_next_connection(way: Way) -> None:
    for _ in range(WINDOW):
        way.kept.add(ALARM)
    way.send(acknowledged=False)
    way.kept.entries.clear()
    press = way.kept.add(ALARM)
    press.id = 99

    way.outgoing.connected()

    assert way.send() == [press]


def test_what_is_held_waits_and_holds_up_nothing_else(way: Way) -> None:
    way.outgoing.gateway(True, way.now)
    first = way.outgoing.held = way.kept.add(ALARM)
    assert way.send() == []
    assert way.outgoing.wait_ms(way.now) == 60000
    assert way.outgoing.alarm_waits()
    press, beat = way.kept.add(ALARM), way.kept.add(HEARTBEAT)
    assert way.send() == [press, beat]

    way.outgoing.held = None

    assert way.outgoing.wait_ms(way.now) == 0
    assert way.send() == [first]
