"""How somebody beside a device changes its Wi-Fi from the page, without any script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doorknock import improv

from gateway import devices
from gateway.backend.database import open_database
from gateway.backend.service import assemble
from gateway.bluetooth.air import Air, BluetoothError, Trouble
from gateway.bluetooth.attempts import Attempt, Attempts
from gateway.bluetooth.change import Step
from gateway.care.acts import Care
from gateway.settings import LANGUAGES
from gateway.store import Store, open_store
from gateway.store import orders as table
from gateway.web.wording import CATALOGUE
from tests.gateway.backend.conftest import BUTTON, SECRETS, SENSOR, HandClock, House, Outbox, policy
from tests.gateway.bluetooth.air import SECRET, FakeAir, Time

from .conftest import Browser

NOW_MS = 1_790_000_000_000
PAGE = f"/devices/{BUTTON}/wifi"
NEW = {"ssid": "new house", "wifi_password": "new password"}


class Devices:
    """A button in 204 whose Bluetooth is the test's, with a clock by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.time = Time()
        self.air = FakeAir(self.time, BUTTON)
        self.no_air: Trouble | None = None
        devices.register(store, BUTTON, SECRET, "204", "button", now_ms=NOW_MS)
        self.care = Care(store, lambda: NOW_MS, lambda: None, self.open_air)
        self.attempts = Attempts(
            store,
            self.open_air,
            lambda: NOW_MS,
            clock=self.time.clock,
            sleep=self.time.sleep,
        )
        self.care.__dict__["wifi"] = self.attempts

    def open_air(self) -> Air:
        if self.no_air is not None:
            raise BluetoothError(self.no_air)
        return self.air


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Devices]:
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield Devices(store)
    store.close()


@pytest.fixture
def house(tmp_path: Path, there: Devices) -> Iterator[House]:
    clock, outbox = HandClock(), Outbox()
    database = open_database(f"sqlite:///{tmp_path / 'backend.db'}")
    backend = assemble(policy(), database, SECRETS, clock=clock, channel=outbox, care=there.care)
    yield House(backend, clock, outbox)
    database.close()


@pytest.fixture
def dora(house: House) -> Browser:
    """Of the staff."""
    browser = Browser(house)
    browser.come_in("dora")
    return browser


def test_it_is_found_from_the_devices_own_page(dora: Browser) -> None:
    assert f'href="{PAGE}"' in dora.open(f"/devices/{BUTTON}").text


def test_the_word_back_is_on_the_page(dora: Browser, there: Devices) -> None:
    there.air.trouble = Trouble.NOT_FOUND
    dora.open(PAGE)
    dora.press("wifi", **NEW)
    assert there.attempts.wait(10)
    told = dora.open(PAGE).text
    assert "The device was not found" in told
    # And it can be tried again at once.
    assert dora.offers("wifi")
    assert 'http-equiv="refresh"' not in told


def test_while_it_goes_on_the_page_says_how_far_and_looks_again_by_itself(
    dora: Browser, there: Devices
) -> None:
    there.attempts._newest[BUTTON] = Attempt(Step.PRESS)
    shown = dora.open(PAGE).text
    assert "Press its button once" in shown
    assert '<meta http-equiv="refresh" content="3">' in shown
    assert not dora.offers("wifi")


def test_the_password_is_nowhere_afterwards(
    dora: Browser, there: Devices, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there.air.open(authorised=True)
    dora.open(PAGE)
    dora.press("wifi", **NEW)
    assert there.attempts.wait(10)
    assert there.air.offers is not None
    assert there.air.offers.taken == (b"new house", b"new password")
    assert "not been heard from since" in dora.open(PAGE).text
    with there.store.read() as connection:
        ordered = table.of_device(connection, BUTTON, 10)
    assert [(row.kind, row.ordered_by) for row in ordered] == [("wifi", "dora")]
    there.store.close()
    out = "".join(capfd.readouterr())
    for secret in ("new password", "new house"):
        assert secret not in dora.page.text
        assert secret not in out
        for file in tmp_path.iterdir():
            assert secret.encode() not in file.read_bytes()


def test_what_can_be_no_network_is_told_at_once_and_the_name_stays(
    dora: Browser, there: Devices
) -> None:
    dora.open(PAGE)
    dora.press("wifi", ssid="new house", wifi_password="short")
    assert dora.page.status_code == 400
    assert "8 to 63 letters" in dora.page.text
    assert 'value="new house"' in dora.page.text
    assert "short" not in dora.page.text
    dora.press("wifi", ssid="new house", wifi_password="")
    assert "tick the box" in dora.page.text
    dora.press("wifi", ssid="", wifi_password="12345678")
    assert "1 to 32 letters" in dora.page.text
    assert there.attempts.of(BUTTON) is None


def test_an_open_network_has_a_box_of_its_own(dora: Browser, there: Devices) -> None:
    there.air.open(authorised=True)
    dora.open(PAGE)
    dora.press("wifi", ssid="café", wifi_password="", open="1")
    assert there.attempts.wait(10)
    assert there.air.offers is not None
    assert there.air.offers.taken == ("café".encode(), b"")


def test_one_at_a_time(dora: Browser, there: Devices) -> None:
    assert there.attempts._runs.acquire(blocking=False)
    dora.open(PAGE)
    dora.press("wifi", **NEW)
    assert dora.page.status_code == 409
    assert "Another device is being changed" in dora.page.text


@pytest.mark.parametrize("trouble", [Trouble.NO_LIBRARY, Trouble.NO_ADAPTER])
def test_a_gateway_without_bluetooth_says_so(
    dora: Browser, there: Devices, trouble: Trouble
) -> None:
    there.no_air = trouble
    dora.open(PAGE)
    dora.press("wifi", **NEW)
    assert there.attempts.wait(10)
    assert CATALOGUE.say("en", f"wifi_trouble_{trouble}") in dora.open(PAGE).text.replace(
        "&#39;", "'"
    )


def test_only_for_staff_and_only_from_a_form_of_ours(house: House, there: Devices) -> None:
    ana = Browser(house)
    ana.come_in("ana")
    assert ana.open(PAGE).status_code == 403
    own = re.search(r'name="form-token" content="([^"]+)"', ana.open("/now").text)
    assert own is not None
    assert ana.ask("POST", PAGE, data={"token": own[1], **NEW}).status_code == 403
    stranger = Browser(house)
    assert stranger.ask("POST", PAGE, data=NEW).status_code == 403
    dora = Browser(house)
    dora.come_in("dora")
    assert dora.ask("POST", PAGE, data=NEW).status_code == 403
    assert dora.open(f"/devices/{SENSOR}/wifi").status_code == 404
    assert there.attempts.of(BUTTON) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_and_every_trouble_is_said_in_each_language(language: str) -> None:
    keys = [f"wifi_step_{step}" for step in Step] + [f"wifi_trouble_{one}" for one in Trouble]
    said = [CATALOGUE.say(language, key) for key in keys]
    assert not set(said) & set(keys)
    assert all(text for text in said)
    if language != "en":
        assert not set(said) & {CATALOGUE.say("en", key) for key in keys}


def test_the_outcomes_of_a_device_have_sentences() -> None:
    assert {f"wifi_trouble_{one}" for one in improv.OUTCOMES[2:]} <= {
        f"wifi_trouble_{one}" for one in Trouble
    }
