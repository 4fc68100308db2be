"""The page on which staff bring new firmware to devices, look at how it goes, stop it, go on."""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.care.view import all_in_service
from gateway.errors import ReleaseError
from gateway.updates.acts import Updating
from gateway.web.frame import Frame
from gateway.web.sessions import Session
from gateway.web.wording import Words


class UpdatePages:
    """One page. updating: None where there are no releases to bring to anybody."""

    def __init__(self, frame: Frame, updating: Updating | None) -> None:
        self._frame = frame
        self._acts = updating

    def routes(self) -> list[BaseRoute]:
        """Its addresses."""
        if self._acts is None:
            return []
        inside = self._frame.inside
        return [
            Route("/updates", inside(self._show)),
            Route("/updates/begin", inside(self._begin), methods=["POST"]),
            Route("/updates/stop", inside(self._stop), methods=["POST"]),
            Route("/updates/resume", inside(self._resume), methods=["POST"]),
            Route("/updates/again", inside(self._again), methods=["POST"]),
        ]

    @property
    def _updating(self) -> Updating:
        assert self._acts is not None  # noqa: S101 - without it there are no routes to here
        return self._acts

    async def _show(
        self, request: Request, session: Session, words: Words, problem: str = "", status: int = 200
    ) -> Response:
        if not session.is_staff:
            return self._frame.message(request, words, session, "staff_only", 403)
        newest = await asyncio.to_thread(self._updating.newest)
        releases = await asyncio.to_thread(self._updating.releases)
        seen = await asyncio.to_thread(self._frame.surroundings)
        return self._frame.page(
            request,
            "updates.html",
            session,
            words,
            status=status,
            seen=seen,
            update=newest,
            earlier=await asyncio.to_thread(self._updating.earlier),
            releases=list(reversed(releases)),
            devices=await asyncio.to_thread(all_in_service, self._updating.store),
            problem=problem,
        )

    async def _begin(self, request: Request, session: Session, words: Words) -> Response:
        form = request.state.form
        version, first = str(form.get("version", "")), str(form.get("first", ""))

        def begin() -> None:
            known = {one.device for one in all_in_service(self._updating.store)}
            leader = first if first in known else None
            self._updating.begin(version, None, session.person.id, first=leader)

        return await self._do(request, session, words, begin)

    async def _stop(self, request: Request, session: Session, words: Words) -> Response:
        by = session.person.id
        return await self._do(request, session, words, lambda: self._updating.stop(by))

    async def _resume(self, request: Request, session: Session, words: Words) -> Response:
        by = session.person.id
        return await self._do(request, session, words, lambda: self._updating.resume(by))

    async def _again(self, request: Request, session: Session, words: Words) -> Response:
        by = session.person.id
        return await self._do(
            request, session, words, lambda: self._updating.resume(by, again=True)
        )

    async def _do(
        self, request: Request, session: Session, words: Words, act: Callable[[], object]
    ) -> Response:
        if not session.is_staff:
            return self._frame.message(request, words, session, "staff_only", 403)
        try:
            await asyncio.to_thread(act)
        except ReleaseError:
            # Somebody else was quicker, or the release has been removed.
            problem = words.say("update_not_now")
            return await self._show(request, session, words, problem, 409)
        return RedirectResponse("/updates", 303)
