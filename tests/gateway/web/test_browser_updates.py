"""New firmware is brought to devices on a cheap phone: a real Chromium."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gateway.release.library import Library
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.updates.run import Updates
from tests.gateway.backend.conftest import SENSOR, House
from tests.gateway.updates.fleet import release

from .test_browser import (  # noqa: F401
    CONTRAST,
    NOW_MS,
    PHONE,
    chromium,
    gateway_store,
    library,
    phone,
    served,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_update_is_begun_and_stopped_with_one_thumb_and_without_scripts(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    gateway_store: Store,  # noqa: F811
    library: Library,  # noqa: F811
    scheme: Any,
) -> None:
    house, address = served
    library.add(release())
    with gateway_store.write() as connection:
        values = {"last_heard_at": NOW_MS, "health": {"firmware": "0.1.0", "arch": "rv32imc"}}
        device_table.change(connection, SENSOR, values)
    dora = phone(chromium, house, "dora", java_script_enabled=False, color_scheme=scheme)
    dora.goto(f"{address}/devices")
    dora.get_by_role("link", name="Updates").click()
    # Its words are there before its style sheet is.
    dora.wait_for_url("**/updates")
    for name in ("Version", "First, alone"):
        box = dora.get_by_label(name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
    dora.get_by_role("button", name="Begin").click()
    expect(dora.get_by_text("Under way: stage 1 of 1")).to_be_visible()
    Updates(gateway_store, library, clock_ms=lambda: NOW_MS).look()
    dora.get_by_role("link", name="Look again").click()
    expect(dora.get_by_text("has not answered yet")).to_be_visible()
    dora.get_by_role("button", name="Stop it").click()
    expect(dora.get_by_text("Stopped in stage 1 of 1")).to_be_visible()
    dora.context.close()
    for language in ("en", "es", "fr"):
        page = phone(chromium, house, "dora", color_scheme=scheme)
        page.goto(f"{address}/language/{language}?to=/updates")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.evaluate(CONTRAST) >= 4.5, f"too little contrast in {language}, {scheme}"
        page.context.close()
