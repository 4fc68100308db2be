"""Everything that the demo runs, set up in a folder of its own and ended in order.

    button, sensor (real firmware) ── broker ── gateway and backend (a process) ── stand-in phone

Nothing here decides what happens: sim/demo/script.py does.
"""

import asyncio
import contextlib
import fcntl
import secrets
import shutil
import time
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gateway import devices
from gateway.secret_file import Secrets, load_secrets, make_data_directory
from gateway.settings import Settings, load
from gateway.store import open_store
from sim.demo.timeline import Timeline
from sim.devices.board import Board, BoardType
from sim.devices.board_line import BoardLine
from sim.gateway_process import GatewayProcess
from sim.installation import LOOPBACK, Installation, SomebodyAsked, free_ports
from sim.phone import Phone, PhoneMessage

Result = TypeVar("Result")

# Says that a folder is the demo's own, which it may empty at the next start.
MARKER = ".doorknock-demo"
CONNECTIONS_EVERY_S = 0.1


class StageError(Exception):
    """The demo cannot be set up; `str()` is one sentence: what, where, what to do."""


@dataclass(frozen=True)
class Cast:
    """A device of the demo, and the unit it is in."""

    device: str
    unit: str
    board: BoardType


BUTTON = Cast("d00200000204", "204", "button")
SENSOR = Cast("d00200000207", "207", "sensor")
PEOPLE = (("ana", "Ana"), ("ben", "Ben"))


