"""The pages and the words of people. A link only shows; only a POST acts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp

from gateway.backend.bell import Bell
from gateway.backend.cards import Cards
from gateway.backend.dispatch import Dispatch
from gateway.backend.happenings import Arrived, CannotGo, OnMyWay, Resolved
from gateway.backend.links import Links
from gateway.backend.logins import Logins
from gateway.backend.overview import (
    AlertView,
    Overview,
    alert_view,
    overview,
    surroundings,
)
from gateway.backend.passwords import Passwords
from gateway.backend.plans import Plans
from gateway.backend.policy import OUTCOMES, Clock, Policy
from gateway.care.acts import Care
from gateway.settings import LANGUAGES
from gateway.store import Store
from gateway.web.blindness import blindness
from gateway.web.devices import DevicePages
from gateway.web.frame import Handler, StrangersHandler
from gateway.web.headers import SecurityHeaders
from gateway.web.live import Live
from gateway.web.patience import Patience
from gateway.web.plan import PlanPages
from gateway.web.resident.handing_over import HandingOver
from gateway.web.resident.pages import ResidentPages
from gateway.web.residents import CardPages
from gateway.web.sessions import Session, Sessions
from gateway.web.staff import StaffPages
from gateway.web.updates import UpdatePages
from gateway.web.wording import LANGUAGE_COOKIE, Words, language_of

_HERE = Path(__file__).parent
# The longest form of ours has a sensor's settings.
_LONGEST_FORM_BYTES = 4096
_MOST_FIELDS = 30
_A_YEAR_S = 365 * 24 * 3600


@dataclass
class Pages:
    """Everything that people open in a browser. care: None where the gateway is elsewhere."""

    dispatch: Dispatch
    database: Store
    policy: Policy
    links: Links
    sessions: Sessions
    clock: Clock
    bell: Bell
    passwords: Passwords
    logins: Logins
    cards: Cards
    plans: Plans
    care: Care | None = None

    def __post_init__(self) -> None:
        self._templates = Jinja2Templates(directory=_HERE / "templates")
        self._live = Live(self.bell, self._fingerprint)
        self._patience = Patience(self.passwords)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._start),
            Route("/in/{token}", self._come_in),
            Route("/language/{language}", self._choose_language),
            Route("/now", self.inside(self._now)),
            Route("/live", self.inside(self._changes)),
            Route("/alerts/{alert}", self.inside(self._alert)),
            Route("/alerts/{alert}/done", self.inside(self._ask_outcome)),
            Route("/alerts/{alert}/done", self.inside(self._done), methods=["POST"]),
            Route("/alerts/{alert}/seen", self.inside(self._seen), methods=["POST"]),
            *PlanPages(self, self.plans, self.clock).routes(),
            Route("/alerts/{alert}/{word}", self.inside(self._say), methods=["POST"]),
            *DevicePages(self, self.care).routes(),
            *UpdatePages(self, self.care.updating if self.care is not None else None).routes(),
            *StaffPages(self, self.database, self.passwords, self.logins, self._patience).routes(),
            *self._residents().routes(),
            *CardPages(
                self, HandingOver(self.database, self.cards, self.care), self.policy.base_url
            ).routes(),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ]

    def _residents(self) -> ResidentPages:
        return ResidentPages(
            frame=self,
            dispatch=self.dispatch,
            database=self.database,
            policy=self.policy,
            clock=self.clock,
            bell=self.bell,
            cards=self.cards,
            plans=self.plans,
            logins=self.logins,
            patience=self._patience,
            care=self.care,
        )

    # --- coming in ---

    async def _start(self, _: Request) -> Response:
        return RedirectResponse("/now", 303)

    async def _come_in(self, request: Request) -> Response:
        ticket = self.links.read(request.path_params["token"])
        if ticket is None:
            return self._door(request, self.words(request), "link_old_title")
        # Message apps fetch links by themselves: this shows, and says nothing to anybody.
        response = RedirectResponse(f"/alerts/{ticket.alert}" if ticket.alert else "/now", 303)
        self.sessions.begin(response, ticket.person)
        return response

    async def _choose_language(self, request: Request) -> Response:
        to = urlsplit(request.query_params.get("to", "/now"))
        path = to.path if to.path.startswith("/") and not to.path.startswith("//") else "/now"
        response = RedirectResponse(path if "\\" not in path else "/now", 303)
        language = request.path_params["language"]
        if language in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_A_YEAR_S, samesite="lax", httponly=True
            )
        return response

    def inside(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Only for those who came by their link, and a POST only from a form of ours."""

        async def guarded(request: Request) -> Response:
            words = self.words(request)
            session = await asyncio.to_thread(self.sessions.of, request)
            if session is None:
                return self._door(request, words, "door_title")
            if request.method == "POST":
                form = await self.form(request)
                token = form.get("token")
                if not isinstance(token, str) or not self.sessions.is_own_form(session, token):
                    return self.message(request, words, session, "form_old", 403)
                request.state.form = form
            return await handler(request, session, words)

        return guarded

    def from_a_stranger(
        self, handler: StrangersHandler
    ) -> Callable[[Request], Awaitable[Response]]:
        """A POST of somebody who is not in yet, from a form of ours (form_page) and no other."""

        async def guarded(request: Request) -> Response:
            words = self.words(request)
            form = await self.form(request)
            if not self.sessions.is_strangers_form(request, str(form.get("token", ""))):
                return self.message(request, words, None, "form_stale", 403)
            return await handler(request, form, words)

        return guarded

    @staticmethod
    async def form(request: Request, longest_bytes: int = _LONGEST_FORM_BYTES) -> dict[str, Any]:
        """The fields of a form; none where there is more of it than of any form of ours."""
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > longest_bytes:
            return {}
        async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
            return dict(form)

    # --- what there is to see ---

    async def _now(self, request: Request, session: Session, words: Words) -> Response:
        seen = await asyncio.to_thread(self._overview)
        return self.page(request, "now.html", session, words, seen=seen, views=seen.alerts)

    async def _alert(self, request: Request, session: Session, words: Words) -> Response:
        seen = await asyncio.to_thread(self.surroundings)
        view = await self.view(request)
        if view is None:
            return self.message(request, words, session, "no_alert", 404)
        before = tuple(
            one
            for one in view.alert.attending
            if "together" in request.query_params and one != session.person.id
        )
        return self.page(
            request,
            "alert.html",
            session,
            words,
            seen=seen,
            views=(view,),
            before=before,
            may_open_plan=await asyncio.to_thread(
                self.plans.may_open, view.alert.id, session.person.id
            ),
        )

    async def _ask_outcome(self, request: Request, session: Session, words: Words) -> Response:
        view = await self.view(request)
        if view is None or not view.alert.is_open or not _may_close(session, view):
            return RedirectResponse(f"/alerts/{request.path_params['alert']}", 303)
        return self._outcomes(request, session, words, view)

    async def _changes(self, _request: Request, _session: Session, _words: Words) -> Response:
        return self._live.stream()

    # --- what people say ---

    async def _say(self, request: Request, session: Session, words: Words) -> Response:
        said: dict[str, type[OnMyWay | Arrived | CannotGo]] = {
            "on-my-way": OnMyWay,
            "arrived": Arrived,
            "cannot-go": CannotGo,
        }
        word = said.get(request.path_params["word"])
        if word is None:
            return self.message(request, words, session, "not_found", 404)
        alert_id = request.path_params["alert"]
        both = await asyncio.to_thread(self.dispatch.reply, alert_id, word(session.person.id))
        if both is None:
            return self.message(request, words, session, "no_alert", 404)
        before, after = both
        me = session.person.id
        joined = bool(before.attending) and me not in before.attending and me in after.attending
        return RedirectResponse(f"/alerts/{alert_id}{'?together' if joined else ''}", 303)

    async def _done(self, request: Request, session: Session, words: Words) -> Response:
        view = await self.view(request)
        if view is None:
            return self.message(request, words, session, "no_alert", 404)
        if view.alert.is_open and not _may_close(session, view):
            return self.message(request, words, session, "answer_first", 403)
        form = request.state.form
        outcome = form.get("outcome", "")
        known = [value for value, _ in words.outcomes(self.policy.outcomes, OUTCOMES)]
        if outcome not in known:
            return self._outcomes(request, session, words, view, "unknown_outcome", 400)
        resolved = Resolved(session.person.id, outcome, calls=str(form.get("calls", "")))
        both = await asyncio.to_thread(self.dispatch.reply, view.alert.id, resolved)
        if both is not None and both[1].is_open:
            # They call from inside while whoever was there goes down the stairs.
            view = await self.view(request) or view
            return self._outcomes(request, session, words, view, "called_since", 409)
        return RedirectResponse(f"/alerts/{view.alert.id}", 303)

    async def _seen(self, request: Request, session: Session, _words: Words) -> Response:
        await asyncio.to_thread(
            self.dispatch.notices_seen, request.path_params["alert"], session.person.id
        )
        return Response(status_code=204)

    # --- within ---

    def is_staff(self, person: str) -> bool:
        """Whether somebody of this id is of the staff."""
        return person in self.policy.people and person in self.policy.staff

    def words(self, request: Request) -> Words:
        """In the reader's language."""
        return Words(language_of(request, self.policy.language), self.policy, self.clock())

    def _overview(self) -> Overview:
        with self.database.read() as connection:
            return overview(connection)

    def surroundings(self) -> Overview:
        with self.database.read() as connection:
            return surroundings(connection)

    def _fingerprint(self) -> str:
        # With the minute: "3 min ago" is news as well.
        return f"{self._overview().fingerprint}-{self.clock():%H%M}"

    async def view(self, request: Request) -> AlertView | None:
        """The alert of the address; None where there is none."""

        def read() -> AlertView | None:
            with self.database.read() as connection:
                return alert_view(connection, request.path_params["alert"])

        return await asyncio.to_thread(read)

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
        context = {
            "w": words,
            "session": session,
            "path": request.url.path,
            "languages": [(one, Words(one, self.policy, words.now)) for one in LANGUAGES],
            "banner": blindness(seen, self.policy, words) if seen and session else [],
            "seen": seen,
            "site": self.policy.site,
            "may_log_in": session and not session.is_staff and self.is_staff(session.person.id),
            "looks_after_devices": self.care is not None and session and session.is_staff,
            **values,
        }
        return self._templates.TemplateResponse(request, template, context, status_code=status)

    def form_page(
        self, request: Request, template: str, words: Words, *, status: int = 200, **values: Any
    ) -> Response:
        """A page with a form for somebody who is not in yet."""
        stranger = self.sessions.stranger(request)
        token = self.sessions.token(stranger)
        plain = not self.policy.base_url.startswith("https:")
        response = self.page(
            request, template, None, words, status=status, token=token, plain=plain, **values
        )
        self.sessions.form_for(response, stranger)
        return response

    def _outcomes(
        self,
        request: Request,
        session: Session,
        words: Words,
        view: AlertView,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        choices = words.outcomes(self.policy.outcomes, OUTCOMES)
        return self.page(
            request,
            "done.html",
            session,
            words,
            status=status,
            view=view,
            choices=choices,
            problem=problem,
        )

    def _door(self, request: Request, words: Words, title: str) -> Response:
        return self.page(request, "door.html", None, words, status=403, title=title)

    def message(
        self, request: Request, words: Words, session: Session | None, key: str, status: int
    ) -> Response:
        return self.page(request, "message.html", session, words, status=status, key=key)

    async def not_found(self, request: Request, _: Exception) -> Response:
        """Anything else: one sentence."""
        if request.url.path.startswith("/v1/"):
            return JSONResponse({"status": "refused", "error": "No such address."}, 404)
        return self.message(request, self.words(request), None, "not_found", 404)

    async def failed(self, request: Request, _: Exception) -> Response:
        """What nobody foresaw: said, and nothing told about it."""
        return self.message(request, self.words(request), None, "failed", 500)


def _may_close(session: Session, view: AlertView) -> bool:
    """Only who has gone can say what it was; staff tidy up after those who forget."""
    return session.is_staff or session.person.id in view.alert.attending


def application(pages: Pages, machines: list[Route]) -> ASGIApp:
    """Pages and the machines' addresses in one application."""
    return SecurityHeaders(
        Starlette(
            routes=[*machines, *pages.routes()],
            exception_handlers={404: pages.not_found, 405: pages.not_found, 500: pages.failed},
        )
    )
