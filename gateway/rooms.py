"""What a gateway runs, wired together; which clocks it lives by and which door it hears is given.

door ──► Intake ──► store ──► Lane ──► webhook ──► backend
  ▲                                                   │
  └───────── light ◄── WayBack ◄──────── stream ◄─────┘
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

from gateway import outbox
from gateway.answers import Answers
from gateway.arrival import Arrival, Down
from gateway.clock_step import monotonic_ms
from gateway.commands import Commands
from gateway.destinations.webhook import WebhookDestination
from gateway.entry import Entry
from gateway.intake import Intake
from gateway.orders import Orders
from gateway.outbox import Lane
from gateway.release.library import Library
from gateway.retention import Retention
from gateway.secret_file import Secrets
from gateway.settings import Settings
from gateway.store import Store
from gateway.supervision import Supervision
from gateway.unheard import Unheard
from gateway.updates.run import Updates
from gateway.updates.serve import Pieces
from gateway.wayback import WayBack


def unix_ms() -> int:
    """Now, in Unix ms."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Clocks:
    """What time it is for a gateway. monotonic_ms: a clock that nobody sets."""

    unix_ms: Callable[[], int] = unix_ms
    monotonic_ms: Callable[[], int] = monotonic_ms

    def utc(self) -> datetime:
        """The first of the two, as a date."""
        return datetime.fromtimestamp(self.unix_ms() / 1000, UTC)


class Door(Down, Protocol):
    """The door that devices come in by, and are answered through."""

    @property
    def connected(self) -> bool:
        """Whether presses can come in now."""

    @property
    def alive(self) -> bool:
        """Whether it goes on by itself, connected or not. False before `start()`."""

    def start(self) -> None:
        """Opens it; returns at once."""

    def stop(self) -> None:
        """Says goodbye, and closes it."""


class Rooms:
    """Everything of one gateway.

    open_door: makes the door, given what takes the arrivals. wake: has the lane woken in its own
    thread. jitter: 0 to 1, by chance, so that many gateways do not act as one. wait, sleep: how
    the lane waits for what is new, and how time passes between two looks for unheard calls, or
    for orders.
    """

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        store: Store,
        client: httpx.AsyncClient,
        open_door: Callable[[Callable[[Arrival], None]], Door],
        *,
        wake: Callable[[Lane], None],
        clocks: Clocks = Clocks(),
        jitter: Callable[[], float] = random.random,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = outbox.wait,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        intake: type[Intake] = Intake,
    ) -> None:
        url, name = settings.backend_url, settings.gateway.name
        webhook = WebhookDestination(
            client, url, secrets.webhook_secret, gateway=name, now=clocks.utc
        )
        commands = Commands(clocks.unix_ms)
        library = Library(settings.data, lambda: clocks.monotonic_ms() / 1000)
        self.lane = Lane(
            store,
            webhook,
            clock_ms=clocks.unix_ms,
            monotonic=lambda: clocks.monotonic_ms() / 1000,
            wait=wait,
            jitter=jitter,
        )
        self.door = open_door(lambda arrival: self.intake.take(arrival))
        self.intake = intake(
            store,
            Entry(commands, [webhook], Pieces(commands, library)),
            self.door,
            clock_ms=clocks.unix_ms,
            monotonic_ms=clocks.monotonic_ms,
            on_parcels=lambda: wake(self.lane),
        )
        self.way_back = WayBack(
            store,
            commands,
            self.door,
            client,
            url,
            secrets.stream_token,
            gateway=name,
            clock_ms=clocks.unix_ms,
            jitter=jitter,
        )
        self.unheard = Unheard(store, commands, self.door, clock_ms=clocks.unix_ms, sleep=sleep)
        self.orders = Orders(store, commands, self.door, clock_ms=clocks.unix_ms, sleep=sleep)
        self.updates = Updates(store, library, clock_ms=clocks.unix_ms, sleep=sleep)
        self.answers = Answers(store, webhook, gateway=name, sleep=sleep)
        self.supervision = Supervision(
            store,
            webhook,
            clock_ms=clocks.unix_ms,
            monotonic_ms=clocks.monotonic_ms,
            can_hear=lambda: self.intake.alive and self.door.connected,
            store_works=lambda: self.intake.store_works,
            unheard=lambda: self.unheard.devices,
        )
        self.retention = Retention(
            store, keep_days=settings.gateway.keep_events_days, clock_ms=clocks.unix_ms
        )

    def start(self) -> list[Coroutine[Any, Any, None]]:
        """Begins to take what comes in. What it returns is to be run until the end."""
        self.intake.start()
        self.door.start()
        return [
            self.lane.run(),
            self.way_back.run(),
            self.supervision.run(),
            self.unheard.run(),
            self.orders.run(),
            self.updates.run(),
            self.answers.run(),
            self.retention.run(),
        ]

    def stop(self) -> None:
        """First nothing more comes in, then what is in hand is finished."""
        self.door.stop()
        self.intake.stop()
