"""What the pages of one room need of the others: who is inside, and the frame around a page."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from gateway.backend.overview import AlertView, Overview
from gateway.web.sessions import Session, Sessions
from gateway.web.wording import Words

Handler = Callable[[Request, Session, Words], Awaitable[Response]]
StrangersHandler = Callable[[Request, dict[str, Any], Words], Awaitable[Response]]


class Frame(Protocol):
    """gateway.web.pages.Pages, as its other rooms see it."""

    def inside(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Only for those who came by their link, and a POST only from a form of ours."""

    def page(
        self,
        request: Request,
        template: str,
        session: Session | None,
        words: Words,
        *,
        status: int = 200,
        seen: Overview | None = None,
        **values: Any,
    ) -> Response:
        """A whole page."""

    def message(
        self, request: Request, words: Words, session: Session | None, key: str, status: int
    ) -> Response:
        """A page of one sentence."""

    @property
    def sessions(self) -> Sessions:
        """Who is in, and the tokens of forms."""

    def is_staff(self, person: str) -> bool:
        """Whether somebody of this id is of the staff."""

    def words(self, request: Request) -> Words:
        """In the reader's language."""

    def from_a_stranger(
        self, handler: StrangersHandler
    ) -> Callable[[Request], Awaitable[Response]]:
        """A POST of somebody who is not in yet, from a form of ours (form_page) and no other."""

    def form_page(
        self, request: Request, template: str, words: Words, *, status: int = 200, **values: Any
    ) -> Response:
        """A page with a form for somebody who is not in yet."""

    async def form(self, request: Request, longest_bytes: int = ...) -> dict[str, Any]:
        """The fields of a form; none where there is more of it than that."""

    async def view(self, request: Request) -> AlertView | None:
        """The alert of the address; None where there is none."""

    def surroundings(self) -> Overview:
        """Devices and gateways as the backend knows them. Blocks."""
