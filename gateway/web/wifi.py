"""The page on which a device's Wi-Fi is changed, by whoever stands beside it with a phone.

One page for staff and residents alike: who may, and where it is, is told by whoever opens it.
"""

import asyncio
from collections.abc import Awaitable, Callable

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


class WifiPage:
    """show() and begin() are handlers of GET and POST at one address.

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

    async def begin(self, request: Request, session: Session, words: Words) -> Response:
        """Begins it, from a form of ours."""
        device = await self._find(request, session)
        if device is None or device.retired_at is not None:
            return self._refuse(request, session, words)
        form = request.state.form
        ssid = str(form.get("ssid", ""))
        key = "" if form.get("open") else str(form.get("wifi_password", ""))
        try:
            if not form.get("open") and not key:
                return await self._page(request, session, words, "wifi_trouble_bad_key", ssid, 400)
            begun = self._attempts.begin(device.device, Network(ssid, key), session.person.id)
        except BluetoothError as error:
            key = f"wifi_trouble_{error.trouble.value}"
            return await self._page(request, session, words, key, ssid, 400)
        if not begun:
            return await self._page(request, session, words, "wifi_another_runs", ssid, 409)
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
