"""The resident's rescue plan and emergency contact: written here, read by whoever is on the way."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.backend.plans import LONGEST_CONTACT, LONGEST_PLAN, Plan, Plans
from gateway.web.resident.frame import Guest, ResidentFrame
from gateway.web.wording import Words


class OwnPlan:
    """/mine/plan. All of it takes a PIN of the last minutes."""

    def __init__(self, frame: ResidentFrame, plans: Plans) -> None:
        self._frame = frame
        self._plans = plans

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/mine/plan", inside(self._show, fresh=True)),
            Route("/mine/plan", inside(self._write, fresh=True), methods=["POST"]),
            Route("/mine/plan/delete", inside(self._delete, fresh=True), methods=["POST"]),
        ]

    async def _show(self, request: Request, guest: Guest, words: Words) -> Response:
        return await self._page(request, guest, words)

    async def _page(
        self,
        request: Request,
        guest: Guest,
        words: Words,
        problem: str = "",
        typed: Plan | None = None,
    ) -> Response:
        written = await asyncio.to_thread(self._plans.written, guest.resident)
        looks = await asyncio.to_thread(self._plans.looks, guest.resident)
        return self._frame.page(
            request,
            "resident/plan.html",
            guest,
            words,
            status=400 if problem else 200,
            written=written,
            plan=typed or (written.plan if written else None) or Plan("", ""),
            looks=looks,
            longest=(LONGEST_PLAN, LONGEST_CONTACT),
            problem=problem,
        )

    async def _write(self, request: Request, guest: Guest, words: Words) -> Response:
        form = request.state.form
        typed = Plan(*(_text(form.get(name, "")) for name in ("plan", "contact")))
        if len(typed.plan) > LONGEST_PLAN or len(typed.contact) > LONGEST_CONTACT:
            # Told, and what was typed is still there: never cut in silence.
            return await self._page(request, guest, words, "plan_long", typed)
        await asyncio.to_thread(self._plans.write, guest.resident, typed)
        return RedirectResponse("/mine/plan", 303)

    async def _delete(self, _request: Request, guest: Guest, _words: Words) -> Response:
        await asyncio.to_thread(self._plans.delete, guest.resident)
        return RedirectResponse("/mine/plan", 303)


def _text(value: object) -> str:
    """As it was typed; a browser's line ends are one letter each."""
    return str(value).replace("\r\n", "\n").strip()
