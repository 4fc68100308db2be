"""A responder's phone that is not there: takes Apprise json:// notifications, shows what it would.

phone = Phone(on_message=print)
await phone.start()                      # on a free port
phone.address("ana")                     # "json://127.0.0.1:PORT/ana", for [[people]].channels
message = await phone.wait_for("ana", lambda m: m.title.startswith("Urgent"), 10)
phone.out_of_order.add("ana")            # her service answers 503 from now on
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class PhoneMessage:
    """What lights up. at: time.monotonic(), in s. link: the first in the text, or ""."""

    person: str
    title: str
    text: str
    at: float

    @property
    def link(self) -> str:
        found = _LINK.search(self.text)
        return found[0] if found else ""

    def __str__(self) -> str:
        return f"[{self.person}] {self.title}: {' '.join(self.text.split())}"


class Phone:
    """Everybody's phone at once: the last part of the address says whose.

    messages: all there were, in order. out_of_order: people whose service answers 503; silent:
    people whose service takes the message and never answers.
    """

    def __init__(self, on_message: Callable[[PhoneMessage], None] | None = None) -> None:
        self.messages: list[PhoneMessage] = []
        self.out_of_order: set[str] = set()
        self.silent: set[str] = set()
        self.port = 0
        self._on_message = on_message
        self._news = asyncio.Event()
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1; port 0: a free one, then in `port`."""
        config = uvicorn.Config(
            Starlette(routes=[Route("/{person}", self._take, methods=["POST"])]),
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        socket = config.bind_socket()
        self.port = socket.getsockname()[1]
        self._server = uvicorn.Server(config)
        # Its own signal handlers would take Ctrl-C away from whoever runs us.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._task = asyncio.create_task(self._server.serve(sockets=[socket]))

    async def stop(self) -> None:
        """Takes nothing more."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    def address(self, person: str) -> str:
        """The Apprise address at which this person is reached."""
        return f"json://127.0.0.1:{self.port}/{person}"

    def of(self, person: str) -> list[PhoneMessage]:
        """What this person's phone has shown."""
        return [message for message in self.messages if message.person == person]

    async def wait_for(
        self, person: str, wanted: Callable[[PhoneMessage], bool], at_most_s: float
    ) -> PhoneMessage:
        """The first message that *wanted* accepts, there or to come. Raises TimeoutError."""
        async with asyncio.timeout(at_most_s):
            while True:
                news = self._news
                for message in self.of(person):
                    if wanted(message):
                        return message
                await news.wait()

    async def _take(self, request: Request) -> JSONResponse:
        person = request.path_params["person"]
        body = await request.json()
        if person in self.out_of_order:
            return JSONResponse({}, status_code=503)
        if person in self.silent:
            while person in self.silent:
                await self._news.wait()
        title, text = str(body.get("title", "")), str(body.get("message", ""))
        message = PhoneMessage(person, title, text, time.monotonic())
        self.messages.append(message)
        self._ring()
        if self._on_message is not None:
            self._on_message(message)
        return JSONResponse({})

    def mend(self) -> None:
        """Every service works again."""
        self.out_of_order.clear()
        self.silent.clear()
        self._ring()

    def _ring(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
