"""The model of the broker is as mosquitto is, in all that the firmware and the gateway rely on."""

import asyncio

import pytest

from sim.building.broker import Broker, Listener
from sim.building.packets import (
    ConnAck,
    Connect,
    Decoder,
    Disconnect,
    Malformed,
    Ping,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    encode,
)
from sim.virtual.loop import run

from .both_brokers import Model, Mosquitto, press

DEVICE, OTHER = "aa0000000001", "aa0000000002"
ALARMS = Subscribe(1, (("doorknock/1/+/alarm", 1),))
STATUS = f"doorknock/1/{DEVICE}/status"
DOWN = f"doorknock/1/{DEVICE}/down"
OFFLINE = Publish(STATUS, b"offline", 1, retain=True)


@pytest.fixture(params=["model", "mosquitto"])
def table(request, tmp_path):
    made = Model() if request.param == "model" else Mosquitto(tmp_path)
    yield made
    made.close()


def test_a_press_is_answered_and_passed_on_until_it_is_acknowledged(table):
    gateway = table.client("gateway-alarm", gateway=True).say(ALARMS)
    assert gateway.seen() == [ConnAck(), SubAck(1, (1,))]
    device = table.client(DEVICE).say(press())
    assert device.seen() == [ConnAck(), PubAck(1)]
    assert gateway.seen() == [press(id_=1)]
    gateway.leave_without_a_word()
    again = table.client("gateway-alarm", gateway=True)
    assert again.seen() == [
        ConnAck(session_present=True),
        Publish(f"doorknock/1/{DEVICE}/alarm", b"press", 1, 1, dup=True),
    ]
    again.say(PubAck(1)).leave_without_a_word()
    assert table.client("gateway-alarm", gateway=True).seen() == [ConnAck(session_present=True)]


def test_what_comes_while_the_gateway_is_away_waits_in_order(table):
    gateway = table.client("gateway-alarm", gateway=True).say(ALARMS)
    gateway.seen()
    gateway.say(Disconnect()).seen()
    device = table.client(DEVICE)
    for number in range(1, 4):
        device.say(press(what=b"%d" % number, id_=number))
    assert device.seen() == [ConnAck(), PubAck(1), PubAck(2), PubAck(3)]
    back = table.client("gateway-alarm", gateway=True).seen()
    assert back[0] == ConnAck(session_present=True)
    assert [(one.payload, one.dup) for one in back[1:]] == [
        (b"1", False),
        (b"2", False),
        (b"3", False),
    ]


def test_who_goes_without_a_word_is_offline_and_who_says_goodbye_is_not(table):
    gateway = table.client("gateway-up", gateway=True)
    gateway.say(Subscribe(1, (("doorknock/1/+/status", 1),))).seen()
    lost = table.client(DEVICE, will=OFFLINE)
    lost.seen()
    lost.leave_without_a_word()
    assert [one.payload for one in gateway.seen()] == [b"offline"]
    polite = table.client(DEVICE, will=OFFLINE)
    polite.say(Publish(STATUS, b"online", 1, 1, retain=True)).seen()
    polite.say(Disconnect()).seen()
    assert [one.payload for one in gateway.seen()] == [b"online"]


def test_who_comes_again_takes_the_session_over_from_the_half_open_connection(table):
    gateway = table.client("gateway-up", gateway=True)
    gateway.say(Subscribe(1, (("doorknock/1/+/status", 1),))).seen()
    half_open = table.client(DEVICE, will=OFFLINE)
    half_open.seen()
    again = table.client(DEVICE, will=OFFLINE)
    assert again.seen() == [ConnAck(session_present=True)]
    half_open.seen()
    assert half_open.closed
    assert not again.closed
    # Nobody is offline: the same device is there.
    assert gateway.seen() == []


