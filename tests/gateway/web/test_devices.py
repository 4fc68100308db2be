"""How staff look after devices, without any script."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from doorknock import wire

from gateway import devices, orders
from gateway.backend.database import open_database
from gateway.backend.service import assemble
from gateway.care.acts import Care
from gateway.store import Store, open_store
from gateway.store import devices as device_table
from gateway.store import orders as table
from tests.gateway.backend.conftest import BUTTON, SECRETS, SENSOR, HandClock, House, Outbox, policy

from .conftest import Browser

NOW_MS = 1_790_000_000_000
IN_FORCE = {field[0]: field[2][0] if len(field) == 3 else field[2] for field in wire.SETTING_FIELDS}


class Devices:
    """The gateway's store beside a backend: a button in 204, a sensor in 205."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.told_broker = 0
        devices.register(store, BUTTON, bytes(range(32)), "204", "button", now_ms=NOW_MS)
        devices.register(store, SENSOR, bytes(range(32))[::-1], "205", "sensor", now_ms=NOW_MS)
        with store.write() as connection:
            table.save_in_force(connection, SENSOR, IN_FORCE, NOW_MS)
        self.care = Care(store, lambda: NOW_MS, self._tell)

    def _tell(self) -> None:
        self.told_broker += 1

    def ordered(self, device: str = SENSOR) -> list[tuple[str, dict[str, int | str], str]]:
        with self.store.read() as connection:
            rows = table.of_device(connection, device, 10)
        return [(row.kind, dict(row.details), row.ordered_by) for row in reversed(rows)]


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


def test_staff_find_the_devices_from_the_first_page(dora: Browser) -> None:
    assert 'href="/devices"' in dora.open("/now").text
    listed = dora.open("/devices").text
    assert listed.index("204") < listed.index("205")


def test_a_responder_sees_no_such_page(house: House, there: Devices) -> None:
    ana = Browser(house)
    ana.come_in("ana")
    assert 'href="/devices"' not in ana.open("/now").text
    for path in ("/devices", f"/devices/{SENSOR}", f"/devices/{SENSOR}/retire"):
        assert ana.open(path).status_code == 403
    own = re.search(r'name="form-token" content="([^"]+)"', ana.open("/now").text)
    assert own is not None
    for act in ("restart", "set", "retire"):
        ana.ask("POST", f"/devices/{SENSOR}/{act}", data={"token": own[1], "answer_s": "20"})
        assert ana.page.status_code == 403
    assert there.ordered() == []


def test_only_what_was_changed_is_ordered_and_who_ordered_it_is_shown(
    dora: Browser, there: Devices
) -> None:
    dora.open(f"/devices/{SENSOR}")
    values = {name: str(value) for name, value in IN_FORCE.items()}
    dora.press("set", **{**values, "answer_s": "20", "mode": "washroom"})
    assert there.ordered() == [("set", {"answer_s": 20, "mode": "washroom"}, "dora")]
    assert "Dora" in dora.page.text
    assert "not answered yet" in dora.page.text
    dora.press("set", **values)
    assert "Nothing is different" in dora.page.text
    assert len(there.ordered()) == 1


@pytest.mark.parametrize("value", ["61", "9", "", "soon", "2e1"])
def test_a_value_out_of_bounds_is_told_and_nothing_is_ordered(
    dora: Browser, there: Devices, value: str
) -> None:
    dora.open(f"/devices/{SENSOR}")
    dora.press("set", answer_s=value)
    assert dora.page.status_code == 400
    assert "that value is not possible" in dora.page.text
    assert there.ordered() == []


@pytest.mark.parametrize("act", ["identify", "test", "test_press", "restart", "log"])
def test_each_act_is_one_button(dora: Browser, there: Devices, act: str) -> None:
    dora.open(f"/devices/{BUTTON}")
    dora.press(act)
    assert there.ordered(BUTTON) == [("act", {"what": act}, "dora")]


