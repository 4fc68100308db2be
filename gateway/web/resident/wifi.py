"""A new Wi-Fi for what is in the room, by its resident: no cable, and a press in the room."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.care.room import BY_RESIDENT, Room, RoomDevice
from gateway.web.resident.frame import SECTIONS, Guest, ResidentFrame, Section
from gateway.web.wifi import begin
from gateway.web.wording import Words


class NewWifi:
    """/mine/wifi, and a page for each device below it."""

    def __init__(self, frame: ResidentFrame) -> None:
        self._frame = frame

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/mine/wifi", inside(self._list)),
            Route("/mine/wifi/{device}", inside(self._show)),
            Route("/mine/wifi/{device}", inside(self._post), methods=["POST"]),
        ]

    async def _list(self, request: Request, guest: Guest, words: Words) -> Response:
        _, found = await asyncio.to_thread(self._own, guest)
        if len(found) == 1:
            return RedirectResponse(f"/mine/wifi/{found[0].view.device}", 303)
        return self._frame.page(request, "resident/wifi_which.html", guest, words, devices=found)

    async def _show(self, request: Request, guest: Guest, words: Words) -> Response:
        return await self._page(request, guest, words)

    async def _post(self, request: Request, guest: Guest, words: Words) -> Response:
        room, device = await self._find(request, guest)
        if room is None or device is None:
            return self._not_theirs(request, guest, words)
        form = request.state.form
        problem, status = begin(room.care.wifi, device.view.device, form, BY_RESIDENT)
        if problem:
            ssid = str(form.get("ssid", ""))
            return await self._page(request, guest, words, problem, ssid, status)
        return RedirectResponse(request.url.path, 303)

    async def _page(
        self,
        request: Request,
        guest: Guest,
        words: Words,
        problem: str = "",
        ssid: str = "",
        status: int = 200,
    ) -> Response:
        room, device = await self._find(request, guest)
        if room is None or device is None:
            return self._not_theirs(request, guest, words)
        return self._frame.page(
            request,
            "resident/wifi.html",
            guest,
            words,
            status=status,
            device=device.view,
            attempt=room.care.wifi.of(device.view.device),
            problem=words.say(problem) if problem else "",
            ssid=ssid,
        )

    async def _find(self, request: Request, guest: Guest) -> tuple[Room | None, RoomDevice | None]:
        room, found = await asyncio.to_thread(self._own, guest)
        wanted = request.path_params["device"]
        return room, next((one for one in found if one.view.device == wanted), None)

    def _own(self, guest: Guest) -> tuple[Room | None, list[RoomDevice]]:
        """The devices that are theirs: a shared washroom's is nobody's to change."""
        room = self._frame.room(guest.resident)
        return room, [one for one in room.devices() if one.is_home] if room is not None else []

    def _not_theirs(self, request: Request, guest: Guest, words: Words) -> Response:
        return self._frame.page(
            request, "resident/message.html", guest, words, status=404, key="no_device"
        )


SECTIONS.append(Section("mine_wifi", "wifi", lambda frame: NewWifi(frame).routes()))
