"""An open page stays true whatever the way to it does: a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gateway.web import live
from tests.gateway.backend.conftest import House

from .test_browser import (  # noqa: F401
    chromium,
    gateway_store,
    library,
    phone,
    served,
)

pytestmark = pytest.mark.browser

CALM = "Nobody is asking for help."
LOST = "This page has lost its connection"


class Answers:
    """What the page fetches of itself. While it is held, answers are made and do not arrive."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._late: list[tuple[Route, str]] = []
        self.hold = False
        self.fail = False
        page.route("**/now", self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.resource_type != "fetch":
            route.continue_()
        elif self.fail:
            route.abort()
        elif self.hold:
            self._late.append((route, route.fetch().text()))
        else:
            route.continue_()

    def wait(self) -> None:
        """Until one is held back."""
        while not self._late:
            self._page.wait_for_timeout(20)

    def let_go(self) -> None:
        """What was held back arrives, and the page has done with it what it does."""
        for route, body in self._late:
            with self._page.expect_event("requestfinished"):
                route.fulfill(body=body, content_type="text/html; charset=utf-8")
        self._late = []
        self._page.evaluate("new Promise((done) => setTimeout(done, 100))")


# The house, Ana's phone, and what it fetches.
Opened = tuple[House, Page, Answers]


def settled(chromium: Browser, house: House) -> tuple[Page, Answers]:  # noqa: F811
    """Ana's phone, that has done what a page does when it is opened; and what it fetches."""
    ana = phone(chromium, house, "ana")
    expect(ana.get_by_text(CALM)).to_be_visible()
    ana.wait_for_function("() => news.readyState === EventSource.OPEN")
    ana.wait_for_function("() => asked > 0 && asked === shown")
    return ana, Answers(ana)


@pytest.fixture
def opened(chromium: Browser, served: tuple[House, str]) -> Iterator[Opened]:  # noqa: F811
    house, _ = served
    ana, answers = settled(chromium, house)
    yield house, ana, answers
    ana.context.close()


def test_an_answer_that_was_overtaken_does_not_hide_a_call(opened: Opened) -> None:
    house, ana, answers = opened
    answers.hold = True
    ana.evaluate("void renew()")
    answers.wait()
    answers.hold = False
    house.happens("press", taps=2)
    button = ana.get_by_role("button", name="On my way")
    expect(button).to_be_visible()
    answers.let_go()
    assert button.is_visible(), "what was true before the call was shown over it"


def test_news_that_come_while_a_finger_is_down_are_shown_once_it_is_up(opened: Opened) -> None:
    house, ana, answers = opened
    answers.hold = True
    house.happens("press", taps=2)
    answers.wait()
    ana.get_by_text(CALM).hover()
    ana.mouse.down()
    answers.hold = False
    answers.let_go()
    expect(ana.get_by_text(CALM)).to_be_visible()
    ana.mouse.up()
    expect(ana.get_by_role("button", name="On my way")).to_be_visible()


def test_what_could_not_be_fetched_is_fetched_again(opened: Opened) -> None:
    house, ana, answers = opened
    answers.fail = True
    house.happens("press", taps=2)
    expect(ana.get_by_text(LOST)).to_be_visible()
    answers.fail = False
    expect(ana.get_by_role("button", name="On my way")).to_be_visible()
    expect(ana.get_by_text(LOST)).to_be_hidden()


def test_a_page_that_has_lost_its_backend_says_so_and_finds_it_again(opened: Opened) -> None:
    house, ana, _ = opened
    ana.route("**/live", lambda route: route.abort())
    # As a browser does where a proxy answers for a backend that is gone: it does not try again.
    ana.evaluate("news.close(); news.dispatchEvent(new Event('error'))")
    expect(ana.get_by_text(LOST)).to_be_visible()
    house.happens("press", taps=2)
    ana.unroute("**/live")
    expect(ana.get_by_role("button", name="On my way")).to_be_visible()
    expect(ana.get_by_text(LOST)).to_be_hidden()


def test_a_connection_that_has_died_in_silence_is_made_anew(opened: Opened) -> None:
    house, ana, _ = opened
    # Open, and nothing comes: its other end is gone, and nobody has said so.
    ana.evaluate("window.dead = news; heardAt = Date.now() - SILENT_MS")
    ana.wait_for_function("() => news !== window.dead && news.readyState === EventSource.OPEN")
    assert ana.evaluate("window.dead.readyState === EventSource.CLOSED")
    house.happens("press", taps=2)
    expect(ana.get_by_role("button", name="On my way")).to_be_visible()


def test_a_house_where_nothing_happens_is_heard(
    chromium: Browser,  # noqa: F811
    served: tuple[House, str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The backend says that it is there, and often enough for a page not to give it up."""
    house, _ = served
    often_s = live._KEEP_ALIVE_S
    monkeypatch.setattr(live, "_KEEP_ALIVE_S", 0.2)
    ana, _ = settled(chromium, house)
    assert ana.evaluate("SILENT_MS") > 2000 * often_s
    ana.evaluate("window.then = heardAt; window.renewals = asked")
    ana.wait_for_function("() => heardAt > window.then")
    assert ana.evaluate("asked === window.renewals"), "it is no news"
    ana.context.close()
