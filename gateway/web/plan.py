"""A resident's rescue plan, before whoever is on the way to them.

Opening it is a word of theirs, written down before anything is shown; a link alone opens nothing.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.backend.plans import Plans
from gateway.backend.policy import Clock
from gateway.web.frame import Frame
from gateway.web.sessions import Session
from gateway.web.wording import Words


class PlanPages:
    """/alerts/{alert}/plan: POST opens it, GET shows what was opened, for as long as it may."""

    def __init__(self, frame: Frame, plans: Plans, clock: Clock) -> None:
        self._frame = frame
        self._plans = plans
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/alerts/{alert}/plan", inside(self._show)),
            Route("/alerts/{alert}/plan", inside(self._open), methods=["POST"]),
        ]

    async def _open(self, request: Request, session: Session, words: Words) -> Response:
        alert = request.path_params["alert"]
        if await asyncio.to_thread(self._plans.open, alert, session.person.id):
            return RedirectResponse(f"/alerts/{alert}/plan", 303)
        return self._frame.message(request, words, session, "plan_not_now", 403)

    async def _show(self, request: Request, session: Session, words: Words) -> Response:
        alert = request.path_params["alert"]
        shown = await asyncio.to_thread(self._plans.show, alert, session.person.id)
        view = await self._frame.view(request)
        if shown is None or view is None:
            return RedirectResponse(f"/alerts/{alert}", 303)
        left = (shown.until - self._clock()).total_seconds()
        return self._frame.page(
            request,
            "plan.html",
            session,
            words,
            view=view,
            plan=shown.plan,
            until=shown.until,
            seconds=max(1, int(left)),
        )
