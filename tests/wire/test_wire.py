"""The contract: what is encoded is what is read, and nothing else is believed."""

import hashlib
import hmac

import pytest
from doorknock import config, settings, wire
from hypothesis import example, given
from hypothesis import strategies as st

from tests.wire.messages import messages, secrets

KEY = wire.signing_key(bytes(range(32)))
DEVICE = "0011223344ff"


def decode(kind: str, message: bytes, key: bytes) -> wire.Message:
    known = wire.decode_event if kind in wire.EVENT_KINDS else wire.decode_command
    return known(message, key)


def a_press(**changes: int) -> bytes:
    return wire.encode("press", DEVICE, 3, 7, 1000, {"taps": 1, "held": 0, **changes}, KEY)


def signed(body: bytes, key: bytes = KEY) -> bytes:
    """`body` with a true signature, whatever it holds."""
    return body + hmac.new(key, body, hashlib.sha256).digest()[:16]


@given(messages, secrets)
def test_every_message_reads_back_as_it_was_written(message, secret):
    kind, device, boot, seq, stamp, details = message
    key = wire.signing_key(secret)
    read = decode(kind, wire.encode(kind, device, boot, seq, stamp, details, key), key)
    assert (read.kind, read.device, read.boot, read.seq, read.stamp) == (
        kind,
        device,
        boot,
        seq,
        stamp,
    )
    assert read.details == details
    assert read.spoilt == ()


@given(messages, secrets, st.data())
def test_one_changed_bit_anywhere_is_refused(message, secret, data):
    key = wire.signing_key(secret)
    whole = bytearray(wire.encode(*message, key))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    with pytest.raises(wire.Refused):
        decode(message[0], bytes(whole), key)


@given(st.binary(max_size=wire.LONGEST_BYTES + 50))
@example(b"")
@example(bytes(wire.SHORTEST_BYTES))
def test_noise_is_refused_and_raises_nothing_else(noise):
    for read in (wire.decode_event, wire.decode_command):
        with pytest.raises(wire.Refused) as refusal:
            read(noise, KEY)
        assert refusal.value.reason in wire.REASONS


@given(st.binary(max_size=200), st.sampled_from(wire.catalogue()))
def test_truly_signed_nonsense_in_the_details_never_loses_the_message(rest, row):
    header = bytes([wire.VERSION, row[1]]) + bytes.fromhex(DEVICE) + bytes(16)
    read = decode(row[0], signed(header + rest), KEY)
    assert read.kind == row[0]
    for name, value in read.details.items():
        wire.encode(row[0], DEVICE, 0, 0, 0, {name: value}, KEY)  # within its bounds


def test_a_missing_detail_does_not_lose_a_press():
    """Lesson 18: a missing battery field lost the press."""
    read = wire.decode_event(wire.encode("press", DEVICE, 1, 1, 5, {}, KEY), KEY)
    assert read.kind == "press"
    assert read.details == {}


def test_a_detail_out_of_its_bounds_is_left_out_and_named():
    taps_of_0 = bytes([1, 1, 0])
    held = bytes([2, 1, 2])
    header = a_press()[: wire.HEADER_BYTES]
    read = wire.decode_event(signed(header + taps_of_0 + held), KEY)
    assert read.details == {"held": 1}
    assert read.spoilt == ("taps",)


def test_a_tag_of_a_later_firmware_is_passed_over():
    header = a_press()[: wire.HEADER_BYTES]
    read = wire.decode_event(signed(header + bytes([99, 3, 1, 2, 3, 1, 1, 4])), KEY)
    assert read.details == {"taps": 2}
    assert read.spoilt == ()
    assert read.unknown == (99,)


@pytest.mark.parametrize("typed", ["0011223344FF", "00:11:22:33:44:ff", " 00-11-22-33-44-FF "])
def test_the_case_of_a_device_id_does_not_matter(typed):
    """Lesson 18: the case of a device id lost the press."""
    assert wire.device_id(typed) == DEVICE
    assert wire.read_topic(f"doorknock/1/{typed.strip()}/alarm") == (DEVICE, "alarm")


@pytest.mark.parametrize("typed", ["", "0011223344", "0011223344fg", "gateway", "+", "#"])
def test_what_is_no_device_id_is_told_so(typed):
    with pytest.raises(ValueError, match="12 hex digits"):
        wire.device_id(typed)


