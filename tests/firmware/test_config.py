"""The device's settings: both bounds, defaults, and no setting in another's place."""

import pytest
from doorknock import config, settings
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.nvs import Nvs

GOOD: dict[str, int | bytes] = {
    "device": bytes(6),
    "secret": bytes(32),
    "wifi_ssid": b"house",
    "host": b"192.0.2.1",
    # Which has all of them.
    "type": b"sensor",
}
ROWS = {row[0]: row for row in config.SETTINGS}
SENSORS = {row[0] for row in settings.TABLE}
NUMBERS = [row for row in config.SETTINGS if row[1] == "number"]


def read(**changed: int | bytes) -> config.Config:
    return config.Config(Nvs({**GOOD, **changed}))


def test_every_setting_has_a_key_of_its_own_that_the_chip_can_hold() -> None:
    names = [row[0] for row in config.SETTINGS]

    assert len(set(names)) == len(names)
    assert all(len(name) <= 15 for name in names)
    assert "boot" not in names  # identity.py keeps its number there


def test_every_default_is_allowed_and_every_number_has_both_bounds() -> None:
    for row in NUMBERS:
        assert row[2] < row[3]
        assert config.checked(row, row[4]) == row[4]


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row[0])
def test_a_number_is_taken_within_its_bounds_and_no_further(row) -> None:
    name, _, low, high, default = row

    assert read(**{name: low})[name] == low
    assert read(**{name: high})[name] == high
    for beyond in (low - 1, high + 1, -(2**31), 2**31 - 1):
        found = read(**{name: beyond})
        assert found[name] == default or beyond == default
        assert (name, "out of bounds") in found.problems or beyond == default


def test_what_is_missing_takes_its_default_and_is_reported() -> None:
    found = read()

    assert found["port"] == 8883
    assert ("port", "missing") in found.problems
    assert found.lacking == []


def test_what_the_device_cannot_do_without_is_named() -> None:
    found = config.Config(Nvs({"device": bytes(5), "host": b""}))

    assert found.lacking == ["device", "secret", "wifi_ssid", "host"]
    assert found["secret"] is None


@pytest.mark.parametrize(
    ("name", "stored", "problem"),
    [
        ("tls", b"perhaps", "out of bounds"),
        ("tls", b"\xff\xfe", "unreadable"),
        ("port", b"8883", "unreadable"),
        ("host", bytes(600), "unreadable"),
        ("wifi_ssid", bytes(33), "out of bounds"),
        ("type", 1, "unreadable"),
    ],
)
def test_what_is_broken_takes_its_default_and_is_reported(name, stored, problem) -> None:
    found = read(**{name: stored})

    assert found[name] == ROWS[name][-1]
    assert (name, problem) in found.problems


@given(
    st.dictionaries(
        st.sampled_from(sorted(ROWS)), st.integers(-(2**31), 2**31 - 1) | st.binary(max_size=300)
    )
)
def test_whatever_is_stored_every_setting_is_one_that_is_allowed(stored) -> None:
    found = config.Config(Nvs(stored))

    for row in config.SETTINGS:
        if row[0] in SENSORS and found["type"] != "sensor":
            with pytest.raises(KeyError):
                found[row[0]]
            continue
        value = found[row[0]]
        if row[1] == "number":
            assert row[2] <= value <= row[3] or value == row[4]
        elif row[1] == "choice":
            assert value in row[2]
        else:
            assert (
                value == row[4]
                or row[2] <= len(value.encode() if isinstance(value, str) else value) <= row[3]
            )


def test_a_setting_changes_itself_alone() -> None:
    before = read()
    for row in NUMBERS:
        changed = read(**{row[0]: row[3]})
        for other in ROWS:
            assert other == row[0] or changed[other] == before[other]


def test_the_secret_is_in_no_problem_and_no_text_of_the_settings() -> None:
    secret = b"s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3"
    found = config.Config(Nvs({**GOOD, "secret": secret}))

    assert "s3cr3t" not in str(found.problems) + repr(found) + str(found.lacking)
