"""The registry of devices: one id, one secret each."""

import pytest

from gateway import devices
from gateway.errors import DeviceError
from gateway.store import Store
from tests.gateway.process import DEVICE, NOW_MS, SECRET


def test_an_id_is_taken_however_it_is_written(store: Store) -> None:
    devices.register(store, "AA:BB:CC:DD:EE:FF", bytes(31) + b"1", "205", "sensor", now_ms=NOW_MS)

    assert devices.get(store, "aabbccddeeff").unit == "205"


def test_lesson_37_a_second_device_with_the_same_id_is_refused(store: Store) -> None:
    with pytest.raises(DeviceError, match="is in unit 204 already"):
        devices.register(store, DEVICE, bytes(31) + b"1", "205", "button", now_ms=NOW_MS)


def test_lesson_36_a_secret_is_never_shared(store: Store) -> None:
    with pytest.raises(DeviceError, match="belongs to another device"):
        devices.register(store, "aabbccddeeff", SECRET, "205", "button", now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("device", "secret", "unit", "device_type"),
    [
        ("00112233445", bytes(31) + b"1", "205", "button"),
        ("aabbccddeeff", bytes(31), "205", "button"),
        ("aabbccddeeff", bytes(32), "205", "button"),
        ("aabbccddeeff", bytes(31) + b"1", "", "button"),
        ("aabbccddeeff", bytes(31) + b"1", "2\n05", "button"),
        ("aabbccddeeff", bytes(31) + b"1", "205", "camera"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(
    store: Store, device: str, secret: bytes, unit: str, device_type: str
) -> None:
    with pytest.raises(DeviceError) as caught:
        devices.register(store, device, secret, unit, device_type, now_ms=NOW_MS)

    assert str(caught.value).endswith(".")
    assert secret.hex() not in str(caught.value)


def test_a_retired_device_stays_known_and_its_id_taken(store: Store) -> None:
    devices.retire(store, DEVICE, now_ms=NOW_MS + 1)

    assert devices.in_service(store) == []
    assert devices.get(store, DEVICE).retired_at_ms == NOW_MS + 1
    with pytest.raises(DeviceError, match="was retired"):
        devices.register(store, DEVICE, bytes(31) + b"1", "205", "button", now_ms=NOW_MS)
    with pytest.raises(DeviceError, match="No device"):
        devices.retire(store, DEVICE, now_ms=NOW_MS)


def test_a_secret_is_never_in_a_repr(store: Store) -> None:
    assert repr(SECRET) not in repr(devices.get(store, DEVICE))


def test_of_many_devices_all_are_added_or_none(store: Store) -> None:
    first = devices.NewDevice("aabbccddeef0", bytes(31) + b"1", "205", "button")
    second = devices.NewDevice("aabbccddeef1", bytes(31) + b"2", "205", "sensor")
    same_secret = devices.NewDevice("aabbccddeef2", bytes(31) + b"2", "206", "button")

    with pytest.raises(DeviceError, match="belongs to another device"):
        devices.register_all(store, [first, second, same_secret], now_ms=NOW_MS)
    assert [one.device for one in devices.in_service(store)] == [DEVICE]

    devices.register_all(store, [first, second], now_ms=NOW_MS)
    assert len(devices.in_service(store)) == 3

    with pytest.raises(DeviceError, match="No device aabbccddeef2"):
        devices.retire_all(store, ["aabbccddeef0", "aabbccddeef2"], now_ms=NOW_MS)
    assert len(devices.in_service(store)) == 3