@pytest.mark.parametrize(
    "name",
    ["doorknock/2/0011223344ff/alarm", "doorknock/1/0011223344ff/other", "a", "doorknock/1/x/up"],
)
def test_what_is_no_topic_of_ours_is_refused(name):
    with pytest.raises(wire.Refused, match="topic"):
        wire.read_topic(name)


def test_a_command_cannot_be_passed_off_as_an_event():
    command = wire.encode("answer", DEVICE, 1, 2, 3, {}, KEY)
    with pytest.raises(wire.Refused, match="kind"):
        wire.decode_event(command, KEY)
    with pytest.raises(wire.Refused, match="kind"):
        wire.decode_command(a_press(), KEY)


def test_another_devices_key_is_refused():
    with pytest.raises(wire.Refused, match="signature"):
        wire.decode_event(a_press(), wire.signing_key(bytes(32)))


def test_an_oversized_and_a_truncated_message_are_refused_by_their_length():
    for message in (a_press()[: wire.SHORTEST_BYTES - 1], a_press() + bytes(wire.LONGEST_BYTES)):
        with pytest.raises(wire.Refused, match="length"):
            wire.decode_event(message, KEY)


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("press", {"taps": 0}),
        ("press", {"taps": 256}),
        ("press", {"taps": "1"}),
        ("press", {"unit": 1}),
        ("boot", {"firmware": "x" * 33}),
        ("prompt", {"cause": "boredom"}),
        ("shout", {}),
    ],
)
def test_what_the_contract_does_not_allow_is_not_encoded(kind, details):
    with pytest.raises(ValueError, match=r"."):
        wire.encode(kind, DEVICE, 1, 1, 1, details, KEY)


def test_tags_and_codes_are_never_used_twice():
    codes = [row[1] for row in wire.catalogue()]
    assert len(set(codes)) == len(codes)
    for row in wire.catalogue():
        tags = [field[1] for field in row[3]]
        assert len(set(tags)) == len(tags), row[0]


@pytest.mark.parametrize("kind", ["heartbeat", "settings", "set", "log", "updating", "update"])
def test_the_longest_of_its_kind_fits(kind):
    fields = next(row[3] for row in wire.catalogue() if row[0] == kind)
    largest = {}
    for field in fields:
        if len(field) == 4:
            largest[field[0]] = field[3]
        else:
            largest[field[0]] = "x" * field[2] if isinstance(field[2], int) else field[2][-1]
    message = wire.encode(kind, DEVICE, 1, 1, 1, largest, KEY)
    assert len(message) <= wire.LONGEST_BYTES * 2 // 3


def test_what_may_be_set_from_afar_has_the_bounds_of_the_devices_own_table():
    table = {row[0]: row for row in config.SETTINGS}
    for field in wire.SETTING_FIELDS:
        own = table[field[0]]
        assert field[2:] == (own[2:4] if own[1] == "number" else own[2:3])
    sensing = {row[0] for row in settings.TABLE}
    assert {field[0] for field in wire.SETTING_FIELDS} == {"mode", *sensing}


# --- keys ---------------------------------------------------------------------------------------


def test_hkdf_passes_the_vectors_of_rfc_5869():
    out = wire.hkdf_sha256(
        bytes([0x0B] * 22), bytes(range(13)), bytes(range(0xF0, 0xFA)), length=42
    )
    assert out.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    out = wire.hkdf_sha256(
        bytes(range(0x50)), bytes(range(0x60, 0xB0)), bytes(range(0xB0, 0x100)), length=82
    )
    assert out.hex() == (
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
        "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
    )


@given(st.binary(max_size=150), st.binary(max_size=150))
def test_hmac_agrees_with_the_standard_library(key, data):
    assert wire.hmac_sha256(key, data) == hmac.new(key, data, hashlib.sha256).digest()


@given(secrets)
def test_the_broker_cannot_learn_how_to_sign(secret):
    assert wire.link_key(secret) != wire.signing_key(secret)
    assert secret not in (wire.link_key(secret), wire.signing_key(secret))


@given(st.binary(max_size=64).filter(lambda secret: len(secret) != 32))
def test_a_secret_of_another_length_is_not_used(secret):
    for make in (wire.link_key, wire.signing_key):
        with pytest.raises(ValueError, match="32"):
            make(secret)
