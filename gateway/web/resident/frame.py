"""What the rooms of the resident's page share: who is in, the frame around a page, and sections
that other parts bring.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from gateway.backend.cards import Resident
from gateway.backend.logins import Login
from gateway.care.room import Room
from gateway.web.wording import Words

COOKIE = "doorknock-resident"


@dataclass(frozen=True, slots=True)
class Guest:
    """A resident who is in. token: what their forms must carry."""

    resident: Resident
    login: Login
    token: str


GuestHandler = Callable[[Request, Guest, Words], Awaitable[Response]]


class ResidentFrame(Protocol):
    """gateway.web.resident.pages.ResidentPages, as its other rooms and sections see it."""

    def inside(
        self, handler: GuestHandler, *, fresh: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Only for the resident, and a POST only from a form of ours (its fields are then
        request.state.form). fresh: only within some minutes of the PIN, or it is asked for."""

    def page(
        self,
        request: Request,
        template: str,
        guest: Guest,
        words: Words,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """A whole page. template: in templates/resident/, extending resident/base.html."""

    def ok_closes(self, resident: Resident) -> bool:
        """Whether "I'm OK" closes an alert that begins now: as they chose, else as the programme
        has set it."""

    def room(self, resident: Resident) -> Room | None:
        """The devices in their unit; None where the gateway is elsewhere. Blocks."""


@dataclass(frozen=True)
class Section:
    """A part of the resident's page that another room brings, such as changing the Wi-Fi.

    title: the key of its words in gateway/web/languages. path: where it begins, below /mine/.
    routes: made with the frame; all of them below /mine/PATH.
    """

    title: str
    path: str
    routes: Callable[[ResidentFrame], list[Any]]


# Each is a link on the first page, and its routes. Sections add themselves here.
SECTIONS: list[Section] = []
