"""The studio's pages and streams.

Loopback unless somebody asks for more, and no passwords: nothing here is real. Another site must
still not steer it from a visitor's browser: orders are JSON, which no form of another site can
post, and on loopback only loopback's own names are answered.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.settings import LANGUAGES
from gateway.web.headers import SecurityHeaders
from gateway.web.wording import LANGUAGE_COOKIE, language_of
from sim.studio.page import STATIC, page
from sim.studio.situations import Situation
from sim.studio.visits import TooManyVisits, Visit, Visits, Wish

_SWEEP_EVERY_S = 5.0
_KEEP_ALIVE_S = 10
_SEND_TIMEOUT_S = 20
_MOST_BODY_BYTES = 4096
_MOST_SEED = 2**31 - 1
_YEAR_S = 365 * 24 * 3600


class Studio:
    """situations: what one can choose, the first of them at the beginning."""

    def __init__(self, situations: Sequence[Situation], visits: Visits, speed: float) -> None:
        self._situations = {one.name: one for one in situations}
        self._first = situations[0].name
        self._visits = visits
        self._speed = speed

    def application(self, hosts: Sequence[str]) -> Starlette:
        """hosts: the names it answers to; ("*",) for any."""
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/language/{code}", self._language),
                Route("/visits", self._begin, methods=["POST"]),
                Route("/visits/{name}/live", self._live),
                Route("/visits/{name}/orders", self._order, methods=["POST"]),
                Route("/visits/{name}/restart", self._restart, methods=["POST"]),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            middleware=[
                Middleware(SecurityHeaders),
                Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            await self._visits.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            await self._visits.sweep()

    async def _page(self, request: Request) -> Response:
        return page(language_of(request, "en"), list(self._situations.values()))

    async def _language(self, request: Request) -> Response:
        answer = RedirectResponse("/", 303)
        if (code := request.path_params["code"]) in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_S, samesite="lax")
        return answer

    async def _begin(self, request: Request) -> Response:
        wish = self._wish(request, await _body(request), None)
        try:
            visit = await self._visits.begin(wish)
        except TooManyVisits:
            return JSONResponse({"refused": "too_many_visits"}, 503)
        return JSONResponse({"visit": visit.name}, 201)

    async def _restart(self, request: Request) -> Response:
        visit = self._visit(request)
        await visit.begin_again(self._wish(request, await _body(request), visit.wish))
        return Response(status_code=204)

    async def _order(self, request: Request) -> Response:
        visit = self._visit(request)
        visit.order(await _body(request))
        return Response(status_code=204)

    async def _live(self, request: Request) -> Response:
        visit = self._visit(request)

        async def events() -> AsyncIterator[ServerSentEvent]:
            async with contextlib.aclosing(visit.listen()) as messages:
                async for kind, data in messages:
                    yield ServerSentEvent(json.dumps(data, ensure_ascii=False), event=kind)

        return EventSourceResponse(events(), ping=_KEEP_ALIVE_S, send_timeout=_SEND_TIMEOUT_S)

    def _visit(self, request: Request) -> Visit:
        visit = self._visits.get(request.path_params["name"])
        if visit is None:
            raise HTTPException(404)
        return visit

    def _wish(self, request: Request, body: Mapping[str, Any], before: Wish | None) -> Wish:
        """What the body asks for; what it leaves out stays as it was."""
        name = body.get("situation", None)
        seed = body.get("seed", before.seed if before else 1)
        if name is not None and (type(name) is not str or name not in self._situations):
            raise HTTPException(400, "No such situation.")
        if type(seed) is not int or not 0 <= seed <= _MOST_SEED:
            raise HTTPException(400, f"The seed is a whole number, 0 to {_MOST_SEED}.")
        chosen = name or (before.situation if before else self._first)
        path = str(self._situations[chosen].path)
        return Wish(chosen, path, seed, language_of(request, "en"), self._speed)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was posted."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise HTTPException(415)
    read = b""
    async for some in request.stream():
        read += some
        if len(read) > _MOST_BODY_BYTES:
            raise HTTPException(413)
    try:
        body = json.loads(read)
    except (ValueError, RecursionError):
        raise HTTPException(400, "Not JSON.") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "Not an object.")
    return body
