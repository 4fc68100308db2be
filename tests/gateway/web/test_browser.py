"""A real Chromium at the size of a cheap phone."""

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doorknock import wire
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gateway import devices
from gateway.address import listen
from gateway.backend.database import open_database
from gateway.backend.service import assemble, utc_now
from gateway.bluetooth.air import Air, BluetoothError, Trouble
from gateway.care.acts import Care
from gateway.release.library import Library
from gateway.store import Store, open_store, orders
from tests.gateway.backend.conftest import SECRETS, SENSOR, HandClock, House, Outbox, policy
from tests.gateway.web.test_devices import NOW_MS

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 640}
# A machine with other work to do is slow, and not wrong.
expect.set_options(timeout=30_000)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if program is None:
        pytest.skip("Chromium is not installed; on Debian: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


class Clockwork(HandClock):
    """The real time: this backend's workers run by themselves."""

    def __call__(self) -> Any:
        return utc_now()


@pytest.fixture
def gateway_store(tmp_path: Path) -> Iterator[Store]:
    """The gateway's own store: a sensor in 205 that has said what is in force."""
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    devices.register(store, SENSOR, bytes(range(32)), "205", "sensor", now_ms=NOW_MS)
    in_force = {field[0]: field[2] for field in wire.SETTING_FIELDS if len(field) == 4}
    with store.write() as connection:
        orders.save_in_force(connection, SENSOR, {"mode": "home", **in_force}, NOW_MS)
    yield store
    store.close()


def _no_adapter() -> Air:
    raise BluetoothError(Trouble.NO_ADAPTER)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """The gateway's releases: none yet."""
    return Library(tmp_path / "data")


@pytest.fixture
def served(tmp_path: Path, gateway_store: Store, library: Library) -> Iterator[tuple[House, str]]:
    """A backend on a port, in a thread of its own; and its address."""
    socket = listen("127.0.0.1", 0, key="port")
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    clock, outbox = Clockwork(), Outbox()
    database = open_database(f"sqlite:///{tmp_path / 'backend.db'}")
    backend = assemble(
        policy(base_url=address),
        database,
        SECRETS,
        clock=clock,
        channel=outbox,
        care=Care(gateway_store, lambda: NOW_MS, lambda: None, _no_adapter, library),
    )
    loop = asyncio.new_event_loop()
    serving = loop.create_task(backend.serve(socket))

    def serve() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)

    thread = threading.Thread(target=serve)
    thread.start()
    yield House(backend, clock, outbox), address
    loop.call_soon_threadsafe(serving.cancel)
    thread.join(30)
    assert not thread.is_alive()
    loop.close()
    backend.close()


@pytest.fixture
def house_with_devices(served: tuple[House, str], gateway_store: Store) -> tuple[House, str, Store]:
    return (*served, gateway_store)


def phone(chromium: Browser, house: House, person: str, **options: Any) -> Page:
    """This person's phone, after a tap on their link."""
    context = chromium.new_context(viewport=PHONE, locale="en", **options)
    page = context.new_page()
    page.goto(house.backend.link_for(person))
    return page


def test_a_phone_says_on_my_way_and_sees_it(chromium: Browser, served: tuple[House, str]) -> None:
    house, _ = served
    ana = phone(chromium, house, "ana")
    expect(ana.get_by_text("Nobody is asking for help.")).to_be_visible()
    # The page learns of it by itself.
    alert = house.happens("press", taps=2)
    button = ana.get_by_role("button", name="On my way")
    expect(button).to_be_visible()
    expect(ana.get_by_text("Nobody has answered yet")).to_be_visible()
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 56
    assert box["y"] + box["height"] <= PHONE["height"], "out of a thumb's reach"
    # A card that has only just come takes no tap: the finger was meant for something else.
    expect(ana.locator("main")).not_to_have_class("moving")
    button.click()
    expect(ana.get_by_text("Ana on the way").first).to_be_visible()
    assert house.alert(alert).attending == ("ana",)
    ana.context.close()


def test_a_phone_sees_what_another_says(chromium: Browser, served: tuple[House, str]) -> None:
    house, _ = served
    house.happens("press", taps=1)
    ana, ben = phone(chromium, house, "ana"), phone(chromium, house, "ben")
    ana.get_by_role("button", name="On my way").click()
    expect(ben.get_by_text("Ana on the way")).to_be_visible()
    expect(ben.get_by_role("button", name="I'm going too")).to_be_visible()
    for page in (ana, ben):
        page.context.close()


def test_it_all_works_without_javascript(chromium: Browser, served: tuple[House, str]) -> None:
    house, _ = served
    alert = house.happens("press", taps=1)
    ana = phone(chromium, house, "ana", java_script_enabled=False)
    ana.get_by_role("button", name="On my way").click()
    expect(ana.get_by_text("Ana on the way").first).to_be_visible()
    ana.get_by_role("button", name="I'm there").click()
    ana.get_by_role("link", name="Done: what was it?").click()
    ana.get_by_role("button", name="They are fine").click()
    expect(ana.get_by_text("This is over. Thank you.").first).to_be_visible()
    assert house.alert(alert).outcome == "fine"
    ana.context.close()


