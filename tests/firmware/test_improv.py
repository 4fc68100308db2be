"""The contract over Bluetooth: any bytes, in any split; and what Home Assistant's client says."""

import itertools
from types import SimpleNamespace

import pytest
from doorknock import improv, wire
from hypothesis import example, given
from hypothesis import strategies as st
from improv_ble_client import protocol as theirs
from improv_ble_client.client import device_filter

SECRET = bytes(range(32))
CHALLENGE = bytes(range(100, 116))
DATA = st.binary(max_size=255)
COMMANDS = st.integers(0, 255)
SSIDS = st.text(min_size=1, max_size=32).filter(
    lambda text: len(text.encode()) <= 32 and "\0" not in text
)
KEYS = st.just("") | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=8, max_size=63
).filter(lambda text: len(text.encode()) <= 64)


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(at)]


# --- packets --------------------------------------------------------------------------------------


@given(st.lists(st.tuples(COMMANDS, DATA), max_size=4), st.lists(st.integers(0, 5000)))
def test_packets_come_out_as_they_went_in_however_they_are_split(packets, cuts):
    whole = b"".join(improv.packet(*one) for one in packets)
    reader = improv.Packets()
    found = [one for piece in in_pieces(whole, cuts) for one in reader.feed(piece)]
    assert found == packets
    assert not reader.begun


@given(st.binary(max_size=2000), st.lists(st.integers(0, 5000)))
def test_no_bytes_make_it_fall_or_hold_more_than_a_packet(noise, cuts):
    reader = improv.Packets()
    for piece in in_pieces(noise, cuts):
        for one in reader.feed(piece):
            assert one is None or improv.packet(*one) in noise
    assert reader._count <= improv.LONGEST_BYTES


@given(COMMANDS, DATA, st.integers(0, 2000), st.integers(1, 255))
def test_a_changed_byte_never_passes_for_the_packet(command, data, at, flipped):
    whole = bytearray(improv.packet(command, data))
    whole[at % len(whole)] ^= flipped
    # The sum lets two changes that cancel out pass; one it never does.
    assert (command, data) not in improv.Packets().feed(whole)


def test_what_was_held_of_a_password_is_wiped():
    reader = improv.Packets()
    reader.feed(improv.packet(improv.SEND_WIFI, improv.strings(b"house", b"a password")))
    assert b"password" not in bytes(reader._held)
    reader.feed(b"\x01\x40a password")
    reader.clear()
    assert b"password" not in bytes(reader._held)


def test_what_does_not_fit_is_refused_by_whoever_makes_it():
    with pytest.raises(ValueError, match="255"):
        improv.strings(bytes(256))
    with pytest.raises(ValueError, match="255"):
        improv.strings(bytes(200), bytes(100))
    with pytest.raises(ValueError, match="no Improv packet"):
        improv.packet(1, bytes(256))


@given(st.binary(max_size=300))
def test_texts_are_read_whole_or_not_at_all(data):
    found = improv.read_strings(data)
    if found is not None:
        assert b"".join(bytes([len(one)]) + one for one in found) == data


# --- Wi-Fi settings -------------------------------------------------------------------------------


@given(SSIDS, KEYS)
def test_a_network_that_can_be_is_read_as_it_is(ssid, key):
    coded = (ssid.encode(), key.encode())
    assert improv.wrong_with(*coded) == ""
    assert improv.read_wifi(improv.strings(*coded)) == coded


@pytest.mark.parametrize(
    ("ssid", "key", "wrong"),
    [
        (b"", b"12345678", "ssid"),
        (bytes(33), b"12345678", "ssid"),
        (b"ho\x00use", b"12345678", "ssid"),
        (b"\xff\xfe", b"12345678", "ssid"),
        (b"house", b"1234567", "key"),
        (b"house", b"1" * 65, "key"),
        (b"house", b"12345678\x00", "key"),
        (b"house", b"\xff" * 8, "key"),
        (b"house", b"", ""),
        (b"house", b"f" * 64, ""),
    ],
)
def test_what_no_network_can_be(ssid, key, wrong):
    assert improv.wrong_with(ssid, key) == wrong


@given(st.binary(max_size=300))
@example(improv.strings(b"house", b"12345678", b"more"))
@example(improv.strings(b"house"))
def test_nothing_else_is_read_as_a_network(data):
    found = improv.read_wifi(data)
    assert found is None or (improv.strings(*found) == data and not improv.wrong_with(*found))


