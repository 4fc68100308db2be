"""Ways to reach a person. A channel is a class of one method; whoever adds one adds a file.

ChannelFailed    it did not go out; str() says why, without any secret
"""

from dataclasses import dataclass
from typing import Protocol


class ChannelFailed(Exception):
    """The message did not go out. str(): why, in words that hold no address and no token."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a phone shows. urgent: let it ring through where the channel can."""

    title: str
    text: str
    urgent: bool


class Channel(Protocol):
    """Sends; may block, and is called in a thread of its own."""

    def send(self, address: str, message: Message) -> bool:
        """Sends to *address*; True if the channel knows that the phone has it.

        Raises ChannelFailed. False says "sent", which is not "delivered".
        """
        ...
