"""The registry of devices: one id, one secret each."""

import pytest

from gateway import devices
from gateway.errors import DeviceError
from gateway.store import Store, lights, schema
from gateway.store import devices as table
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


def test_a_retired_device_is_out_and_its_key_and_what_was_known_of_it_are_gone(
    store: Store,
) -> None:
    with store.write() as connection:
        table.change(connection, DEVICE, {"health": {"rssi_dbm": -60}, "last_heard_at": NOW_MS})

    devices.retire(store, DEVICE, now_ms=NOW_MS + 1)

    assert devices.in_service(store) == []
    gone = devices.get(store, DEVICE)
    assert gone.retired_at_ms == NOW_MS + 1
    assert (gone.unit, gone.last_heard_at_ms) == ("", None)
    assert gone.secret != SECRET
    with pytest.raises(DeviceError, match="No device"):
        devices.retire(store, DEVICE, now_ms=NOW_MS)


def test_a_retired_board_is_used_again_and_neither_its_key_nor_a_name_of_its_events(
    store: Store,
) -> None:
    # Given a device whose 7th boot was heard, and that was handed the 8th
    with store.write() as connection:
        numbers = {"highest_boot": 8, "number_nonce": 99, "number_given": 8, "command_number": 5}
        table.change(connection, DEVICE, numbers)
    devices.retire(store, DEVICE, now_ms=NOW_MS + 1)

    # When it is added with the key that it had, then it is refused
    with pytest.raises(DeviceError, match="or did once"):
        devices.register(store, DEVICE, SECRET, "205", "sensor", now_ms=NOW_MS + 2)
    # And with a fresh one it is in, and its numbers go on
    devices.register(store, DEVICE, bytes(31) + b"1", "205", "sensor", now_ms=NOW_MS + 2)
    again = devices.get(store, DEVICE)
    assert (again.unit, again.device_type, again.retired_at_ms) == ("205", "sensor", None)
    with store.read() as connection:
        row = table.find(connection, DEVICE)
    assert (row.highest_boot, row.number_nonce, row.command_number) == (8, None, 5)


def test_a_secret_that_was_renewed_never_comes_back(store: Store) -> None:
    devices.renew_secret(store, DEVICE)

    assert devices.get(store, DEVICE).secret != SECRET
    with pytest.raises(DeviceError, match="or did once"):
        devices.register(store, "aabbccddeeff", SECRET, "205", "button", now_ms=NOW_MS)


def test_what_a_retired_device_has_said_is_gone_but_for_what_nobody_has_heard_yet(
    store: Store,
) -> None:
    event = {"device": DEVICE, "boot": 1, "copy": "", "kind": "press", "details": {}}
    more = {"uptime_ms": 1, "signature": bytes(16), "received_at": NOW_MS, "occurred": "at"}
    parcel = {"destination": "webhook", "device": DEVICE, "alarm": True, "boot": 1, "copy": ""}
    with store.write() as connection:
        for seq, waiting in ((1, False), (2, True)):
            kept = {"seq": seq, "occurred_at": NOW_MS, "unsure_ms": 0}
            name = {"seq": seq, "parcel_id": str(seq), "body": "{}", "waiting": waiting}
            connection.execute(schema.events.insert().values(event | more | kept))
            connection.execute(schema.outbox.insert().values(parcel | name | {"received_at": 1}))

    devices.retire(store, DEVICE, now_ms=NOW_MS + 1)

    with store.read() as connection:
        assert [row.seq for row in connection.execute(schema.events.select())] == [2]
        assert [row.seq for row in connection.execute(schema.outbox.select())] == [2]


def test_a_device_moves_to_another_room_with_its_key_and_not_while_its_call_is_open(
    store: Store,
) -> None:
    with store.write() as connection:
        lights.save(
            connection, device=DEVICE, boot=1, seq=1, state="coming", alert="a", now_ms=NOW_MS
        )
    with pytest.raises(DeviceError, match="in 204 is open; close it"):
        devices.put_into(store, DEVICE, "205", "button", now_ms=NOW_MS)

    with store.write() as connection:
        lights.save(
            connection, device=DEVICE, boot=1, seq=1, state="none", alert="a", now_ms=NOW_MS
        )
    moved = devices.put_into(store, DEVICE, "205", "button", now_ms=NOW_MS)

    assert (moved.unit, moved.secret) == ("205", SECRET)


def test_blanks_around_a_room_that_nobody_sees_make_no_other_room(store: Store) -> None:
    assert (
        devices.put_into(store, "aabbccddeef0", " 204\u00a0", "button", now_ms=NOW_MS).unit == "204"
    )
    assert devices.put_into(store, DEVICE, "204 ", "button", now_ms=NOW_MS).unit == "204"
    with pytest.raises(DeviceError, match="1 to 64"):
        devices.put_into(store, DEVICE, " ", "button", now_ms=NOW_MS)


def test_a_device_that_is_new_here_gets_a_key_of_its_own(store: Store) -> None:
    first = devices.put_into(store, "aabbccddeef0", "205", "button", now_ms=NOW_MS)
    second = devices.put_into(store, "aabbccddeef1", "205", "sensor", now_ms=NOW_MS)

    assert len({SECRET, first.secret, second.secret}) == 3


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
