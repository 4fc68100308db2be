"""Everybody's phones in virtual time: what they show, when, and what does not get through.

The backend's own worker decides what is sent to whom; this stands in for the services behind its
channels. Addresses are phone://PERSON.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.backend.channels import Channel, ChannelFailed, Message

SCHEME = "phone://"
# A working service takes 1 to 3 s (gateway/backend/notices.py), and the phone's push as long.
TAKES_S = 2.0
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Received:
    """A message on a phone. t_ms: virtual; link: the first in the text, or ""."""

    t_ms: int
    person: str
    title: str
    text: str
    urgent: bool

    @property
    def link(self) -> str:
        found = _LINK.search(self.text)
        return found[0] if found else ""


@dataclass
class Phone:
    """One person's phone, and the service that reaches it.

    takes_s: from the backend's sending to the screen. undeliverable: the service says no.
    silent: the service takes it and never answers. swallows: the service says yes, and the phone
    (off, without credit, without a network) shows nothing. receipts: the service knows that the
    phone has it.
    """

    takes_s: float = TAKES_S
    undeliverable: bool = False
    silent: bool = False
    swallows: bool = False
    receipts: bool = False


class Phones:
    """All phones. messages: what there was, in order."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_message: Callable[[Received], None]
    ) -> None:
        self.messages: list[Received] = []
        self._loop = loop
        self._on_message = on_message
        self._phones: dict[str, Phone] = {}

    def __getitem__(self, person: str) -> Phone:
        return self._phones.setdefault(person, Phone())

    def of(self, person: str) -> list[Received]:
        """What this person's phone has shown."""
        return [message for message in self.messages if message.person == person]

    async def carry(
        self, _channel: Channel, address: str, message: Message, at_most_s: float
    ) -> bool:
        """See gateway.backend.notices.Send."""
        person = address.removeprefix(SCHEME)
        phone = self[person]
        async with asyncio.timeout(at_most_s):
            if phone.silent:
                await self._loop.create_future()
            await asyncio.sleep(phone.takes_s)
        if phone.undeliverable:
            raise ChannelFailed("the service could not reach the phone")
        if phone.swallows:
            return False
        received = Received(
            round(self._loop.time() * 1000), person, message.title, message.text, message.urgent
        )
        self.messages.append(received)
        self._on_message(received)
        return phone.receipts

    def send(self, address: str, message: Message) -> bool:
        """See gateway.backend.channels.Channel: nobody calls it, `carry` stands in its place."""
        raise ChannelFailed(f"{address} is reached in virtual time alone")
