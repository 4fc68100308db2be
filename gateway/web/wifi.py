"""Changing a device's Wi-Fi from a page, by whoever stands beside the device with a phone.

`begin` and the template `wifi_part.html` are for every page that offers it: that of staff here, the
resident's own beside its other pages.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.bluetooth.air import BluetoothError
from gateway.bluetooth.attempts import Attempts
from gateway.bluetooth.change import Network
from gateway.care.view import View
from gateway.web.frame import Frame
from gateway.web.sessions import Session
from gateway.web.wording import Words

Find = Callable[[Request, Session], Awaitable[View | None]]
Refuse = Callable[[Request, Session, Words], Response]


def begin(attempts: Attempts, device: str, form: dict[str, Any], by: str) -> tuple[str, int]:
    """Begins it with what was filled in; by: who does so, for the audit.

    ("", 303) where it has begun, else the key of what to say instead, and the HTTP status.
    """
    is_open = bool(form.get("open"))
    key = "" if is_open else str(form.get("wifi_password", ""))
    if not is_open and not key:
        return "wifi_trouble_bad_key", 400
    try:
        begun = attempts.begin(device, Network(str(form.get("ssid", "")), key), by)
    except BluetoothError as error:
        return f"wifi_trouble_{error.trouble.value}", 400
    return ("", 303) if begun else ("wifi_another_runs", 409)


class WifiPage:
    """show() and post() are handlers of GET and POST at one address.

    find: the device of a request, where this session may change its Wi-Fi; else None, and `refuse`
    answers. back: where the page's way back leads, given the device.
    """

    def __init__(
        self,
        frame: Frame,
        attempts: Attempts,
        find: Find,
        refuse: Refuse,
        back: Callable[[View], str],
    ) -> None:
        self._frame = frame
        self._attempts = attempts
        self._find = find
        self._refuse = refuse
        self._back = back

    async def show(self, request: Request, session: Session, words: Words) -> Response:
        """How far it is; and the form, while nothing goes on."""
        return await self._page(request, session, words)

    async def post(self, request: Request, session: Session, words: Words) -> Response:
        """Begins it, from a form of ours."""
        device = await self._find(request, session)
        if device is None or device.retired_at is not None:
            return self._refuse(request, session, words)
        form = request.state.form
        problem, status = begin(self._attempts, device.device, form, session.person.id)
        if problem:
            ssid = str(form.get("ssid", ""))
            return await self._page(request, session, words, problem, ssid, status)
        return RedirectResponse(request.url.path, 303)

    async def _page(
        self,
        request: Request,
        session: Session,
        words: Words,
        problem: str = "",
        ssid: str = "",
        status: int = 200,
    ) -> Response:
        device = await self._find(request, session)
        if device is None:
            return self._refuse(request, session, words)
        seen = await asyncio.to_thread(self._frame.surroundings)
        return self._frame.page(
            request,
            "wifi.html",
            session,
            words,
            status=status,
            seen=seen,
            device=device,
            back=self._back(device),
            attempt=self._attempts.of(device.device),
            problem=words.say(problem) if problem else "",
            ssid=ssid,
        )
