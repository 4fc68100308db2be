"""Staff log in on a cheap phone: a real Chromium."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.backend.conftest import House

from .test_browser import (  # noqa: F401
    CONTRAST,
    PHONE,
    chromium,
    gateway_store,
    library,
    served,
)
from .test_staff import RIGHT, give

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_log_in_and_out_with_one_thumb_and_without_scripts(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    scheme: Any,
) -> None:
    house, address = served
    give(house, "dora")
    for language in ("en", "es", "fr"):
        context = chromium.new_context(viewport=PHONE, locale="en", color_scheme=scheme)
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda message, said=problems: said.append(message.text))
        page.goto(f"{address}/language/{language}?to=/login")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.evaluate(CONTRAST) >= 4.5
        page.locator("#person").fill("dora")
        page.locator("#password").fill(RIGHT)
        button = page.locator("form .main")
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 56
        button.click()
        page.goto(f"{address}/me")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.evaluate(CONTRAST) >= 4.5
        assert problems == []
        context.close()
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{address}/devices")
    page.get_by_role("link", name="Staff: log in").click()
    page.get_by_label("Your name here, as set up").fill("dora")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("That did not open it.")).to_be_visible()
    page.get_by_label("Password").fill(RIGHT)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    assert page.url == f"{address}/devices"
    page.goto(f"{address}/me")
    page.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_text("Come in by your own link")).to_be_visible()
    context.close()
