"""How staff come in: a person and a password; where they are in, and how that is ended."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.backend.logins import STAFF, STAFF_FOR, Logins, give_password
from gateway.backend.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, Passwords
from gateway.store import Store
from gateway.web.frame import Frame
from gateway.web.patience import Busy, Patience
from gateway.web.sessions import STAFF_COOKIE, Session
from gateway.web.wording import Words


class StaffPages:
    """The login, and a page of one's own for its sessions and the password."""

    def __init__(
        self,
        frame: Frame,
        database: Store,
        passwords: Passwords,
        logins: Logins,
        patience: Patience,
    ) -> None:
        self._frame = frame
        self._database = database
        self._passwords = passwords
        self._logins = logins
        self._patience = patience

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/login", self._ask),
            Route("/login", self._frame.from_a_stranger(self._come_in), methods=["POST"]),
            Route("/me", inside(self._me)),
            Route("/me/password", inside(self._change), methods=["POST"]),
            Route("/me/end", inside(self._end), methods=["POST"]),
            Route("/me/end-all", inside(self._end_all), methods=["POST"]),
        ]

    # --- coming in ---

    async def _ask(self, request: Request) -> Response:
        return self._form(request, self._frame.words(request))

    def _form(
        self,
        request: Request,
        words: Words,
        problem: str = "",
        status: int = 200,
        person: str = "",
        to: str = "",
    ) -> Response:
        return self._frame.form_page(
            request,
            "login.html",
            words,
            status=status,
            problem=problem,
            person=person,
            to=_within(to or request.query_params.get("to", "")),
        )

    async def _come_in(self, request: Request, form: dict[str, Any], words: Words) -> Response:
        person = str(form.get("person", "")).strip()[:63]
        password = str(form.get("password", ""))[:LONGEST_PASSWORD]
        to = str(form.get("to", ""))
        holder = STAFF + person
        try:
            right = await self._patience.check(holder, password)
        except Busy:
            return self._form(request, words, "login_busy", 503, person, to)
        # Asked after: who is of the staff must not show in how long this takes.
        if not right or not self._frame.is_staff(person):
            return self._form(request, words, "login_wrong", 403, person, to)
        key = await asyncio.to_thread(self._logins.begin, holder, STAFF_FOR)
        response = RedirectResponse(_within(to), 303)
        self._frame.sessions.begin_staff(response, key)
        return response

    # --- being in ---

    async def _me(self, request: Request, session: Session, words: Words) -> Response:
        return await self._show(request, session, words)

    async def _show(
        self, request: Request, session: Session, words: Words, said: str = "", status: int = 200
    ) -> Response:
        if session.login is None:
            return RedirectResponse("/login?to=/me", 303)
        mine = await asyncio.to_thread(self._logins.of, session.login.holder)
        return self._frame.page(
            request, "me.html", session, words, status=status, logins=mine, said=said
        )

    async def _change(self, request: Request, session: Session, words: Words) -> Response:
        if session.login is None:
            return RedirectResponse("/login?to=/me", 303)
        form = request.state.form
        now, new = (str(form.get(name, ""))[: LONGEST_PASSWORD + 1] for name in ("now", "new"))
        if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
            return await self._show(request, session, words, "password_short", 400)
        if new != form.get("again"):
            return await self._show(request, session, words, "password_twice", 400)
        holder = session.login.holder
        try:
            right = await self._patience.check(holder, now)
        except Busy:
            return await self._show(request, session, words, "login_busy", 503)
        if not right:
            return await self._show(request, session, words, "password_wrong", 403)
        await asyncio.to_thread(give_password, self._database, self._passwords, holder, new)
        key = await asyncio.to_thread(self._logins.begin, holder, STAFF_FOR)
        response = RedirectResponse("/me", 303)
        self._frame.sessions.begin_staff(response, key)
        return response

    async def _end(self, request: Request, session: Session, _words: Words) -> Response:
        if session.login is None:
            return RedirectResponse("/now", 303)
        which = str(request.state.form.get("login", ""))
        await asyncio.to_thread(self._logins.end, session.login.holder, which)
        return self._gone() if which == session.login.id else RedirectResponse("/me", 303)

    async def _end_all(self, _request: Request, session: Session, _words: Words) -> Response:
        if session.login is not None:
            await asyncio.to_thread(self._logins.end_all, session.login.holder)
        return self._gone()

    @staticmethod
    def _gone() -> Response:
        response = RedirectResponse("/now", 303)
        response.delete_cookie(STAFF_COOKIE, path="/")
        return response


def _within(to: str) -> str:
    """A path of ours; never the way to another site."""
    path = urlsplit(to).path
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if safe else "/now"
