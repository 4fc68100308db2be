"""The way in by card and PIN, the first page, and "I'm OK"."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.backend.bell import Bell
from gateway.backend.cards import Cards, Resident
from gateway.backend.dispatch import Dispatch
from gateway.backend.logins import RESIDENT, RESIDENT_FOR, Logins
from gateway.backend.plans import Plans
from gateway.backend.policy import Clock, Policy
from gateway.care.acts import Care
from gateway.care.room import Room
from gateway.store import Store
from gateway.web.frame import Frame
from gateway.web.live import Live
from gateway.web.patience import Busy, Patience
from gateway.web.resident import wifi as _wifi  # noqa: F401 - adds its section
from gateway.web.resident.choices import Choices
from gateway.web.resident.frame import COOKIE, SECTIONS, Guest, GuestHandler
from gateway.web.resident.kept import Kept
from gateway.web.resident.mine import Mine, mine
from gateway.web.resident.own_plan import OwnPlan
from gateway.web.wording import Words

# What a resident has written, and what is deleted, takes the PIN of the last quarter of an hour:
# a telephone is lent, lost, searched.
FRESH_FOR = timedelta(minutes=15)
_LONGEST_PIN = 20
# A plan, each letter of it three bytes, each byte three letters of a form.
_LONGEST_FORM_BYTES = 32_768


@dataclass
class ResidentPages:
    """All pages of residents. care: of the devices, where their gateway is here."""

    frame: Frame
    dispatch: Dispatch
    database: Store
    policy: Policy
    clock: Clock
    bell: Bell
    cards: Cards
    plans: Plans
    logins: Logins
    patience: Patience
    care: Care | None = None

    def routes(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [
            Route("/r/{card}", self._ask_pin),
            Route("/r/{card}", self.frame.from_a_stranger(self._come_in), methods=["POST"]),
            Route("/mine", self.inside(self._mine)),
            Route("/mine/live", self.inside(self._changes)),
            Route("/mine/ok", self.inside(self._ok), methods=["POST"]),
            Route("/mine/pin", self.inside(self._ask_again)),
            Route("/mine/pin", self.inside(self._pin_again), methods=["POST"]),
            Route("/mine/out", self.inside(self._out), methods=["POST"]),
            Route("/mine/out-all", self.inside(self._out_all), methods=["POST"]),
            *Choices(self, self.cards).routes(),
            *OwnPlan(self, self.plans).routes(),
            *Kept(self, self.database, self.plans, self.logins).routes(),
        ]
        for section in SECTIONS:
            routes += section.routes(self)
        return routes

    def room(self, resident: Resident) -> Room | None:
        """The devices in their unit; None where the gateway is elsewhere. Blocks."""
        if self.care is None or self.care.gateway not in ("", resident.gateway):
            return None
        return Room(self.care, resident.unit)

    def ok_closes(self, resident: Resident) -> bool:
        """Whether "I'm OK" closes an alert that begins now."""
        chosen = resident.ok_closes
        return resident.unit in self.policy.ok_closes if chosen is None else chosen

    # --- coming in ---

    async def _ask_pin(self, request: Request) -> Response:
        # Whoever asks for a card that there is not is asked for its PIN like everybody else.
        return self._pin_form(request, self.frame.words(request))

    def _pin_form(
        self, request: Request, words: Words, problem: str = "", status: int = 200
    ) -> Response:
        return self.frame.form_page(
            request, "resident/pin.html", words, status=status, problem=problem
        )

    async def _come_in(self, request: Request, form: dict[str, Any], words: Words) -> Response:
        card = request.path_params["card"]
        try:
            right = await self.patience.check(RESIDENT + card, _pin(form))
        except Busy:
            return self._pin_form(request, words, "login_busy", 503)
        if not right:
            return self._pin_form(request, words, "pin_wrong", 403)
        key = await asyncio.to_thread(self.logins.begin, RESIDENT + card, RESIDENT_FOR)
        response = RedirectResponse("/mine", 303)
        self.frame.sessions.set_cookie(response, COOKIE, key, RESIDENT_FOR)
        return response

    def inside(
        self, handler: GuestHandler, *, fresh: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Only for the resident, and a POST only from a form of ours. fresh: only within some
        minutes of the PIN, or it is asked for."""

        async def guarded(request: Request) -> Response:
            words = self.frame.words(request)
            guest = await asyncio.to_thread(self._guest, request)
            if guest is None:
                return self.frame.page(
                    request, "resident/door.html", None, words, status=403, resident_door=True
                )
            if request.method == "POST":
                form = await self.frame.form(request, _LONGEST_FORM_BYTES)
                token = str(form.get("token", ""))
                if not hmac.compare_digest(guest.token.encode(), token.encode()):
                    return self.page(
                        request, "resident/message.html", guest, words, status=403, key="form_stale"
                    )
                request.state.form = form
            if fresh and not self._is_fresh(guest):
                return RedirectResponse(f"/mine/pin?to={request.url.path}", 303)
            return await handler(request, guest, words)

        return guarded

    def _guest(self, request: Request) -> Guest | None:
        login = self.logins.find(request.cookies.get(COOKIE, ""))
        if login is None or not login.holder.startswith(RESIDENT):
            return None
        resident = self.cards.find(login.holder.removeprefix(RESIDENT))
        if resident is None:
            return None
        return Guest(resident, login, self.frame.sessions.token("resident", login.id))

    def _is_fresh(self, guest: Guest) -> bool:
        return timedelta() <= self.clock() - guest.login.proved_at < FRESH_FOR

    async def _ask_again(self, request: Request, guest: Guest, words: Words) -> Response:
        to = _below_mine(request.query_params.get("to", ""))
        return self.page(request, "resident/pin_again.html", guest, words, to=to, problem="")

    async def _pin_again(self, request: Request, guest: Guest, words: Words) -> Response:
        form = request.state.form
        to = _below_mine(str(form.get("to", "")))
        problem, status = "pin_wrong", 403
        try:
            if await self.patience.check(guest.resident.holder, _pin(form)):
                await asyncio.to_thread(self.logins.proved, guest.login.id)
                return RedirectResponse(to, 303)
        except Busy:
            problem, status = "login_busy", 503
        return self.page(
            request, "resident/pin_again.html", guest, words, status=status, to=to, problem=problem
        )

    async def _out(self, _request: Request, guest: Guest, _words: Words) -> Response:
        await asyncio.to_thread(self.logins.end, guest.resident.holder, guest.login.id)
        return self.gone()

    async def _out_all(self, _request: Request, guest: Guest, _words: Words) -> Response:
        await asyncio.to_thread(self.logins.end_all, guest.resident.holder)
        return self.gone()

    @staticmethod
    def gone() -> Response:
        """The browser is nobody's any more."""
        response = RedirectResponse("/mine", 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    # --- what there is to see, and "I'm OK" ---

    async def _mine(self, request: Request, guest: Guest, words: Words) -> Response:
        seen = await asyncio.to_thread(self._read, guest.resident)
        return self.page(
            request,
            "resident/mine.html",
            guest,
            words,
            seen=seen,
            sections=SECTIONS,
            said=seen.word(request.query_params.get("said", "")),
        )

    async def _changes(self, _request: Request, guest: Guest, _words: Words) -> Response:
        return Live(self.bell, lambda: self._fingerprint(guest)).stream()

    async def _ok(self, request: Request, guest: Guest, _words: Words) -> Response:
        calls = str(request.state.form.get("calls", ""))
        resident = guest.resident
        said = await asyncio.to_thread(
            self.dispatch.resident_ok, resident.gateway, resident.unit, calls
        )
        return RedirectResponse(f"/mine?said={said.value}", 303)

    def _read(self, resident: Resident) -> Mine:
        return mine(self.database, resident, self.room(resident), self.policy, self.clock)

    def _fingerprint(self, guest: Guest) -> str:
        # A card that was made anew, or a login that was ended: the page is then to go.
        resident = self.cards.find(guest.resident.card)
        if resident is None:
            return "gone"
        # With the minute: "3 min ago" is news as well.
        return f"{self._read(resident).fingerprint}-{self.clock():%H%M}"

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
        """A whole page. template: in templates/resident/."""
        return self.frame.page(request, template, None, words, status=status, guest=guest, **values)


def _pin(form: dict[str, Any]) -> str:
    """As people type it: "123 456"."""
    return "".join(str(form.get("pin", "")).split())[:_LONGEST_PIN]


def _below_mine(to: str) -> str:
    """A path of the resident's page; never the way to another site."""
    safe = to.startswith("/mine/") and "\\" not in to and ".." not in to
    return to if safe else "/mine"
