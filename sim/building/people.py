"""Those who respond: each reads their phone, opens the link in it, and presses the page's buttons.

    await building.responders["ana"].on_my_way("204")

Each raises PageError where the page does not offer it, and NoMessage where there is no link yet.
"""

from collections.abc import Callable

import httpx

from sim.building.phones import Phones, Received
from sim.responder import Responder


class NoMessage(Exception):
    """This person's phone shows nothing that could be opened."""


class VirtualResponder:
    """One person. way: how their phone gets to the pages."""

    def __init__(self, person: str, phones: Phones, way: httpx.AsyncBaseTransport) -> None:
        self.person = person
        self._phones = phones
        self._way = way

    async def on_my_way(self, unit: str = "") -> None:
        """Says so, about this unit; "": about whatever the newest message is about."""
        async with self._page(unit) as page:
            await page.on_my_way()

    async def cannot_go(self, unit: str = "") -> None:
        """Says that somebody else has to."""
        async with self._page(unit) as page:
            await page.cannot_go()

    async def arrived(self, unit: str = "") -> None:
        """Says that they are there."""
        async with self._page(unit) as page:
            await page.arrived()

    async def done(self, outcome: str = "fine", unit: str = "") -> None:
        """Closes it, and says what it was (gateway/backend/policy.py, OUTCOMES)."""
        async with self._page(unit) as page:
            await page.done(outcome)

    async def look(self, unit: str = "") -> str:
        """Opens the link and presses nothing; the page's text."""
        async with self._page(unit) as page:
            return await page.look()

    def _page(self, unit: str) -> Responder:
        return Responder(self._message(lambda one: unit in one.title).link, self._way)

    def _message(self, wanted: Callable[[Received], bool]) -> Received:
        for message in reversed(self._phones.of(self.person)):
            if message.link and wanted(message):
                return message
        raise NoMessage(f"The phone of {self.person} shows no message with a link.")
