"""The gateway as a process: what is started, in which order, and ended in the other.

mosquitto ── MqttIngest ── Intake (a thread) ── store ── Lane ── webhook ──► backend
                 ▲                                                             │
                 └───────────── light ◄── WayBack ◄────────── stream ◄─────────┘
"""

import asyncio
import signal
import time
from contextlib import AsyncExitStack

import httpx
import structlog

from gateway import devices
from gateway.arrival import Arrival
from gateway.broker import GATEWAY_USER, LOOPBACK, Broker
from gateway.commands import Commands
from gateway.destinations.webhook import WebhookDestination
from gateway.entry import Entry
from gateway.file_limit import raise_file_limit
from gateway.ingest.mqtt import MqttIngest
from gateway.intake import Intake
from gateway.lock import Lock
from gateway.outbox import Lane
from gateway.retention import Retention
from gateway.secret_file import Secrets, load_secrets
from gateway.serving import keep_serving
from gateway.settings import Settings
from gateway.store import Store, open_store
from gateway.supervision import Supervision, stay_alive
from gateway.unheard import Unheard
from gateway.wayback import WayBack

_log = structlog.get_logger("gateway")


def unix_ms() -> int:
    """Now, in Unix ms."""
    return time.time_ns() // 1_000_000


def monotonic_ms() -> int:
    """ms since some moment; nobody sets this clock."""
    return time.monotonic_ns() // 1_000_000


async def run_gateway(settings: Settings) -> None:
    """Runs the gateway until SIGINT or SIGTERM. Raises GatewayError, one sentence."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    raise_file_limit()
    secrets = load_secrets(settings)
    lock = Lock(settings.data)
    async with AsyncExitStack() as stack:
        stack.callback(lock.release)
        store = open_store(settings.gateway_database)
        stack.callback(store.close)
        tasks: list[asyncio.Task[None]] = []
        if settings.broker.manage:
            broker = Broker(settings, secrets)
            stack.push_async_callback(broker.stop)
            await broker.start(devices.in_service(store))
            tasks += [asyncio.create_task(run) for run in (broker.run(), broker.tend_log())]
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        tasks += _rooms(settings, secrets, store, client, stack)
        stack.push_async_callback(_end, tasks)
        await _until_stopped(stopping, tasks)
        _log.info("stopping")


def _rooms(
    settings: Settings,
    secrets: Secrets,
    store: Store,
    client: httpx.AsyncClient,
    stack: AsyncExitStack,
) -> list[asyncio.Task[None]]:
    """Everything that runs, wired together."""
    loop = asyncio.get_running_loop()
    url, name = settings.backend.url, settings.gateway.name
    webhook = WebhookDestination(client, url, secrets.webhook_secret, gateway=name)
    commands = Commands(unix_ms)
    lane = Lane(store, webhook, clock_ms=unix_ms)

    def take(arrival: Arrival) -> None:
        intake.take(arrival)

    def wake_lane() -> None:
        loop.call_soon_threadsafe(lane.wake)

    ingest = MqttIngest(
        LOOPBACK if settings.broker.manage else settings.broker.host,
        settings.broker.loopback_port if settings.broker.manage else settings.broker.port,
        username=GATEWAY_USER if settings.broker.manage else settings.broker.username,
        password=secrets.broker_password,
        take=take,
        clock_ms=unix_ms,
        on_ready=lambda: _log.info("ready", name=name, port=settings.broker.port),
    )
    intake = Intake(
        store,
        Entry(commands, [webhook]),
        ingest,
        clock_ms=unix_ms,
        monotonic_ms=monotonic_ms,
        on_parcels=wake_lane,
    )
    way_back = WayBack(
        store,
        commands,
        ingest,
        client,
        url,
        secrets.stream_token,
        gateway=name,
        clock_ms=unix_ms,
    )
    unheard = Unheard(store, commands, ingest, clock_ms=unix_ms)
    supervision = Supervision(
        store,
        webhook,
        clock_ms=unix_ms,
        monotonic_ms=monotonic_ms,
        can_hear=lambda: intake.alive and ingest.connected,
        store_works=lambda: intake.store_works,
        unheard=lambda: unheard.devices,
    )
    retention = Retention(store, keep_days=settings.gateway.keep_events_days, clock_ms=unix_ms)
    # Ended in the other order: first nothing more comes in, then what is in hand is finished.
    stack.callback(intake.stop)
    stack.callback(ingest.stop)
    intake.start()
    ingest.start()
    parts = {"intake": lambda: intake.alive, "door for devices": lambda: ingest.alive}
    runs = [
        lane.run(),
        way_back.run(),
        supervision.run(),
        unheard.run(),
        retention.run(),
        stay_alive(parts),
    ]
    if settings.backend.embedded:
        runs.append(keep_serving(settings))
    return [asyncio.create_task(run) for run in runs]


async def _until_stopped(stopping: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Returns when told to stop; raises what ended a task that should not have ended."""
    told = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({told, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    for task in tasks:
        if task in done:
            task.result()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
