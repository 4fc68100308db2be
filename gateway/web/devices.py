"""The pages on which staff look after devices. They order; the gateway sees that it is done."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.care.acts import Care
from gateway.care.view import View
from gateway.errors import DeviceError
from gateway.orders import BOUNDS, read_settings
from gateway.web.frame import Frame
from gateway.web.sessions import Session
from gateway.web.wifi import WifiPage
from gateway.web.wording import Words

# The acts that are a button each.
ACTS = ("identify", "test", "test_press", "restart", "log")


class DevicePages:
    """The list of devices, and a page for each. care: None where the gateway is elsewhere."""

    def __init__(self, frame: Frame, care: Care | None) -> None:
        self._frame = frame
        self._care = care

    def routes(self) -> list[BaseRoute]:
        """Their addresses; none where there are no devices to look after."""
        if self._care is None:
            return []
        inside = self._frame.inside
        wifi = WifiPage(
            self._frame,
            self._devices.wifi,
            self._find,
            self._refuse,
            lambda device: f"/devices/{device.device}",
        )
        return [
            Route("/devices", inside(self._list)),
            Route("/devices/{device}", inside(self._device)),
            Route("/devices/{device}/retire", inside(self._ask_retire)),
            Route("/devices/{device}/retire", inside(self._retire), methods=["POST"]),
            Route("/devices/{device}/set", inside(self._set), methods=["POST"]),
            Route("/devices/{device}/ask", inside(self._ask), methods=["POST"]),
            Route("/devices/{device}/wifi", inside(wifi.show)),
            Route("/devices/{device}/wifi", inside(wifi.post), methods=["POST"]),
            Route("/devices/{device}/{act}", inside(self._act), methods=["POST"]),
        ]

    @property
    def _devices(self) -> Care:
        assert self._care is not None  # noqa: S101 - without it there are no routes to here
        return self._care

    async def _list(self, request: Request, session: Session, words: Words) -> Response:
        if not session.is_staff:
            return self._frame.message(request, words, session, "staff_only", 403)
        found = await asyncio.to_thread(self._devices.all)
        seen = await asyncio.to_thread(self._frame.surroundings)
        return self._frame.page(
            request,
            "devices.html",
            session,
            words,
            seen=seen,
            devices=found,
            known=_known(seen),
            updates_here=self._devices.updating is not None,
        )

    async def _device(self, request: Request, session: Session, words: Words) -> Response:
        return await self._show(request, session, words)

    async def _show(
        self, request: Request, session: Session, words: Words, problem: str = "", status: int = 200
    ) -> Response:
        found = await self._find(request, session)
        if found is None:
            return self._refuse(request, session, words)
        seen = await asyncio.to_thread(self._frame.surroundings)
        return self._frame.page(
            request,
            "device.html",
            session,
            words,
            status=status,
            seen=seen,
            device=found,
            known=_known(seen).get(found.device),
            fields=_fields(found),
            acts=ACTS,
            problem=problem,
        )

    async def _act(self, request: Request, session: Session, words: Words) -> Response:
        act = request.path_params["act"]
        if act not in ACTS:
            return self._frame.message(request, words, session, "not_found", 404)
        return await self._order(request, session, words, "act", {"what": act})

    async def _ask(self, request: Request, session: Session, words: Words) -> Response:
        return await self._order(request, session, words, "set", {})

    async def _set(self, request: Request, session: Session, words: Words) -> Response:
        found = await self._find(request, session)
        if found is None:
            return self._refuse(request, session, words)
        now = found.settings or {}
        changed: dict[str, int | str] = {}
        for name, text in request.state.form.items():
            if name not in BOUNDS or text == str(now.get(name, "")):
                continue
            try:
                changed |= read_settings({name: text})
            except DeviceError:
                problem = words.say("setting_wrong", setting=words.say(f"setting_{name}"))
                return await self._show(request, session, words, problem, 400)
        if not changed:
            return await self._show(request, session, words, words.say("nothing_changed"))
        return await self._order(request, session, words, "set", changed)

    async def _order(
        self,
        request: Request,
        session: Session,
        words: Words,
        kind: str,
        details: dict[str, int | str],
    ) -> Response:
        found = await self._find(request, session)
        if found is None:
            return self._refuse(request, session, words)
        try:
            await asyncio.to_thread(
                self._devices.order, found.device, kind, details, session.person.id
            )
        except DeviceError:
            # Retired meanwhile, or a button that is to have settings: no form of ours offers it.
            return self._frame.message(request, words, session, "not_possible", 409)
        return RedirectResponse(f"/devices/{found.device}", 303)

    async def _ask_retire(self, request: Request, session: Session, words: Words) -> Response:
        found = await self._find(request, session)
        if found is None:
            return self._refuse(request, session, words)
        return self._frame.page(request, "retire.html", session, words, device=found)

    async def _retire(self, request: Request, session: Session, words: Words) -> Response:
        found = await self._find(request, session)
        if found is None or found.retired_at is not None:
            return self._refuse(request, session, words)
        await asyncio.to_thread(self._devices.retire, found.device, session.person.id)
        return RedirectResponse("/devices", 303)

    async def _find(self, request: Request, session: Session) -> View | None:
        if not session.is_staff:
            return None
        return await asyncio.to_thread(self._devices.find, request.path_params["device"])

    def _refuse(self, request: Request, session: Session, words: Words) -> Response:
        key, status = ("no_device", 404) if session.is_staff else ("staff_only", 403)
        return self._frame.message(request, words, session, key, status)


def _known(seen: Any) -> dict[str, Any]:
    """What the backend knows of each device: its faults, its battery, whether it is late."""
    return {row.device: row for row in seen.devices}


def _fields(device: View) -> list[dict[str, Any]]:
    """The settings as a form shows them; none before the device has said what is in force."""
    return [
        {"name": name, "now": device.settings[name], "bounds": BOUNDS[name]}
        for name in BOUNDS
        if device.settings is not None and name in device.settings
    ]