def test_a_touch_says_seen_and_opening_alone_does_not(
    chromium: Browser, served: tuple[House, str]
) -> None:
    house, _ = served
    house.happens("press", taps=1)
    ana = phone(chromium, house, "ana")
    ana.get_by_text("Who was asked").click()
    expect(ana.get_by_text("seen ").first).to_be_visible()
    ana.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone_and_all_of_it_is_legible(
    chromium: Browser, served: tuple[House, str], scheme: Any
) -> None:
    house, address = served
    house.happens("stillness", cause="no_breathing", urgency="urgent")
    house.happens("fault", what="radar_silent", state="raised")
    for language in ("en", "es", "fr"):
        page = phone(chromium, house, "dora", color_scheme=scheme)
        problems: list[str] = []
        page.on("console", lambda message, said=problems: said.append(message.text))
        page.goto(f"{address}/language/{language}?to=/now")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.evaluate(CONTRAST) >= 4.5, f"too little contrast in {language}, {scheme}"
        assert problems == [], "the guards of the page forbid something that it does"
        page.context.close()


def test_a_room_with_the_longest_name_fits_a_phone(
    chromium: Browser, house_with_devices: tuple[House, str, Store]
) -> None:
    house, address, store = house_with_devices
    devices.register(store, "0a0b0c0d0eff", bytes(range(5, 37)), "x" * 64, "button", now_ms=NOW_MS)
    dora = phone(chromium, house, "dora")
    for page in ("", "/wifi", "/retire"):
        dora.goto(f"{address}/devices/0a0b0c0d0eff{page}")
        expect(dora.locator("h1")).to_contain_text("x" * 64)
        assert dora.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page
    dora.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sensor_is_set_on_a_phone_without_scripts(
    chromium: Browser, house_with_devices: tuple[House, str, Store], scheme: Any
) -> None:
    house, address, store = house_with_devices
    for language in ("en", "es", "fr"):
        page = phone(chromium, house, "dora", color_scheme=scheme)
        page.goto(f"{address}/language/{language}?to=/devices/{SENSOR}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.evaluate(CONTRAST) >= 4.5, f"too little contrast in {language}, {scheme}"
        page.context.close()
    dora = phone(chromium, house, "dora", java_script_enabled=False)
    dora.goto(f"{address}/devices")
    dora.get_by_role("link", name="205").click()
    dora.wait_for_url(f"**/devices/{SENSOR}")
    field = dora.get_by_label("Time to answer (s)")
    box = field.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    # The browser itself keeps to the bounds
    field.fill("61")
    dora.get_by_role("button", name="Change").click()
    assert field.evaluate("field => field.validity.rangeOverflow")
    field.fill("20")
    dora.get_by_role("button", name="Change").click()
    expect(dora.get_by_text("not answered yet")).to_be_visible()
    with store.read() as connection:
        [order] = orders.of_device(connection, SENSOR, 5)
    assert (order.details, order.ordered_by) == ({"answer_s": 20}, "dora")
    dora.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wifi_is_changed_on_a_phone_without_scripts(
    chromium: Browser, house_with_devices: tuple[House, str, Store], scheme: Any
) -> None:
    house, address, _ = house_with_devices
    for language in ("en", "es", "fr"):
        page = phone(chromium, house, "dora", color_scheme=scheme)
        page.goto(f"{address}/language/{language}?to=/devices/{SENSOR}/wifi")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.evaluate(CONTRAST) >= 4.5, f"too little contrast in {language}, {scheme}"
        page.context.close()
    dora = phone(chromium, house, "dora", java_script_enabled=False)
    dora.goto(f"{address}/devices/{SENSOR}")
    dora.get_by_role("link", name="Change its Wi-Fi").click()
    dora.wait_for_url(f"**/devices/{SENSOR}/wifi")
    for label in ("Name of the new Wi-Fi", "Its password"):
        box = dora.get_by_label(label).bounding_box()
        assert box is not None
        assert box["height"] >= 44
    dora.get_by_label("Name of the new Wi-Fi").fill("new house")
    dora.get_by_label("Its password").fill("new password")
    dora.get_by_role("button", name="Change it").click()
    # The page looks again by itself until there is a word.
    expect(dora.get_by_text("The gateway has no Bluetooth")).to_be_visible()
    assert "new password" not in dora.content()
    dora.context.close()


# The least contrast of any text on the page with the colour behind it (WCAG 2.2, 1.4.3: 4.5).
CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return [43, 43, 43];
      const colour = numbers(style.backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let least = 21;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(behind(node))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
}"""
