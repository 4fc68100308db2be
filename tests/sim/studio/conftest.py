"""A studio on a port of its own, with worlds that are small and quick."""

import asyncio
import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from gateway.address import listen
from sim.studio.server import Studio
from sim.studio.situations import Situation
from sim.studio.visits import Visits, Wish
from tests.gateway.web.test_browser import ARGUMENTS

DESK = {"width": 1280, "height": 900}
ROOT = Path(__file__).parents[3]
FAKE = "tests.sim.studio.fake_world"


def fake_world(wish: Wish) -> list[str]:
    """The command of a fake world."""
    name = Path(wish.scenario).stem
    return [sys.executable, "-m", FAKE, name, str(wish.seed), wish.language, str(wish.speed)]


SITUATIONS = [
    Situation("first", Path("first.toml"), "The first one"),
    Situation("second", Path("second.toml"), "Another one", "With something to say of it."),
]


class Served:
    """A studio that runs in a thread. stop, start: as when the program is ended, begun again."""

    def __init__(self, situations=SITUATIONS, command=fake_world, speed=4.0):
        self._situations, self._command, self._speed = situations, command, speed
        self._port = 0
        self.start()

    def start(self):
        listening = listen("127.0.0.1", self._port, key="--port")
        self._port = listening.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self.visits = Visits(self._command, time.monotonic)
        studio = Studio(self._situations, self.visits, self._speed)
        app = studio.application(["127.0.0.1"])
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
        )
        self._loop = asyncio.new_event_loop()

        def serve():
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._server.serve([listening]))

        self._thread = threading.Thread(target=serve)
        self._thread.start()

    def stop(self):
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._loop.close()


@pytest.fixture
def served(monkeypatch) -> Iterator[Served]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    served = Served()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if program is None:
        pytest.skip("Chromium is not installed; on Debian: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium, served):
    """Opens the studio as a new visitor; what its console says is a failure."""
    contexts, said = [], []

    def visitor(address="", *, fails=False, **options):
        options = {"viewport": DESK, "locale": "en", **options}
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        if not fails:
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address or served.address)
        page.wait_for_selector("body[data-ready]")
        return page

    yield visitor
    for context in contexts:
        context.close()
    assert said == []
