"""Pages to open: the backend of tests/gateway/backend, and browsers that know their forms."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.backend.database import open_database
from gateway.backend.service import assemble
from tests.gateway.backend.conftest import SECRETS, HandClock, House, Outbox, policy

BASE = "http://127.0.0.1:8080"


@dataclass
class Browser:
    """A browser without scripts: follows redirects, keeps cookies, sends the forms it was given."""

    house: House
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    headers: dict[str, str] = field(default_factory=dict)
    page: httpx.Response = field(default_factory=lambda: httpx.Response(200))

    def ask(self, method: str, path: str, *, follow: bool = True, **values: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.house.backend.asgi, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport,
                base_url=BASE,
                cookies=self.cookies,
                headers=self.headers,
                follow_redirects=follow,
            ) as client:
                answer = await client.request(method, path, **values)
                self.cookies = client.cookies
                return answer

        self.page = asyncio.run(once())
        return self.page

    def open(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def come_in(self, person: str, alert: str | None = None) -> httpx.Response:
        return self.open(self.house.backend.link_for(person, alert).removeprefix(BASE))

    def press(self, word: str, **fields: str) -> httpx.Response:
        """Presses the page's button of that word: the form whose address ends in it."""
        forms = re.findall(r'action="([^"]+)">(.*?)</form>', self.page.text, re.DOTALL)
        action, inside = next(form for form in forms if form[0].endswith(f"/{word}"))
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside)
        return self.ask("POST", action, data={**dict(hidden), **fields})

    def offers(self, word: str) -> bool:
        return re.search(rf'action="[^"]+/{word}"', self.page.text) is not None


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    opened = []

    def open_one(**changes: Any) -> House:
        clock, outbox = HandClock(), Outbox()
        database = open_database(f"sqlite:///{tmp_path / 'backend.db'}")
        backend = assemble(policy(**changes), database, SECRETS, clock=clock, channel=outbox)
        opened.append(backend)
        return House(backend, clock, outbox)

    yield open_one
    for backend in opened:
        backend.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()


@pytest.fixture
def ana(house: House) -> Browser:
    browser = Browser(house)
    browser.come_in("ana")
    return browser


@pytest.fixture
def ben(house: House) -> Browser:
    browser = Browser(house)
    browser.come_in("ben")
    return browser
