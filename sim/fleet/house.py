"""The gateway that a fleet is on: one of its own, started for it, or one that runs already.

OwnHouse      gateway, mosquitto and embedded backend in a temporary folder, with phones
RunningHouse  the gateway of a configuration file; its people are asked, by their real phones
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from gateway import devices
from gateway.address import is_taken
from gateway.broker import write_keys
from gateway.devices import NewDevice
from gateway.secret_file import make_data_directory
from gateway.settings import Settings, load
from gateway.store import open_store
from sim.fleet.errors import FleetFailed, WrongUse
from sim.gateway_process import GatewayProcess
from sim.installation import LOOPBACK, Installation, SomebodyAsked, free_ports, mosquitto
from sim.phone import Phone, PhoneMessage

READY_WITHIN_S = 30.0
BROKER = "mosquitto"
PEOPLE = (("ana", "Ana"), ("ben", "Ben"))


class House:
    """What both have in common. settings: of the gateway. plain_port: gateway/plain_door.py."""

    settings: Settings

    @property
    def plain_port(self) -> int:
        port = self.settings.broker.plain_device_port
        assert port is not None  # noqa: S101  each house sees to it
        return port

    def broker_pid(self) -> int | None:
        """The process id of the gateway's mosquitto, while there is one."""
        try:
            return int((self.settings.data / "broker" / "pid").read_text())
        except (OSError, ValueError):
            return None

    def add(self, new: Sequence[NewDevice]) -> None:
        """Registers them, and lets them in. Raises GatewayError."""
        store = open_store(self.settings.gateway_database)
        try:
            devices.register_all(store, new, now_ms=_now_ms())
            write_keys(self.settings, devices.in_service(store))
        finally:
            store.close()

    def retire(self, retiring: Sequence[str]) -> None:
        """Takes them out of service again. Raises GatewayError."""
        store = open_store(self.settings.gateway_database)
        try:
            devices.retire_all(store, retiring, now_ms=_now_ms())
            write_keys(self.settings, devices.in_service(store))
        finally:
            store.close()


class RunningHouse(House):
    """The gateway of *config*, which must run already. Raises WrongUse."""

    def __init__(self, config: Path) -> None:
        self.settings = load(config)
        port = self.settings.broker.plain_device_port
        if port is None:
            raise WrongUse(
                f"The gateway of {config} takes no simulated devices; write plain_device_port = "
                "1884 under [broker] and start it again, or leave --gateway out."
            )
        if not is_taken(LOOPBACK, port):
            raise WrongUse(
                f"No gateway answers on port {port}, the 'broker.plain_device_port' of {config}; "
                f"start it with: doorknock gateway --config {config}"
            )


class OwnHouse(House):
    """`start()`, then `stop()`; what is in between runs in *folder*. Raises WrongUse, FleetFailed.

    on_message: what the stand-in phones show. on_line: what the gateway logs.
    """

    def __init__(
        self,
        folder: Path,
        on_message: Callable[[PhoneMessage], None],
        on_line: Callable[[Mapping[str, Any]], None],
    ) -> None:
        if mosquitto() is None:
            raise WrongUse(
                "A fleet needs mosquitto, the broker; on Debian run: sudo apt install mosquitto"
            )
        self.phone = Phone(on_message)
        self._folder = folder
        self._on_line = on_line
        self._ready = asyncio.Event()
        self._process: GatewayProcess | None = None
        self._part: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Phones and configuration; devices may be added from here on."""
        await self.phone.start()
        broker_port, loopback_port, web_port, plain_port = free_ports(4)
        config = self._folder / "gateway.toml"
        installation = Installation(
            written_by="the fleet",
            name="fleet",
            site="Fleet house",
            broker_port=broker_port,
            loopback_port=loopback_port,
            web_port=web_port,
            people=[SomebodyAsked(id_, name, self.phone.address(id_)) for id_, name in PEOPLE],
            steps=[["ana"], ["ana", "ben"]],
            plain_device_port=plain_port,
        )
        config.write_text(installation.as_toml(), encoding="utf-8")
        self.settings = load(config)
        make_data_directory(self.settings.data)
        self._process = GatewayProcess(config, self._says, lambda _pid: None)

    async def start(self) -> None:
        """Returns when the gateway is ready."""
        assert self._process is not None  # noqa: S101  prepared above
        self._part = asyncio.create_task(self._process.run())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            {ready, self._part}, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if self._part.done():
            self._part.result()
        if not self._ready.is_set():
            raise FleetFailed(f"The fleet's gateway is not ready after {READY_WITHIN_S:g} s.")

    async def until_it_fails(self) -> None:
        """Raises GatewayWillNotRun where the gateway cannot be kept running."""
        assert self._part is not None  # noqa: S101  started above
        await asyncio.shield(self._part)

    def kill_gateway(self) -> bool:
        """kill -9, as a power cut does it; it is started again at once. False: there was none."""
        assert self._process is not None  # noqa: S101  prepared above
        return self._process.kill()

    def kill_broker(self) -> bool:
        """kill -9, and its store wiped: whatever it had taken and not handed on is gone. False:
        there was none, for it is being started."""
        pid = self.broker_pid()
        try:
            process = psutil.Process(pid or 0)
            if pid is None or process.name() != BROKER:
                return False
            process.kill()
        except psutil.Error:
            return False
        (self.settings.data / "broker" / "queued.db").unlink(missing_ok=True)
        return True

    async def stop(self) -> None:
        """Nothing of it is left running."""
        if self._part is not None:
            self._part.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._part
        if self._process is not None:
            await self._process.stop()
        await self.phone.stop()

    def _says(self, line: Mapping[str, Any]) -> None:
        if line.get("event") == "ready":
            self._ready.set()
        self._on_line(line)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
