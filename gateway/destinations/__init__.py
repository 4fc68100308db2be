"""Systems that an event goes to, and what the outbox asks of each.

Undelivered
├── Unreachable   the way is down, or the system cannot take anything now: try again
└── Rejected      the system will never take this one: set it aside and say so
"""

from dataclasses import dataclass
from typing import Protocol

from gateway.happened import StoredEvent


class Undelivered(Exception):
    """`str()` says why, in words for a log: no address, no secret, nothing of the event."""


class Unreachable(Undelivered):
    """Nothing is wrong with the parcel: it is tried again, for ever."""


class Rejected(Undelivered):
    """This parcel will never be accepted, however often it is sent. said: the system's own reason,
    for a person; it may be about what was sent, and is for no log."""

    def __init__(self, why: str, said: str = "") -> None:
        super().__init__(why)
        self.said = said


@dataclass(frozen=True)
class Parcel:
    """What is sent: `id` never changes between tries, and tells copies from one another."""

    id: str
    body: str


class Destination(Protocol):
    """A system that events go to. `name` is its lane in the outbox, for ever the same."""

    name: str

    def compose(self, event: StoredEvent) -> Parcel | None:
        """What to send of this event; None where this system is not to know of it."""

    async def deliver(self, parcel: Parcel) -> None:
        """Returns once the system has committed it. Raises Unreachable or Rejected."""
