"""What a resident may set: how often they are asked, and what "I'm OK" does once somebody was
called. Ending what looks after them is not among it: that is the button in the room."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.backend.cards import Cards
from gateway.care.room import BY_RESIDENT, RoomDevice
from gateway.errors import DeviceError
from gateway.orders import BOUNDS, read_settings
from gateway.web.resident.frame import Guest, ResidentFrame
from gateway.web.wording import Words


class Choices:
    """/mine/asks and /mine/choice."""

    def __init__(self, frame: ResidentFrame, cards: Cards) -> None:
        self._frame = frame
        self._cards = cards

    def routes(self) -> list[BaseRoute]:
        inside = self._frame.inside
        return [
            Route("/mine/asks", inside(self._asks)),
            Route("/mine/asks/{device}", inside(self._set), methods=["POST"]),
            Route("/mine/choice", inside(self._choice)),
            Route("/mine/choice", inside(self._choose), methods=["POST"]),
        ]

    async def _asks(self, request: Request, guest: Guest, words: Words) -> Response:
        return await self._show(request, guest, words)

    async def _show(
        self, request: Request, guest: Guest, words: Words, problem: str = "", status: int = 200
    ) -> Response:
        found = await asyncio.to_thread(self._devices, guest)
        sensors = [
            {
                "device": one.view.device,
                "unknown": one.view.settings is None,
                "fields": _fields(one),
                "order": next(
                    (order for order in one.view.orders if order.ordered_by == BY_RESIDENT), None
                ),
            }
            for one in found or []
            if one.looks_after is not None and one.is_home
        ]
        return self._frame.page(
            request,
            "resident/asks.html",
            guest,
            words,
            status=status,
            sensors=sensors,
            elsewhere=found is None,
            problem=problem,
        )

    async def _set(self, request: Request, guest: Guest, words: Words) -> Response:
        found = await asyncio.to_thread(self._devices, guest) or []
        mine = [one for one in found if one.view.device == request.path_params["device"]]
        if not mine or not mine[0].settable:
            return await self._show(request, guest, words, words.say("not_possible"), 404)
        now: dict[str, Any] = mine[0].view.settings or {}
        changed: dict[str, int | str] = {}
        for name in mine[0].settable:
            text = str(request.state.form.get(name, "")).strip()
            if text in ("", _shown(name, now[name])):
                continue
            try:
                changed |= read_settings({name: _meant(name, text)})
            except DeviceError:
                problem = words.say("setting_wrong", setting=words.say(f"mine_{name}"))
                return await self._show(request, guest, words, problem, 400)
        if not changed:
            return await self._show(request, guest, words, words.say("nothing_changed"))
        room = self._frame.room(guest.resident)
        try:
            if room is not None:
                await asyncio.to_thread(room.set, mine[0].view.device, changed)
        except DeviceError:
            return await self._show(request, guest, words, words.say("not_possible"), 409)
        return RedirectResponse("/mine/asks", 303)

    def _devices(self, guest: Guest) -> list[RoomDevice] | None:
        room = self._frame.room(guest.resident)
        return None if room is None else room.devices()

    async def _choice(self, request: Request, guest: Guest, words: Words) -> Response:
        return self._choices(request, guest, words)

    def _choices(self, request: Request, guest: Guest, words: Words, status: int = 200) -> Response:
        return self._frame.page(
            request,
            "resident/choice.html",
            guest,
            words,
            status=status,
            closes=self._frame.ok_closes(guest.resident),
        )

    async def _choose(self, request: Request, guest: Guest, words: Words) -> Response:
        chosen = request.state.form.get("ok")
        if chosen not in ("closes", "looks"):
            return self._choices(request, guest, words, 400)
        await asyncio.to_thread(self._cards.choose, guest.resident, chosen == "closes")
        return RedirectResponse("/mine", 303)


def _fields(device: RoomDevice) -> list[dict[str, Any]]:
    """The settings as the form shows them."""
    settings = device.view.settings or {}
    fields = []
    for name in device.settable:
        least, most = (_shown(name, bound) for bound in BOUNDS[name])
        fields.append(
            {"name": name, "now": _shown(name, settings[name]), "least": least, "most": most}
        )
    return fields


# Nobody thinks of a night in seconds.
_IN_MINUTES = ("watch_limit_s",)


def _shown(name: str, value: Any) -> str:
    return str(int(value) // 60 if name in _IN_MINUTES else value)


def _meant(name: str, text: str) -> str:
    minutes = name in _IN_MINUTES and text.isascii() and text.isdigit() and len(text) < 6
    return str(int(text) * 60) if minutes else text