# --- sealed ---------------------------------------------------------------------------------------


@given(SSIDS, KEYS, st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16))
def test_only_the_device_opens_it_and_only_with_this_challenge(ssid, key, secret, challenge):
    coded = (ssid.encode(), key.encode())
    sealed = improv.seal(secret, challenge, *coded)
    assert improv.unseal(secret, challenge, sealed) == coded
    assert improv.unseal(bytes([secret[0] ^ 1]) + secret[1:], challenge, sealed) is None
    assert improv.unseal(secret, bytes([challenge[0] ^ 1]) + challenge[1:], sealed) is None


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_not_one_byte_of_it_can_be_changed(at, flipped):
    sealed = bytearray(improv.seal(SECRET, CHALLENGE, b"house", b"a password"))
    sealed[at % len(sealed)] ^= flipped
    assert improv.unseal(SECRET, CHALLENGE, bytes(sealed)) is None


@given(st.binary(max_size=300))
def test_no_bytes_open_by_chance(noise):
    assert improv.unseal(SECRET, CHALLENGE, noise) is None


def test_nothing_of_the_network_can_be_read_in_it():
    sealed = improv.seal(SECRET, CHALLENGE, b"house", b"a password")
    assert b"house" not in sealed
    assert b"password" not in sealed
    # The keys are of this use alone.
    assert wire.signing_key(SECRET) not in improv._keys(SECRET)


def test_the_sealed_bytes_are_these_for_ever():
    # Gateway and device may be of different ages.
    sealed = improv.seal(SECRET, CHALLENGE, b"house", b"a password")
    assert sealed.hex() == ("40793283997de8dfc2ab3aec2545266023f497d27f5ca17961f2eea0415f7e5751")


# --- what others say ------------------------------------------------------------------------------


@given(SSIDS, KEYS)
def test_home_assistants_client_is_understood(ssid, key):
    sent = theirs.WiFiSettingsCmd(ssid.encode(), key.encode()).as_bytes()
    [(command, data)] = improv.Packets().feed(sent)
    assert command == improv.SEND_WIFI
    assert improv.read_wifi(data) == (ssid.encode(), key.encode())


def test_home_assistants_client_understands_the_answer_and_finds_the_device():
    texts = (b"Doorknock", b"0.1.0", b"ESP32C6", b"a0b1c2d3e4f5")
    answer = improv.packet(improv.DEVICE_INFO, improv.strings(*texts))
    assert theirs.DeviceInfoRes.from_bytes(answer)._strings == list(texts)

    said = SimpleNamespace(
        service_uuids=(improv.SERVICE,),
        service_data={theirs.SERVICE_DATA_UUID: improv.advert(improv.AUTHORIZED)[-6:]},
    )
    assert device_filter(said)


def test_the_names_are_those_of_the_specification():
    assert theirs.SERVICE_UUID == improv.SERVICE
    assert theirs.CHARACTERISTIC_UUID_STATE == improv.STATE
    assert theirs.CHARACTERISTIC_UUID_ERROR == improv.ERROR
    assert theirs.CHARACTERISTIC_UUID_RPC_COMMAND == improv.COMMAND
    assert theirs.CHARACTERISTIC_UUID_RPC_RESULT == improv.RESULT
    assert theirs.CHARACTERISTIC_UUID_CAPABILITIES == improv.CAPABILITIES
    assert {state.value for state in theirs.State if state.name != "DISCONNECTED"} == {
        improv.AUTHORIZATION_REQUIRED,
        improv.AUTHORIZED,
        improv.PROVISIONING,
        improv.PROVISIONED,
    }


@pytest.mark.parametrize("state", [1, 2, 3])
def test_service_and_state_are_in_one_advertisement_that_fits(state):
    said = improv.advert(state)
    assert len(said) == 31
    assert len(improv.answer_to_scan("a0b1c2d3e4f5")) <= 31
    assert bytes.fromhex(improv.SERVICE.replace("-", ""))[::-1] in said
    assert said[-8:-4] == bytes([0x77, 0x46, state, improv.CAN])


def test_a_device_is_known_by_its_name():
    assert improv.device_of(improv.name("a0b1c2d3e4f5")) == "a0b1c2d3e4f5"
    assert improv.device_of("DK-a0b1") == ""
    assert improv.device_of("Kitchen lamp") == ""


def test_the_contract_names_the_same_outcomes():
    assert improv.OUTCOMES == wire.WIFI_OUTCOMES
