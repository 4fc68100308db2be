"""What is kept about a resident, all of it, and how they have it deleted."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.backend.cards import Cards, Resident
from gateway.backend.logins import Login, Logins
from gateway.backend.plans import Look, Plans, Written, forget_looks, forget_plan
from gateway.backend.retention import forget_unit
from gateway.backend.tables import alerts
from gateway.store import Store
from gateway.web.resident.frame import COOKIE, Guest, ResidentFrame
from gateway.web.wording import Words


@dataclass(frozen=True)
class WhatIsKept:
    """closed: (raised, closed, outcome) of alerts that are over. events: None: not known here."""

    closed: tuple[Any, ...]
    open: int
    events: int | None
    plan: Written | None
    looks: tuple[Look, ...]
    logins: tuple[Login, ...]


class Kept:
    """/mine/kept, and the two ways to have it deleted."""

    def __init__(self, frame: ResidentFrame, database: Store, plans: Plans, logins: Logins) -> None:
        self._frame = frame
        self._database = database
        self._plans = plans
        self._logins = logins

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/mine/kept", inside(self._show, fresh=True)),
            Route("/mine/kept/delete", inside(self._ask, fresh=True)),
            Route("/mine/kept/delete", inside(self._delete, fresh=True), methods=["POST"]),
            Route("/mine/kept/leave", inside(self._leave, fresh=True), methods=["POST"]),
        ]

    async def _show(self, request: Request, guest: Guest, words: Words) -> Response:
        kept = await asyncio.to_thread(self._read, guest.resident)
        return self._frame.page(request, "resident/kept.html", guest, words, kept=kept)

    async def _ask(self, request: Request, guest: Guest, words: Words) -> Response:
        return self._frame.page(request, "resident/delete.html", guest, words)

    async def _delete(self, _request: Request, guest: Guest, _words: Words) -> Response:
        await asyncio.to_thread(self._forget, guest.resident, leave=False)
        return RedirectResponse("/mine/kept", 303)

    async def _leave(self, _request: Request, guest: Guest, _words: Words) -> Response:
        await asyncio.to_thread(self._forget, guest.resident, leave=True)
        response = RedirectResponse("/mine", 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    def _read(self, resident: Resident) -> WhatIsKept:
        here = (alerts.c.gateway == resident.gateway, alerts.c.unit == resident.unit)
        with self._database.read() as connection:
            closed = connection.execute(
                select(alerts.c.raised_at, alerts.c.closed_at, alerts.c.state, alerts.c.outcome)
                .where(*here, alerts.c.closed_at.is_not(None))
                .order_by(alerts.c.raised_at.desc())
            ).all()
            is_open = connection.execute(
                select(func.count()).select_from(alerts).where(*here, alerts.c.closed_at.is_(None))
            ).scalar_one()
        room = self._frame.room(resident)
        return WhatIsKept(
            closed=tuple(closed),
            open=int(is_open),
            events=None if room is None else room.events(),
            plan=self._plans.written(resident),
            looks=tuple(self._plans.looks(resident)),
            logins=tuple(self._logins.of(resident.holder)),
        )

    def _forget(self, resident: Resident, *, leave: bool) -> None:
        """All that can be let go now. Cut off in the middle, it is asked for again and goes on."""
        room = self._frame.room(resident)
        if room is not None:
            room.forget()
        forget_resident(self._database, resident.gateway, resident.unit, leave=leave)


def forget_resident(database: Store, gateway: str, unit: str, *, leave: bool) -> None:
    """What the backend keeps of a unit's resident; leave: their page and card as well. Blocks."""
    with database.write() as connection:
        forget_unit(connection, gateway, unit)
        forget_plan(connection, gateway, unit)
        forget_looks(connection, gateway, unit)
        if leave:
            Cards.remove(connection, gateway, unit)
    database.scrub()
