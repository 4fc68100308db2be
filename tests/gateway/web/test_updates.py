"""How staff bring new firmware to devices by the page, without any script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doorknock import wire

from gateway import devices
from gateway.backend.database import open_database
from gateway.backend.service import assemble
from gateway.care.acts import Care
from gateway.release.library import Library
from gateway.store import devices as device_table
from gateway.store import open_store
from gateway.store import orders as order_table
from gateway.updates import stages
from gateway.updates.run import Updates
from gateway.web.wording import CATALOGUE
from tests.gateway.backend.conftest import BUTTON, SECRETS, SENSOR, HandClock, House, Outbox, policy
from tests.gateway.updates.fleet import release

from .conftest import Browser

NOW_MS = 1_790_000_000_000


class There:
    """The gateway's store, with two devices that were just heard, and a release."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = NOW_MS
        self.store = open_store(f"sqlite:///{folder / 'gateway.db'}")
        devices.register(self.store, BUTTON, bytes(range(32)), "204", "button", now_ms=NOW_MS)
        devices.register(self.store, SENSOR, bytes(range(32))[::-1], "205", "sensor", now_ms=NOW_MS)
        self.library = Library(folder / "data")
        self.care = Care(self.store, lambda: self.now_ms, lambda: None, library=self.library)
        self.updates = Updates(self.store, self.library, clock_ms=lambda: self.now_ms)
        self.heard(BUTTON, SENSOR)

    def heard(self, *names: str, **health: object) -> None:
        told = {"firmware": "0.1.0", "arch": "rv32imc", **health}
        with self.store.write() as connection:
            for name in names:
                values = {"last_heard_at": self.now_ms, "health": told}
                device_table.change(connection, name, values)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    made = There(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def house(tmp_path: Path, there: There) -> Iterator[House]:
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


def begin(dora: Browser, there: There, first: str = SENSOR) -> None:
    there.library.add(release())
    assert there.care.updating is not None
    there.care.updating.begin("0.2.0", None, "dora", first=first)
    there.updates.look()
    dora.open("/updates")


def test_staff_find_it_from_the_devices_and_are_told_where_there_is_no_release(dora, there):
    assert 'href="/updates"' in dora.open("/devices").text
    page = dora.open("/updates").text
    assert "There is no release here" in page
    assert not dora.offers("begin")


def test_a_responder_sees_no_such_page_and_begins_nothing(house, there):
    there.library.add(release())
    ana = Browser(house)
    ana.come_in("ana")
    assert ana.open("/updates").status_code == 403
    assert ana.ask("POST", "/updates/begin", data={"version": "0.2.0"}).status_code == 403
    assert there.care.updating.newest() is None


def test_whoever_is_not_in_and_a_form_of_somebody_elses_begin_nothing(house, dora, there):
    there.library.add(release())
    assert Browser(house).open("/updates").status_code in (401, 403)
    # Dora's own cookie, and no token of a form of ours.
    assert dora.ask("POST", "/updates/begin", data={"version": "0.2.0"}).status_code == 403
    assert there.care.updating.newest() is None


def test_it_is_begun_with_the_device_that_staff_choose(dora, there):
    there.library.add(release())
    dora.open("/updates")
    dora.press("begin", version="0.2.0", first=SENSOR)
    assert [row.device for row in there.care.updating.newest().rows] == [SENSOR, BUTTON]
    assert "Dora" in dora.page.text


def test_it_is_shown_where_it_stands_and_why_it_stopped(dora, there):
    begin(dora, there)
    assert "Under way: stage 1 of 2" in dora.page.text
    assert "ordered" in dora.page.text or "has not answered yet" in dora.page.text
    assert "its turn has not come" in dora.page.text
    # The device comes back with the earlier one.
    with there.store.write() as connection:
        [order] = order_table.of_device(connection, SENSOR, 5)
        answer = {"state": "rolled_back", "waits": False, "answer": {"why": "did not start"}}
        order_table.change(connection, order.id, answer)
    there.updates.look()
    page = dora.open("/updates").text
    assert "Stopped in stage 1" in page
    assert "205: went back to the one before: it did not start" in page


def test_staff_stop_it_go_on_and_are_named(dora, there):
    begin(dora, there)
    dora.press("stop")
    assert "Stopped in stage 1" in dora.page.text
    assert "by staff" in dora.page.text
    assert there.care.updating.newest().state == stages.STOPPED
    dora.press("resume")
    assert "Under way" in dora.page.text
    assert dora.page.text.count("Dora") >= 3
    # Stopped by somebody else meanwhile.
    there.care.updating.stop("ben")
    dora.press("stop")
    assert dora.page.status_code == 409
    assert "look at how it stands" in dora.page.text


def test_one_that_is_not_there_cannot_be_begun(dora, there):
    there.library.add(release())
    dora.open("/updates")
    there.library.remove("0.2.0")
    dora.press("begin", version="0.2.0", first=SENSOR)
    assert dora.page.status_code == 409
    assert there.care.updating.newest() is None


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_word_is_there_in_each_language(dora, there, language):
    texts = CATALOGUE.texts[language]
    for state in (*stages.SETTLED, stages.QUEUED, stages.ORDERED, stages.TRYING, stages.WATCHED):
        assert f"update_state_{state}" in texts
    for state in wire.UPDATE_STATES:
        assert f"order_{state}" in texts or state == "old"
    begin(dora, there)
    there.care.updating.stop("dora")
    page = dora.open(f"/language/{language}?to=/updates").text
    assert "update_" not in page
    assert "order_" not in page
