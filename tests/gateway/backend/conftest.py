"""A backend to talk to: its clock stands still until a test moves it; its channel is a list."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from gateway.backend.channels import ChannelFailed, Message
from gateway.backend.database import open_database
from gateway.backend.escalation import Plan
from gateway.backend.incoming import Incoming
from gateway.backend.policy import Person, Policy
from gateway.backend.service import Backend, assemble
from gateway.secret_file import Secrets

from .postgres import PostgresServer

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STREAM_TOKEN = "stream-token-of-the-tests"
BUTTON = "00112233aabb"
SENSOR = "00112233ccdd"


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        # Whole seconds of the present: signatures of webhooks are checked against the real time.
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Outbox:
    """A channel that keeps what was sent. failing: addresses that take nothing."""

    sent: list[tuple[str, Message]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)

    def send(self, address: str, message: Message) -> bool:
        self.tried.append(address)
        if address in self.failing:
            raise ChannelFailed("the service is down")
        self.sent.append((address, message))
        return False

    def to(self, person: str) -> list[Message]:
        return [message for address, message in self.sent if address == f"test://{person}"]


def policy(**changes: Any) -> Policy:
    """Ana and Ben are asked first, Carla next; Dora mends things."""
    people = {
        one: Person(one, one.title(), "en", (f"test://{one}",))
        for one in ("ana", "ben", "carla", "dora")
    }
    values: dict[str, Any] = {
        "people": people,
        "plan": Plan(steps=(("ana", "ben"), ("carla",))),
        "staff": ("dora",),
        "time_zone": UTC,
    }
    return Policy(**(values | changes))


SECRETS = Secrets(
    webhook_secret=WEBHOOK_SECRET,
    stream_token=STREAM_TOKEN,
    session_key="session-key-of-the-tests",
    broker_password="",
    vault_key="vault-key-of-the-tests",
)


@dataclass
class House:
    """A backend, and the ways a test moves it."""

    backend: Backend
    clock: HandClock
    outbox: Outbox
    seq: int = 0

    def event(self, kind: str, **details: Any) -> Incoming:
        """A new event of 204's button, or of its sensor if it is of that kind. unit: of another."""
        self.seq += 1
        device = BUTTON if kind in ("press", "battery", "tamper") else SENSOR
        return Incoming(
            gateway="house-1",
            unit=details.pop("unit", "204"),
            device=details.pop("device", device),
            boot=1,
            seq=self.seq,
            kind=kind,
            details=details,
            occurred_at=self.clock(),
            exact=True,
            age_s=0.0,
        )

    def happens(self, kind: str, **details: Any) -> str | None:
        """The event is accepted; the id of its alert."""
        event = self.event(kind, **details)
        webhook_id = f"{event.device}.{event.boot}.{event.seq}"
        return self.backend.dispatch.accept(event, webhook_id).alert

    def deliver(self) -> None:
        """Everything due is sent."""
        asyncio.run(self.backend.notices.send_due())

    def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Time passes; timers fire and notices go out as they come due."""
        end = self.clock() + timedelta(seconds=seconds)
        while self.clock() < end:
            self.clock.forward(min(step, (end - self.clock()).total_seconds()))
            self.backend.dispatch.fire_due_timers()
            self.deliver()

    def alert(self, alert_id: str | None) -> Any:
        from gateway.backend.ledger import Ledger

        assert alert_id is not None
        with self.backend.database.read() as connection:
            return Ledger(connection).alert(alert_id)

    def lights(self) -> list[str]:
        """What the stream has said, in order."""
        return [row.data["state"] for row in self.stream()]

    def stream(self) -> list[Any]:
        from gateway.backend.ledger import Ledger

        with self.backend.database.read() as connection:
            return Ledger(connection).stream_after("house-1", 0, 1000)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL server."""
    with PostgresServer.running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that the backend runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'backend.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
def open_house(database_url: str) -> Iterator[Callable[..., House]]:
    """Makes backends on one database; each call is another replica of it."""
    opened: list[Backend] = []

    def open_one(
        *, clock: HandClock | None = None, outbox: Outbox | None = None, **changes: Any
    ) -> House:
        clock = clock or HandClock()
        outbox = outbox or Outbox()
        backend = assemble(
            policy(**changes), open_database(database_url), SECRETS, clock=clock, channel=outbox
        )
        opened.append(backend)
        return House(backend, clock, outbox)

    yield open_one
    for backend in opened:
        backend.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()


def signed(body: Any, webhook_id: str, *, at: datetime | None = None) -> httpx.Request:
    """A request as a gateway makes it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = at or datetime.now(UTC)
    signature = Webhook(WEBHOOK_SECRET).sign(webhook_id, at, data.decode())
    return httpx.Request(
        "POST",
        "http://backend/v1/events",
        content=data,
        headers={
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        },
    )


def press_body(seq: int = 1, **changes: Any) -> dict[str, Any]:
    """The webhook of a press in 204."""
    at = datetime.now(UTC).isoformat()
    data = {
        "gateway": "house-1",
        "unit": "204",
        "device": BUTTON,
        "boot": 1,
        "seq": seq,
        "kind": "press",
        "details": {"taps": 1, "held": 0},
        "received_at": at,
        "occurred_at": at,
        "occurred": "at",
        "age_s": 0,
    }
    return {"type": "device.press", "timestamp": at, "data": data | changes}


async def until(condition: Callable[[], bool], at_most_s: float = 60) -> None:
    """Waits for a condition that is read in a thread. Raises TimeoutError."""
    async with asyncio.timeout(at_most_s):
        while not await asyncio.to_thread(condition):
            pass


@contextlib.asynccontextmanager
async def asking(backend: Backend) -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks to the application itself."""
    transport = httpx.ASGITransport(backend.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://backend") as client:
        yield client
