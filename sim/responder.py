"""A responder who is not there: opens the link in a message and presses the page's own buttons."""

import asyncio
from html.parser import HTMLParser

import httpx

# A page that does not come, a person opens again; for so long.
WAIT_S = 30.0
AGAIN_AFTER_S = 0.5


class PageError(Exception):
    """The page did not have what a responder looks for; `str()` says which page and what."""


class _Forms(HTMLParser):
    """The forms of a page: for each its address, and the values of its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        # The values of the buttons that have a name: (form, name, value).
        self.choices: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag == "input" and values.get("type") == "hidden" and self.forms:
            self.forms[-1][1][values.get("name", "")] = values.get("value", "")
        elif tag == "button" and values.get("name") and self.forms:
            self.choices.append((self.forms[-1][0], values["name"], values.get("value", "")))


class Responder:
    """One person with one link: `on_my_way()`, `arrived()`, `done(outcome)`. Raises PageError.

    Each opens the page anew, as a person would, and posts the form that is on it. transport: how
    the phone gets to the pages; None: over the network.
    """

    def __init__(self, link: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._link = link
        self._client = httpx.AsyncClient(
            follow_redirects=True, timeout=WAIT_S, trust_env=False, transport=transport
        )

    async def __aenter__(self) -> "Responder":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def on_my_way(self) -> None:
        """Presses "On my way"."""
        await self._press(await self._open(self._link), "/on-my-way")

    async def arrived(self) -> None:
        """Presses "I'm there"."""
        await self._press(await self._open(self._link), "/arrived")

    async def cannot_go(self) -> None:
        """Presses "I can't"."""
        await self._press(await self._open(self._link), "/cannot-go")

    async def look(self) -> str:
        """Opens the page and does nothing: its text."""
        return (await self._open(self._link)).text

    async def done(self, outcome: str) -> None:
        """Says what it was, by the value of one of the page's own choices."""
        page = await self._open(self._link)
        asked = await self._open(f"{str(page.url).partition('?')[0]}/done")
        await self._press(asked, "/done", outcome)

    async def _open(self, address: str) -> httpx.Response:
        page = await self._ask("GET", address)
        if page.status_code != httpx.codes.OK:
            # Without the address: it is a way in.
            raise PageError(f"a page that a responder opened answered {page.status_code}")
        return page

    async def _press(self, page: httpx.Response, ends_with: str, choice: str = "") -> None:
        found = _Forms()
        found.feed(page.text)
        for address, fields in found.forms:
            if not address.endswith(ends_with):
                continue
            if choice:
                names = [
                    name
                    for form, name, value in found.choices
                    if (form, value) == (address, choice)
                ]
                if not names:
                    raise PageError(f"the page {page.url.path} offers no choice {choice!r}")
                fields = {**fields, names[0]: choice}
            answer = await self._ask("POST", str(page.url.join(address)), fields)
            if answer.status_code != httpx.codes.OK:
                raise PageError(f"{address} answered {answer.status_code}")
            return
        raise PageError(f"the page {page.url.path} has no form for {ends_with!r}")

    async def _ask(
        self, method: str, address: str, fields: dict[str, str] | None = None
    ) -> httpx.Response:
        """The answer, however often one has to try: the gateway may be starting again just now.
        A form sent twice does the same as once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_S
        while True:
            try:
                return await self._client.request(method, address, data=fields)
            except httpx.TransportError as error:
                if loop.time() > deadline:
                    raise PageError(
                        f"the pages cannot be reached ({type(error).__name__})"
                    ) from None
            await asyncio.sleep(AGAIN_AFTER_S)