def test_what_is_retained_is_told_to_whoever_comes_later(table):
    gateway = table.client("gateway-alarm", gateway=True)
    gateway.say(Publish("doorknock/1/gateway/online", b"online", 1, 1, retain=True)).seen()
    device = table.client(DEVICE)
    device.say(Subscribe(1, ((DOWN, 1), ("doorknock/1/gateway/online", 1))))
    seen = device.seen()
    assert seen[:2] == [ConnAck(), SubAck(1, (1, 1))]
    assert seen[2:] == [Publish("doorknock/1/gateway/online", b"online", 1, 1, retain=True)]
    device.say(PubAck(1))
    gateway.say(Publish("doorknock/1/gateway/online", b"offline", 1, 2, retain=True))
    assert device.seen() == [Publish("doorknock/1/gateway/online", b"offline", 1, 2)]


def test_a_device_speaks_and_hears_for_itself_alone(table):
    gateway = table.client("gateway-alarm", gateway=True).say(ALARMS)
    gateway.seen()
    device = table.client(OTHER).say(Subscribe(1, (("doorknock/1/#", 1),)))
    # The forgery is answered, so that the forger learns nothing, and goes nowhere.
    device.say(press(DEVICE))
    assert device.seen() == [ConnAck(), SubAck(1, (1,)), PubAck(1)]
    gateway.say(Publish(DOWN, b"answer", 1, 1))
    assert [one for one in gateway.seen() if isinstance(one, Publish)] == []
    assert device.seen() == []


def test_a_broker_killed_at_its_answer_has_forgotten_what_it_acknowledged(table):
    gateway = table.client("gateway-alarm", gateway=True).say(ALARMS)
    gateway.seen()
    gateway.say(Disconnect()).seen()
    device = table.client(DEVICE).say(press())
    assert PubAck(1) in device.seen()
    table.end_the_process(wiped=False)
    back = table.client("gateway-alarm", gateway=True)
    assert back.seen() == [ConnAck()]


def test_a_session_begun_clean_keeps_nothing(table):
    gateway = table.client("gateway-alarm", gateway=True).say(ALARMS)
    gateway.seen()
    gateway.leave_without_a_word()
    clean = table.client("gateway-alarm", gateway=True, clean=True)
    assert clean.seen() == [ConnAck()]
    table.client(DEVICE).say(press()).seen()
    assert clean.seen() == []


def test_whoever_speaks_no_mqtt_is_hung_up_on(table):
    stranger = table.come("stranger", False)
    table.put(stranger, b"GET / HTTP/1.1\r\n\r\n")
    stranger.seen()
    assert stranger.closed


def test_packets_are_the_same_in_any_split():
    packets = [press(what=b"x" * 300), PubAck(7), ALARMS, OFFLINE]
    stream = b"".join(encode(one) for one in packets)
    for size in (1, 2, 3, 7, 100):
        decoder = Decoder()
        found = []
        for at in range(0, len(stream), size):
            found += decoder.feed(stream[at : at + size])
        assert found == [*packets[:3], Publish(STATUS, b"offline", 1, 0, retain=True)]


def test_what_makes_no_sense_is_malformed():
    with pytest.raises(Malformed):
        Decoder().feed(b"\x30\xff\xff\xff\xff\xff")
    with pytest.raises(Malformed):
        Decoder().feed(b"\x82\x01\x00")


def test_who_falls_silent_is_gone_when_their_time_is_up_whatever_the_millisecond():
    async def scene(loop):
        broker = Broker(loop)
        broker.start()
        connections = []
        # Among these there are some whose sum with their 45 s is no whole millisecond, as floats go
        await asyncio.sleep(92.6)
        for number in range(200):
            connection = broker.connect(Listener.DEVICES, lambda _data: None, lambda: None)
            connection.received(encode(Connect(f"{number:012x}", 30, False, None)))
            await asyncio.sleep(0.001)
            connection.received(encode(Ping()))
            connections.append(connection)
        await asyncio.sleep(44)
        there = sum(one.open for one in connections)
        await asyncio.sleep(1.5)
        return there, sum(one.open for one in connections)

    assert run(scene, real_limit_s=60.0) == (200, 0)
