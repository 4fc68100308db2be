"""The resident's page on a cheap phone, with one thumb: a real Chromium."""

from typing import Any

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect

from gateway.backend.cards import Cards, NewCard
from gateway.backend.happenings import OnMyWay
from gateway.backend.incoming import DeviceReport, Heartbeat
from gateway.backend.passwords import Passwords
from gateway.backend.vault import Vault
from gateway.store import Store
from gateway.store import devices as device_table
from tests.gateway.backend.conftest import SECRETS, SENSOR, House

from .test_browser import (  # noqa: F401
    CONTRAST,
    PHONE,
    chromium,
    gateway_store,
    library,
    phone,
    served,
)

pytestmark = pytest.mark.browser

PAGES = (
    "/mine",
    "/mine/asks",
    "/mine/choice",
    "/mine/plan",
    "/mine/kept",
    "/mine/kept/delete",
    "/mine/pin",
)


@pytest.fixture
def card(served: tuple[House, str], gateway_store: Store) -> NewCard:  # noqa: F811
    """Of 205, where a sensor is."""
    house, _ = served
    with gateway_store.write() as connection:
        device_table.change(connection, SENSOR, {"tier": "breathing"})
    report = DeviceReport(SENSOR, "205", "sensor", "breathing", house.clock(), None)
    house.backend.dispatch.heartbeat(Heartbeat("house-1", house.clock(), (report,), {}))
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    database = house.backend.database
    passwords = Passwords(database, Vault(SECRETS.vault_key), house.clock, quick)
    return Cards(database, passwords, house.clock).make("house-1", "205")


def scanned(chromium: Browser, address: str, card: NewCard, **options: Any) -> Page:  # noqa: F811
    """A phone that has scanned the card; the PIN typed, and the page open."""
    context = chromium.new_context(viewport=PHONE, locale="en", **options)
    page = context.new_page()
    page.goto(f"{address}/r/{card.resident.card}")
    page.locator("#pin").fill(card.pin)
    page.locator("form .main").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("205")
    return page


def test_a_question_shows_by_itself_and_is_answered_with_one_thumb(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    card: NewCard,
) -> None:
    house, address = served
    page = scanned(chromium, address, card)
    expect(page.get_by_text("Nothing is asked, and no call is open.")).to_be_visible()
    house.happens("prompt", unit="205", state="asked", cause="no_breathing")
    button = page.get_by_role("button", name="I'm OK")
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 56
    assert box["y"] + box["height"] <= PHONE["height"], "out of a thumb's reach"
    expect(page.locator("main")).not_to_have_class("moving")
    button.click()
    expect(page.get_by_text("On its way to your sensor.")).to_be_visible()
    assert [row.kind for row in house.stream()] == ["said_ok"]
    house.happens("prompt", unit="205", state="answered")
    expect(page.get_by_text("Nothing is asked, and no call is open.")).to_be_visible()
    page.context.close()


def test_it_all_works_without_javascript(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    card: NewCard,
) -> None:
    house, address = served
    alert = house.happens("press", unit="205", taps=2)
    page = scanned(chromium, address, card, java_script_enabled=False)
    page.get_by_role("button", name="I'm OK").click()
    expect(page.get_by_text("Those who come can see it now.")).to_be_visible()
    page.get_by_role("link", name="Rescue plan").click()
    page.get_by_label("What whoever comes should know").fill("Blue box.\nSlowly.")
    page.get_by_label("Whom to tell").fill("Mia 555 0100")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_label("What whoever comes should know")).to_have_value("Blue box.\nSlowly.")
    page.goto(f"{address}/mine/asks")
    field = page.get_by_label("Asks when it sees no breath")
    field.fill("61")
    page.get_by_role("button", name="Change").click()
    assert field.evaluate("field => field.validity.rangeOverflow")
    page.goto(f"{address}/mine")
    page.get_by_role("button", name="Close my page on this phone").click()
    expect(page.get_by_text("Your page is closed")).to_be_visible()
    assert house.alert(alert).ok_at is not None
    page.context.close()


def test_a_responder_opens_the_plan_and_it_goes_when_the_resident_says_ok(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    card: NewCard,
) -> None:
    house, address = served
    kim = scanned(chromium, address, card)
    kim.goto(f"{address}/mine/plan")
    kim.locator("#plan").fill("Naloxone is in the blue box.")
    kim.locator("form .main").click()
    alert = house.happens("press", unit="205", taps=2)
    house.backend.dispatch.reply(str(alert), OnMyWay("ana"))
    ana = phone(chromium, house, "ana")
    ana.goto(f"{address}/alerts/{alert}")
    ana.get_by_role("button", name="Open the rescue plan").click()
    expect(ana.get_by_text("Naloxone is in the blue box.")).to_be_visible()
    ana.wait_for_load_state()
    assert ana.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    kim.goto(f"{address}/mine")
    kim.get_by_role("button", name="I'm OK").click()
    expect(ana.get_by_text("Naloxone is in the blue box.")).to_be_hidden()
    for page in (ana, kim):
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone_and_all_of_it_is_legible(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    card: NewCard,
    scheme: Any,
) -> None:
    house, address = served
    house.happens("press", unit="205", taps=2)
    house.happens("prompt", unit="205", state="asked", cause="no_breathing")
    page = scanned(chromium, address, card, color_scheme=scheme)
    page.goto(f"{address}/mine/plan")
    page.locator("#plan").fill("Blue box, " * 40)
    page.locator("#contact").fill("Mia " + "5" * 60)
    page.locator("form .main").click()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    # French is the longest; of the others the first page and the one with most words.
    for language in ("en", "es", "fr"):
        page.goto(f"{address}/language/{language}?to=/mine")
        paths = (*PAGES, f"/r/{card.resident.card}") if language == "fr" else ("/mine", PAGES[3])
        for path in paths:
            page.goto(f"{address}{path}")
            where = f"{path} in {language}, {scheme}"
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], where
            assert page.evaluate(CONTRAST) >= 4.5, where
            for button in page.locator("button, .button").all():
                box = button.bounding_box()
                assert box is not None
                assert box["height"] >= 44, where
    assert problems == [], "the guards of the page forbid something that it does"
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_make_a_card_on_a_phone_and_print_nothing_else(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    card: NewCard,
    scheme: Any,
) -> None:
    house, address = served
    dora = phone(chromium, house, "dora", color_scheme=scheme)
    dora.get_by_role("link", name="Residents' cards").click()
    dora.get_by_role("link", name="205").click()
    for language in ("es", "fr", "en"):
        dora.goto(f"{address}/language/{language}?to=/residents/house-1/205")
        assert dora.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert dora.evaluate(CONTRAST) >= 4.5
    dora.get_by_role("button", name="A new card for the same person").click()
    expect(dora.locator(".pin-shown")).to_be_visible()
    # The words are there before the style sheet is, and are white on nothing in the dark.
    dora.wait_for_load_state()
    assert dora.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert dora.evaluate(CONTRAST) >= 4.5
    dora.emulate_media(media="print")
    expect(dora.locator(".top")).to_be_hidden()
    expect(dora.locator(".not-printed")).to_be_hidden()
    expect(dora.locator(".qr")).to_be_visible()
    dora.context.close()
