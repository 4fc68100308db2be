"""The page on which staff make residents' cards. It shows a PIN once, and never anything else of a
resident: staff hand the card over in person, and do not see the page that it opens."""

import asyncio

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import PersonError
from gateway.web.frame import Frame
from gateway.web.resident.handing_over import HandingOver, UnitCard
from gateway.web.sessions import Session
from gateway.web.wording import Words

_FOR = {"new": True, "same": False, "first": None}


class CardPages:
    """/residents. base_url: how a phone reaches the pages."""

    def __init__(self, frame: Frame, handing_over: HandingOver, base_url: str) -> None:
        self._frame = frame
        self._handing_over = handing_over
        self._base_url = base_url

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/residents", inside(self._list)),
            Route("/residents/{gateway}/{unit:path}", inside(self._ask)),
            Route("/residents/{gateway}/{unit:path}", inside(self._make), methods=["POST"]),
        ]

    async def _list(self, request: Request, session: Session, words: Words) -> Response:
        if not session.is_staff:
            return self._frame.message(request, words, session, "staff_only", 403)
        units = await asyncio.to_thread(self._handing_over.units)
        return self._frame.page(request, "residents.html", session, words, units=units)

    async def _ask(self, request: Request, session: Session, words: Words) -> Response:
        if not session.is_staff:
            return self._frame.message(request, words, session, "staff_only", 403)
        found = await asyncio.to_thread(self._find, request)
        if found is None:
            return self._frame.message(request, words, session, "no_unit", 404)
        return self._frame.page(request, "card_ask.html", session, words, where=found)

    async def _make(self, request: Request, session: Session, words: Words) -> Response:
        if not session.is_staff:
            return self._frame.message(request, words, session, "staff_only", 403)
        found = await asyncio.to_thread(self._find, request)
        whose = request.state.form.get("for")
        if found is None or whose not in _FOR:
            return self._frame.message(request, words, session, "no_unit", 404)
        try:
            made = await asyncio.to_thread(self._handing_over.make, found, new_person=_FOR[whose])
        except PersonError:
            # Somebody else has made one meanwhile: ask again, now that there is one.
            found = await asyncio.to_thread(self._find, request) or found
            return self._frame.page(
                request, "card_ask.html", session, words, status=409, where=found
            )
        address = f"{self._base_url}/r/{made.resident.card}"
        code = segno.make(address, error="m", micro=False)
        # Digits and letters of ours alone are in it.
        drawn = Markup(code.svg_inline(scale=4, border=4, svgclass="qr", lineclass=None))  # noqa: S704
        return self._frame.page(
            request,
            "card_made.html",
            session,
            words,
            where=found,
            pin=made.pin,
            address=address,
            code=drawn,
            # A first card is not made again by loading the page again: then one is there.
            again=whose != "first",
        )

    def _find(self, request: Request) -> UnitCard | None:
        wanted = (request.path_params["gateway"], request.path_params["unit"])
        for one in self._handing_over.units():
            if (one.gateway, one.unit) == wanted:
                return one
        return None