class Stage:
    """An asynchronous context: on entry everything is started, on exit nothing is left running.

    broker: "mosquitto" or "amqtt". Raises StageError, or GatewayError, on entry.
    """

    def __init__(self, folder: Path, timeline: Timeline, *, broker: str) -> None:
        self.folder = folder.absolute()
        self.timeline = timeline
        self.broker = broker
        self.phone = Phone(on_message=self._phone_shows)
        self.boards: dict[str, Board] = {}
        self.settings: Settings
        self.secrets: Secrets
        self._ends = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Stage":
        try:
            await self._set_up()
        except BaseException:
            await self._ends.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.aclose()

    async def _set_up(self) -> None:
        self._empty_folder()
        await self.phone.start()
        self._ends.push_async_callback(self.phone.stop)
        broker_port, loopback_port, web_port = free_ports(3)
        config = self.folder / "gateway.toml"
        config.write_text(
            self._configuration(broker_port, loopback_port, web_port), encoding="utf-8"
        )
        self.settings = load(config)
        self.secrets = load_secrets(self.settings)
        keys = self._register()
        if self.broker == "amqtt":
            from sim.demo.python_broker import PythonBroker

            broker = PythonBroker(LOOPBACK, broker_port)
            await broker.start()
            self._ends.push_async_callback(broker.stop)
        self._start_gateway(config)
        for cast in (BUTTON, SENSOR):
            await self._power(cast, keys[cast.device], broker_port)
        self._run(self._tell_connections())

    async def perform(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of *work*. Raises, at once, what ended a part that should not have ended."""
        playing = asyncio.create_task(work)
        parts: set[asyncio.Task[Any]] = set(self._tasks)
        try:
            while not playing.done():
                done, parts = await asyncio.wait(
                    {playing, *parts}, return_when=asyncio.FIRST_COMPLETED
                )
                parts.discard(playing)
                for part in done - {playing}:
                    part.result()
            return playing.result()
        finally:
            playing.cancel()
            await asyncio.wait({playing})

    def _empty_folder(self) -> None:
        if self.folder.exists():
            if not self.folder.is_dir():
                raise StageError(f"{self.folder} is a file; name a folder with --folder.")
            if any(self.folder.iterdir()) and not (self.folder / MARKER).exists():
                raise StageError(
                    f"The folder {self.folder} holds something that is not the demo's; name "
                    "another with --folder."
                )
            self._hold_folder()
            shutil.rmtree(self.folder)
        make_data_directory(self.folder)
        self._hold_folder()

    def _hold_folder(self) -> None:
        """Marks the folder as the demo's own, and as in use until we end."""
        marker = (self.folder / MARKER).open("w")
        self._ends.callback(marker.close)
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StageError(
                f"Another demo is running in {self.folder}; end it, or name another folder with "
                "--folder."
            ) from None

    def _configuration(self, broker_port: int, loopback_port: int, web_port: int) -> str:
        return Installation(
            written_by="the demo",
            name="demo",
            site="Demo house",
            broker_port=broker_port,
            loopback_port=loopback_port,
            web_port=web_port,
            people=[SomebodyAsked(id_, name, self.phone.address(id_)) for id_, name in PEOPLE],
            steps=[["ana"], ["ana", "ben"]],
            manage_broker=self.broker == "mosquitto",
        ).as_toml()

    def _register(self) -> Mapping[str, bytes]:
        """Each device's own secret, by its id."""
        keys = {cast.device: secrets.token_bytes(32) for cast in (BUTTON, SENSOR)}
        store = open_store(self.settings.gateway_database)
        try:
            for cast in (BUTTON, SENSOR):
                devices.register(
                    store,
                    cast.device,
                    keys[cast.device],
                    cast.unit,
                    cast.board,
                    now_ms=time.time_ns() // 1_000_000,
                )
        finally:
            store.close()
        return keys

    async def _tell_connections(self) -> None:
        """Notes when the gateway first hears each device. Polled: it is no event of anybody's."""
        store = open_store(self.settings.gateway_database)
        waited_for = {BUTTON.device, SENSOR.device}
        try:
            while waited_for:
                await asyncio.sleep(CONNECTIONS_EVERY_S)
                for one in devices.in_service(store):
                    if one.online and one.device in waited_for:
                        waited_for.remove(one.device)
                        self.timeline.note(one.device, "connected")
        finally:
            store.close()

    def _start_gateway(self, config: Path) -> None:
        process = GatewayProcess(config, self._gateway_says, self._gateway_started)

        self._ends.push_async_callback(process.stop)
        self._run(process.run())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Does *work* until the end."""
        task = asyncio.create_task(work)

        async def end() -> None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

        self._tasks.append(task)
        self._ends.push_async_callback(end)

    async def _power(self, cast: Cast, secret: bytes, port: int) -> None:
        board = Board(
            self.folder / cast.board,
            name=f"{cast.board} {cast.unit}",
            board=cast.board,
            on_line=lambda line: self._board_shows(cast, line),
        )
        self.boards[cast.device] = board
        board.provision(
            {
                "device": bytes.fromhex(cast.device),
                "secret": secret,
                # New: its first start is number 1.
                "boot": 0,
                "host": LOOPBACK.encode(),
                "port": port,
                "tls": "psk" if self.broker == "mosquitto" else "none",
                "wifi_ssid": "demo",
                "mode": "washroom",
                "radar": "mr60bha2",
            }
        )
        await board.power_on()
        self._ends.push_async_callback(board.close)

    # --- what is seen -------------------------------------------------------------------------

    def _board_shows(self, cast: Cast, line: BoardLine) -> None:
        if line.what == "light":
            self.timeline.note(cast.device, "light", state=str(line.data["state"]))
        elif line.what in ("reset", "crash"):
            self.timeline.note(cast.device, line.what, **line.data)

    def _phone_shows(self, message: PhoneMessage) -> None:
        self.timeline.note("phone", "message", person=message.person, says=message.title)

    def _gateway_started(self, pid: int) -> None:
        self.timeline.note("gateway", "started", pid=pid)

    def _gateway_says(self, line: Mapping[str, Any]) -> None:
        match line.get("event"):
            case "ready":
                self.timeline.note("gateway", "ready")
            case "committed":
                event_id = "{device}.{boot}.{seq}".format(**line)
                self.timeline.note(
                    "gateway", "committed", kind=line["kind"], unit=line["unit"], event_id=event_id
                )
            case "accepted":
                self.timeline.note("backend", "accepted", event_id=line["parcel"])
            case "light":
                self.timeline.note("gateway", "light", unit=line["unit"], state=line["state"])
            case words if line.get("level") in ("warning", "error"):
                self.timeline.note("gateway", "says", words=str(words))
