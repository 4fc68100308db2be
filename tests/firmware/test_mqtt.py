"""MQTT packets, against the examples of the standard and against any split."""

import pytest
from doorknock import mqtt
from hypothesis import given
from hypothesis import strategies as st


def test_a_connect_names_its_will_and_keeps_its_session() -> None:
    packet = mqtt.connect("d1", 30, "t/status", b"offline")

    # Section 3.1: level 4; will retained at QoS 1, no clean session, no user name.
    assert packet == (
        b"\x10\x21\x00\x04MQTT\x04\x2c\x00\x1e\x00\x02d1\x00\x08t/status\x00\x07offline"
    )


def test_a_publish_says_when_it_is_sent_again() -> None:
    first = mqtt.publish("a/b", b"x", 10, False, False)
    again = mqtt.publish("a/b", b"x", 10, False, True)

    assert first == b"\x32\x08\x00\x03a/b\x00\x0ax"
    assert again == b"\x3a" + first[1:]
    assert mqtt.publish("a/b", b"x", 10, True, False)[0] == 0x33


def test_an_acknowledgement_names_its_packet() -> None:
    assert mqtt.puback(0x0102) == b"\x40\x02\x01\x02"
    assert mqtt.read_packet_id(b"\x01\x02") == 0x0102
    for body in (b"", b"\x01"):
        with pytest.raises(mqtt.Broken):
            mqtt.read_packet_id(body)


def test_a_subscription_asks_for_qos_1() -> None:
    assert mqtt.subscribe(7, ["a", "b"]) == b"\x82\x0a\x00\x07\x00\x01a\x01\x00\x01b\x01"


@pytest.mark.parametrize("length", [0, 127, 128, 1000])
def test_the_length_takes_as_many_bytes_as_it_needs(length: int) -> None:
    packet = mqtt.publish("t", bytes(length), 1, False, False)

    assert mqtt.Packets().feed(packet) == [(0x32, b"\x00\x01t\x00\x01" + bytes(length))]


@given(
    st.lists(st.binary(max_size=200), max_size=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=40),
)
def test_packets_are_found_in_any_split(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(mqtt.publish("t/u", payload, 9, False, False) for payload in payloads)
    packets = mqtt.Packets()
    found = []
    at = 0
    turn = 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        found += packets.feed(stream[at : at + step])
        at += step
        turn += 1

    assert [mqtt.read_publish(*packet) for packet in found] == [
        ("t/u", payload, 9) for payload in payloads
    ]


def test_a_packet_larger_than_any_of_ours_breaks_the_link_before_it_is_taken_in() -> None:
    with pytest.raises(mqtt.Broken, match="2000"):
        mqtt.Packets().feed(b"\x30\xd0\x0f")


def test_a_length_without_end_breaks_the_link() -> None:
    with pytest.raises(mqtt.Broken):
        mqtt.Packets().feed(b"\x30\xff\xff\xff\xff\x01")


@given(st.binary(max_size=300))
def test_rubbish_breaks_the_link_or_is_read_and_nothing_else(some: bytes) -> None:
    try:
        for first, body in mqtt.Packets().feed(some):
            if first & 0xF0 == mqtt.PUBLISH:
                mqtt.read_publish(first, body)
            elif first & 0xF0 in (mqtt.PUBACK, mqtt.SUBACK):
                mqtt.read_packet_id(body)
    except mqtt.Broken:
        pass


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\x00\x09abc", b"\x00\x01a", b"\x00\x02\xff\xfe\x00\x01"]
)
def test_a_publish_that_makes_no_sense_breaks_the_link(body: bytes) -> None:
    with pytest.raises(mqtt.Broken):
        mqtt.read_publish(0x32, body)
