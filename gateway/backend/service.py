"""Puts the backend and its pages together: embedded in a gateway, or run alone.

The one file here that knows of the pages above it; everything else here can do without them.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
import uvicorn
from sse_starlette.sse import _shutdown_watcher
from starlette.types import ASGIApp

from gateway.backend import api
from gateway.backend.bell import LOOK_EVERY_S, Bell
from gateway.backend.cards import Cards
from gateway.backend.channels import Channel
from gateway.backend.channels.apprise import AppriseChannel
from gateway.backend.database import open_database
from gateway.backend.dispatch import Dispatch
from gateway.backend.links import Links
from gateway.backend.logins import Logins
from gateway.backend.notices import Notices, Send, send_in_own_thread
from gateway.backend.outward import OutwardStream
from gateway.backend.passwords import Passwords
from gateway.backend.plans import Plans
from gateway.backend.policy import Clock, Policy, from_settings
from gateway.backend.timers import Timers
from gateway.backend.vault import Vault
from gateway.backend.webhook import WebhookDoor
from gateway.backend.wording import Wording
from gateway.care.acts import Care, care_of
from gateway.clock_step import monotonic_ms
from gateway.http_door import HttpDoor
from gateway.secret_file import Secrets, load_secrets
from gateway.settings import Settings
from gateway.store import Store
from gateway.web.pages import Pages, application
from gateway.web.sessions import Sessions

_log = structlog.get_logger(__name__)

# Streams and half-taken requests get so long to end, in s.
GRACE_S = 2
# asyncio takes three.
_TURNS_TO_COME_IN = 10


def utc_now() -> datetime:
    """The clock of the real world."""
    return datetime.now(UTC)


@dataclass
class Backend:
    """A backend, ready to run. asgi: webhook, stream, health and pages."""

    asgi: ASGIApp
    policy: Policy
    database: Store
    dispatch: Dispatch
    links: Links
    notices: Notices
    timers: Timers
    bell: Bell
    care: Care | None = None

    async def run(self) -> None:
        """The workers: timers and notices. Until cancelled; then open streams end as well."""
        self.attach()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.timers.run(), name="backend timers")
                tasks.create_task(self.notices.run(), name="backend notices")
        finally:
            self.bell.close()

    async def serve(self, listening: socket.socket) -> None:
        """The workers, and the addresses on a bound socket. Until cancelled, and cleanly then."""
        server = _Server(
            self.bell.close,
            uvicorn.Config(
                self.asgi,
                http=HttpDoor,
                log_config=None,
                # Addresses hold responders' links: none of them is for a log.
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            ),
        )
        # Whoever runs us decides what a signal means.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        try:
            async with asyncio.TaskGroup() as tasks:
                workers = tasks.create_task(self.run(), name="backend workers")
                serves = server.serve(sockets=[listening])
                serving = tasks.create_task(serves, name="backend server")
                try:
                    await asyncio.shield(serving)
                except asyncio.CancelledError:
                    server.should_exit = True
                    await serving
                    raise
                finally:
                    workers.cancel()
        finally:
            await _end_watchers()

    def attach(self) -> None:
        """From now on commits wake whoever waits in the running event loop."""
        self.bell.attach(asyncio.get_running_loop())

    def link_for(self, person: str, alert: str | None = None) -> str:
        """The address that lets this person into the pages."""
        return self.links.for_person(person, alert)

    def close(self) -> None:
        self.database.close()
        if self.care is not None:
            self.care.close()


class _Server(uvicorn.Server):
    """Ends the streams once nobody is let in any more: a page opens its stream again at once, and
    one that is let in at the last moment holds up the end. end_streams: does not block."""

    def __init__(self, end_streams: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for door in self.servers:
            door.close()
        # uvicorn tells each connection once to end. Who has just been let in is none for some turns
        # of the loop yet (accepted, its transport made, handed over), and would stay for GRACE_S.
        for _ in range(_TURNS_TO_COME_IN):
            await asyncio.sleep(0)
        # Heard in the next turn, when every connection has been told that it is its last answer.
        self._end_streams()
        await super().shutdown(sockets)


async def _end_watchers() -> None:
    """Ends what sse-starlette 3.7 leaves running in this event loop from its first stream on: a
    task that nobody holds, which looks twice a second whether uvicorn has been told by a signal to
    exit. Ours never is: our streams end by the bell, and so do those of others in this loop."""
    watches = _shutdown_watcher.__code__
    left = [one for one in asyncio.all_tasks() if getattr(one.get_coro(), "cr_code", 0) is watches]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def build_backend(
    settings: Settings, *, clock: Clock = utc_now, channel: Channel | None = None
) -> Backend:
    """The backend of a configuration. Raises SettingsError or StoreError, one sentence each."""
    secrets = load_secrets(settings)
    policy = from_settings(settings)
    database = open_database(settings.backend_database)
    # Replicas on PostgreSQL have a clock each, and one that is set is not that of the others.
    alone = database.engine.dialect.name == "sqlite"
    return assemble(
        policy,
        database,
        secrets,
        clock=clock,
        channel=channel or _apprise(policy),
        care=care_of(settings, lambda: int(clock().timestamp() * 1000)),
        monotonic_ms=monotonic_ms if alone else None,
    )


def _apprise(policy: Policy) -> Channel:
    """Apprise, its services loaded now: the first alert does not wait for that."""
    channel = AppriseChannel()
    for person in policy.people.values():
        for number, address in enumerate(person.channels, 1):
            if not channel.can_read(address):
                # The others still work: alerts go on, and the page shows who is not reached.
                _log.error(
                    "an address cannot be read; correct it under [[people]]",
                    person=person.id,
                    channel=number,
                )
    return channel


def assemble(
    policy: Policy,
    database: Store,
    secrets: Secrets,
    *,
    clock: Clock,
    channel: Channel,
    send: Send = send_in_own_thread,
    look_every_s: float = LOOK_EVERY_S,
    care: Care | None = None,
    monotonic_ms: Callable[[], int] | None = None,
) -> Backend:
    """The backend of these parts. look_every_s: how late another replica's commit is noticed;
    what is alone on its database, under a clock that nobody sets, need hardly look. care: of the
    devices, where their gateway is here. monotonic_ms: see Timers."""
    bell = Bell()
    dispatch = Dispatch(database, policy, clock, committed=bell.ring_from_anywhere)
    links = Links(secrets.session_key, policy, clock)
    wording = Wording(policy, links)
    logins, vault = Logins(database, clock), Vault(secrets.vault_key)
    passwords = Passwords(database, vault, clock)
    routes = api.routes(
        WebhookDoor(dispatch, secrets.webhook_secret, clock),
        OutwardStream(database, bell, secrets.stream_token, look_every_s=look_every_s),
        api.Health(dispatch, clock),
    )
    pages = Pages(
        dispatch,
        database,
        policy,
        links,
        Sessions(secrets.session_key, policy, clock, database, logins),
        clock,
        bell,
        passwords,
        logins,
        Cards(database, passwords, clock),
        Plans(database, vault, clock),
        care,
    )
    return Backend(
        asgi=application(pages, routes),
        policy=policy,
        database=database,
        dispatch=dispatch,
        links=links,
        notices=Notices(
            dispatch, policy, wording, channel, clock, bell, send=send, look_every_s=look_every_s
        ),
        timers=Timers(dispatch, clock, bell, look_every_s=look_every_s, monotonic_ms=monotonic_ms),
        bell=bell,
        care=care,
    )
