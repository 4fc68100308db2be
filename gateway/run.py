"""The gateway as a process: what is started, in which order, and ended in the other.

What it runs, and how that is wired together, is in rooms.py; its broker is a process of its own.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import structlog

from gateway import devices
from gateway.arrival import Arrival
from gateway.broker import GATEWAY_USER, LOOPBACK, Broker
from gateway.file_limit import raise_file_limit
from gateway.ingest.mqtt import MqttIngest
from gateway.lock import Lock
from gateway.outbox import Lane
from gateway.rooms import Rooms, unix_ms
from gateway.secret_file import Secrets, load_secrets
from gateway.serving import keep_serving
from gateway.settings import Settings
from gateway.store import Store, open_store
from gateway.supervision import stay_alive

_log = structlog.get_logger("gateway")


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
    """Starts everything that runs; what has to be run until the end."""
    loop = asyncio.get_running_loop()
    broker, name = settings.broker, settings.gateway.name

    def open_door(take: Callable[[Arrival], None]) -> MqttIngest:
        return MqttIngest(
            LOOPBACK if broker.manage else broker.host,
            broker.loopback_port if broker.manage else broker.port,
            username=GATEWAY_USER if broker.manage else broker.username,
            password=secrets.broker_password,
            take=take,
            clock_ms=unix_ms,
            on_ready=lambda: _log.info("ready", name=name, port=broker.port),
        )

    def wake(lane: Lane) -> None:
        loop.call_soon_threadsafe(lane.wake)

    rooms = Rooms(settings, secrets, store, client, open_door, wake=wake)
    stack.callback(rooms.stop)
    runs = rooms.start()
    parts = {"intake": lambda: rooms.intake.alive, "door for devices": lambda: rooms.door.alive}
    runs.append(stay_alive(parts))
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
