"""The real alert backend in virtual time: its application, its workers, its own database."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sse_starlette import sse

import gateway.backend
from gateway.backend.alert import Alert
from gateway.backend.alert_record import from_body
from gateway.backend.cards import Cards, NewCard
from gateway.backend.ledger import Ledger
from gateway.backend.passwords import Passwords
from gateway.backend.policy import from_settings
from gateway.backend.service import Backend, assemble
from gateway.backend.tables import alerts
from gateway.backend.vault import Vault
from gateway.secret_file import Secrets
from gateway.settings import Settings
from sim.building.asgi_wire import AsgiWire
from sim.building.databases import MortalStore, open_database
from sim.building.phones import Phones

MIGRATIONS = Path(gateway.backend.__file__).parent / "migrations"
# It is alone on its database, and told of every commit: a look without one, as good as never.
_LOOK_EVERY_S = 600.0
_OPEN = select(alerts.c.body).where(alerts.c.closed_at.is_(None)).order_by(alerts.c.raised_at)


class BackendProcess:
    """`start()`, `kill()`, and again. wires: whoever comes to its application, by whichever way.
    on_alert: told of every alert that is new or has changed."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        phones: Phones,
        wires: tuple[AsgiWire, ...],
        unix_ms: Callable[[], int],
        on_alert: Callable[[Alert], None],
        *,
        durable: bool,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._phones = phones
        self._wires = wires
        self._unix_ms = unix_ms
        self._on_alert = on_alert
        self._durable = durable
        self._known: dict[str, Alert] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._running: tuple[Backend, MortalStore] | None = None

    @property
    def running(self) -> bool:
        return self._running is not None

    @property
    def backend(self) -> Backend:
        """What runs. RuntimeError where nothing does."""
        if self._running is None:
            raise RuntimeError("The backend does not run.")
        return self._running[0]

    def fill_disk(self, full: bool = True) -> None:
        """Its disk is full from now on, or has room again; RuntimeError where it does not run."""
        if self._running is None:
            raise RuntimeError("The backend does not run.")
        self._running[1].full = full

    def make_card(self, unit: str) -> NewCard:
        """As staff make the card of a unit's resident. RuntimeError where it does not run."""
        database, clock = self.backend.database, self._clock
        passwords = Passwords(database, Vault(self._secrets.vault_key), clock)
        return Cards(database, passwords, clock).make(self._settings.gateway.name, unit)

    def start(self) -> None:
        """Starts it, unless it runs."""
        if self._running is not None:
            return
        path = self._settings.data / "backend.db"
        store = open_database(path, MIGRATIONS, durable=self._durable)
        backend = assemble(
            from_settings(self._settings),
            store,
            self._secrets,
            clock=self._clock,
            channel=self._phones,
            send=self._phones.carry,
            look_every_s=_LOOK_EVERY_S,
        )
        backend.attach()
        self._running = backend, store
        _let_streams_be()
        for wire in self._wires:
            wire.app = backend.asgi
        runs = (self._watch(backend), backend.run())
        self._tasks = [asyncio.create_task(run) for run in runs]
        for task in self._tasks:
            task.add_done_callback(_fallen)

    async def kill(self) -> None:
        """As kill -9: open answers break off, nothing is finished."""
        if self._running is None:
            return
        _, store = self._running
        self._running = None
        store.die()
        for wire in self._wires:
            wire.app = None
            wire.cut()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        store.close()

    def _clock(self) -> datetime:
        return datetime.fromtimestamp(self._unix_ms() / 1000, UTC)

    async def _watch(self, backend: Backend) -> None:
        while True:
            heard = backend.bell.listen()
            self._look(backend)
            await heard.wait(_LOOK_EVERY_S)

    def _look(self, backend: Backend) -> None:
        with backend.database.read() as connection:
            found = [from_body(row.body) for row in connection.execute(_OPEN)]
            now = {alert.id: alert for alert in found}
            open_before = [one for one, alert in self._known.items() if alert.is_open]
            for gone in [one for one in open_before if one not in now]:
                closed = Ledger(connection).alert(gone)
                if closed is not None:
                    now[gone] = closed
        for one, alert in now.items():
            if self._known.get(one) != alert:
                self._known[one] = alert
                self._on_alert(alert)


def _fallen(task: asyncio.Task[None]) -> None:
    """A real backend ends with whatever of it has fallen, and says so: here the run does."""
    if not task.cancelled() and (error := task.exception()) is not None:
        found = {"message": "the backend has fallen", "exception": error, "task": task}
        task.get_loop().call_exception_handler(found)


def _let_streams_be() -> None:
    """sse-starlette looks twice a second whether uvicorn ends, to end its streams. Here is none,
    and every look would stop the boards' time. Where it has no such switch, it looks."""
    with contextlib.suppress(AttributeError):
        sse._get_shutdown_state().watcher_started = True
