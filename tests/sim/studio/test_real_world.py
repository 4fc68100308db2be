"""All of it together: Chromium, the studio, and a world with the real firmware in it."""

import pytest
from playwright.sync_api import expect

from sim.studio.cli import command
from sim.studio.situations import situations
from tests.sim.studio.conftest import Served
from tests.sim.studio.test_page import button, fast, story

pytestmark = pytest.mark.browser

# From a last breath to the call 36 s pass in there; setting up takes seconds on a busy machine.
IN_TIME_MS = 60_000


@pytest.fixture
def served():
    served = Served(situations(), command)
    yield served
    served.stop()


def test_a_collapse_from_breathing_to_somebody_is_coming(visitor):
    page = visitor()
    fast(page)
    button(page.locator("#hint"), "Come in and sit").click(timeout=IN_TIME_MS)
    sensor = page.locator("#strip-sensor")
    expect(sensor).to_have_text("Sees breathing · looks after them", timeout=IN_TIME_MS)
    button(page.locator("#room"), "Stop breathing").click()
    expect(sensor).to_have_text("Sees no breathing · asks: are you OK?", timeout=IN_TIME_MS)
    expect(page.locator("#strip-light")).to_have_text("are you OK?")
    expect(page.locator("#speed-said")).to_contain_text("4×")
    ana = page.locator('[data-phone="ana"]')
    expect(ana).to_contain_text("Urgent: 204", timeout=IN_TIME_MS)
    expect(page.locator("#strip-light")).to_have_text("delivered")
    button(ana, "On my way").click()
    expect(page.locator("#strip-light")).to_have_text("somebody is coming", timeout=IN_TIME_MS)
    expect(page.locator('[data-device="sensor"]')).to_contain_text("Nearly always on")
    expect(page.locator("#strip-alert")).to_have_text("Urgent · Ana on the way")
    button(ana, "I'm there").click(timeout=IN_TIME_MS)
    button(page.locator("#room"), "As usual").click()
    button(ana, "Done: they are fine").click(timeout=IN_TIME_MS)
    expect(page.locator("#strip-alert")).to_have_text("Urgent · over", timeout=IN_TIME_MS)
    expect(story(page)).to_contain_text("The gateway keeps the call (no breathing seen)")


def test_a_situation_of_the_library_plays_by_itself(visitor):
    page = visitor()
    page.locator("#choose select").select_option("collapse_in_washroom")
    button(page.locator("#choose"), "Begin").click()
    expect(page.locator(".person .name")).to_have_text("Sam", timeout=IN_TIME_MS)
    fast(page)
    expect(story(page)).to_contain_text("Sam collapses", timeout=IN_TIME_MS)
    expect(story(page)).to_contain_text("Ana answers: on my way", timeout=IN_TIME_MS)