def test_a_button_has_no_settings_to_change(dora: Browser) -> None:
    dora.open(f"/devices/{BUTTON}")
    assert not dora.offers("set")
    assert not dora.offers("ask")


def test_settings_that_are_not_known_yet_can_be_asked_for(dora: Browser, there: Devices) -> None:
    with there.store.write() as connection:
        connection.execute(table.in_force.delete())
    dora.open(f"/devices/{SENSOR}")
    assert not dora.offers("set")
    dora.press("ask")
    assert there.ordered() == [("set", {}, "dora")]


def test_the_last_lines_of_a_device_are_shown_as_text_and_no_more(
    dora: Browser, there: Devices
) -> None:
    dora.open(f"/devices/{SENSOR}")
    dora.press("log")
    with there.store.write() as connection:
        order = table.next_of(connection, SENSOR)
        lines = {"parts": {"1": "9 link down: <b>no</b>"}, "of": 1}
        table.change(connection, order.id, {"state": "done", "answer": lines, "waits": False})
    assert "9 link down: &lt;b&gt;no&lt;/b&gt;" in dora.open(f"/devices/{SENSOR}").text


def test_a_device_is_removed_only_after_a_second_word_and_for_good(
    dora: Browser, there: Devices
) -> None:
    dora.open(f"/devices/{BUTTON}/retire")
    assert len(there.care.all()) == 2  # looking at the question does nothing
    dora.press("retire")
    assert [one.device for one in there.care.all()] == [SENSOR]
    assert there.told_broker == 1
    assert there.ordered(BUTTON) == [("retire", {}, "dora")]
    page = dora.open(f"/devices/{BUTTON}").text
    assert "Removed" in page
    assert not dora.offers("identify")


@pytest.mark.parametrize("language", ["es", "fr"])
def test_every_word_of_the_pages_is_there_in_each_language(
    dora: Browser, there: Devices, language: str
) -> None:
    dora.open(f"/devices/{SENSOR}")
    for act in ("identify", "log"):
        dora.press(act)
    dora.open(f"/language/{language}?to=/devices/{SENSOR}")
    for key in ("act_", "order_", "setting_", "mode_", "tier_"):
        assert key not in dora.page.text.replace('for="', "").replace("test_press", "")


@pytest.mark.parametrize(
    ("language", "volts"), [("en", "battery 2.9 V"), ("es", "batería 2,9 V"), ("fr", "pile 2,9 V")]
)
def test_a_voltage_has_the_decimal_mark_of_the_language(
    dora: Browser, there: Devices, language: str, volts: str
) -> None:
    with there.store.write() as connection:
        device_table.change(connection, BUTTON, {"battery_millivolts": 2_910})
    for page in ("/devices", f"/devices/{BUTTON}"):
        assert volts in dora.open(f"/language/{language}?to={page}").text


@pytest.mark.parametrize(
    ("language", "moved"),
    [
        ("en", "ben (command line) · Moved to another room"),
        ("es", "ben (línea de comandos) · Cambiado de habitación"),
        ("fr", "ben (ligne de commande) · Déplacé dans une autre chambre"),
    ],
)
def test_what_was_done_by_the_command_line_is_told_in_words(
    dora: Browser, there: Devices, language: str, moved: str
) -> None:
    with there.store.write() as connection:
        for kind in get_args(orders.Noted):
            by = "ben" + orders.BY_COMMAND_LINE
            orders.note(connection, SENSOR, kind, by=by, now_ms=NOW_MS)
    text = dora.open(f"/language/{language}?to=/devices/{SENSOR}").text
    assert moved in text
    assert "· act_" not in text


def test_nobody_looks_after_devices_whose_gateway_is_elsewhere(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'alone.db'}")
    backend = assemble(policy(), database, SECRETS, clock=HandClock(), channel=Outbox())
    dora = Browser(House(backend, HandClock(), Outbox()))
    dora.come_in("dora")
    assert 'href="/devices"' not in dora.open("/now").text
    assert dora.open("/devices").status_code == 404
    database.close()
