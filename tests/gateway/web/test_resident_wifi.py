"""A resident gives what is in their room a new Wi-Fi, from their own page."""

import pytest

from gateway.backend.cards import NewCard
from gateway.bluetooth.attempts import Attempt
from gateway.bluetooth.change import Step
from gateway.care.room import BY_RESIDENT
from gateway.settings import LANGUAGES
from gateway.store import orders as table
from tests.gateway.backend.conftest import BUTTON, SENSOR, House

from .test_resident import (  # noqa: F401 - fixtures
    HOME,
    NOW_MS,
    OTHER,
    Phone,
    Room204,
    card,
    house,
    kim,
    open_house,
    there,
)

NEW = {"ssid": "new house", "wifi_password": "new password"}


def no_adapter() -> None:
    from gateway.bluetooth.air import BluetoothError, Trouble

    raise BluetoothError(Trouble.NO_ADAPTER)


def test_it_is_found_from_the_first_page_and_each_device_by_its_kind(kim: Phone) -> None:  # noqa: F811
    assert 'href="/mine/wifi"' in kim.open("/mine").text
    shown = kim.open("/mine/wifi").text
    assert f'href="/mine/wifi/{BUTTON}"' in shown
    assert f'href="/mine/wifi/{SENSOR}"' in shown
    assert OTHER not in shown


def test_the_word_back_is_on_their_page_and_the_audit_names_nobody(
    kim: Phone,  # noqa: F811
    there: Room204,  # noqa: F811
) -> None:
    there.care.wifi._open_air = no_adapter  # type: ignore[assignment]
    kim.open(f"/mine/wifi/{BUTTON}")
    kim.send(f"/mine/wifi/{BUTTON}", **NEW)
    assert there.care.wifi.wait(20)
    told = kim.open(f"/mine/wifi/{BUTTON}").text
    assert "The gateway has no Bluetooth" in told
    assert "new password" not in told
    assert {by for _, _, by in there.ordered(BUTTON)} <= {BY_RESIDENT}


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_far_it_is_is_said_in_each_language(
    kim: Phone,  # noqa: F811
    there: Room204,  # noqa: F811
    language: str,
) -> None:
    there.care.wifi._newest[BUTTON] = Attempt(Step.PRESS)
    shown = kim.open(f"/language/{language}?to=/mine/wifi/{BUTTON}").text
    assert '<meta http-equiv="refresh" content="3">' in shown
    assert "wifi_" not in shown.replace("/mine/wifi", "").replace('id="wifi_', "")


def test_only_what_is_theirs(
    kim: Phone,  # noqa: F811
    there: Room204,  # noqa: F811
    house: House,  # noqa: F811
    card: NewCard,  # noqa: F811
) -> None:
    assert kim.open(f"/mine/wifi/{OTHER}").status_code == 404
    kim.open(f"/mine/wifi/{BUTTON}")
    kim.send(f"/mine/wifi/{OTHER}", **NEW)
    assert kim.page.status_code == 404
    # A shared washroom's sensor is nobody's.
    with there.store.write() as connection:
        table.save_in_force(connection, SENSOR, {**HOME, "mode": "washroom"}, NOW_MS)
    assert kim.open(f"/mine/wifi/{SENSOR}").status_code == 404
    assert Phone(house).open(f"/mine/wifi/{BUTTON}").status_code == 403
    assert kim.ask("POST", f"/mine/wifi/{BUTTON}", data=NEW).status_code == 403
    assert there.care.wifi.of(BUTTON) is None
