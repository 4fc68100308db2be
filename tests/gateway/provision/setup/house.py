"""A house to set devices up in: the real gateway with its backend, boards at cables, and a desk."""

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import Any

from gateway.provision import boards
from gateway.provision.flash.esptool import Way
from gateway.provision.flash.job import Recipe
from gateway.provision.flash.release import MicroPython
from gateway.provision.flash.target import target_of
from gateway.provision.setup.job import Desk, Flash, Made, SetUp
from gateway.provision.setup.network import Network
from gateway.provision.setup.steps import Step
from gateway.provision.setup.wanted import Wanted
from gateway.store import Store, open_store
from sim.devices import nvs_partition
from sim.devices.board import Board
from sim.devices.outside import chip_facts
from sim.devices.usb import UsbBoard
from tests.gateway.process import GatewayProcess, free_ports, until
from tests.gateway.provision.flash import made
from tests.gateway.provision.flash.chip import Chip
from tests.gateway.provision.flash.conftest import HASTY
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.test_sensor import Presence

MACHINES = {
    "esp32": "Generic ESP32 module with ESP32",
    "esp32c3": "Generic ESP32C3 module with ESP32C3",
    "esp32c6": "Generic ESP32C6 module with ESP32C6",
    "esp32s3": "Generic ESP32S3 module with ESP32S3",
}
ASKING = ("test_press", "agree")
WIFI_KEY = "open sesame 77"


class House(GatewayProcess):
    """A gateway with its backend in it. ana and ben respond; ben calls an ambulance."""

    def write_config(self, url: str) -> None:
        self.web_port = getattr(self, "web_port", 0) or free_ports(1)[0]
        self.config.write_text(
            f'[gateway]\nname = "house-1"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {self.port}\n'
            f"loopback_port = {self.loopback_port}\n"
            f'[backend]\nurl = "http://127.0.0.1:{self.web_port}"\n'
            f"[web]\nport = {self.web_port}\n"
            '[escalation]\nsteps = [{people = ["ana"]}]\nambulance = ["ben"]\n'
            '[[people]]\nid = "ana"\nname = "Ana"\n[[people]]\nid = "ben"\nname = "Ben"\n'
        )

    def start(self, *, stderr: int | None = None) -> None:
        told = len(self.lines("ready"))
        try:
            super().start(stderr=stderr)
        except AssertionError:
            # A busy machine takes its time; one that has ended has a reason.
            until(lambda: len(self.lines("ready")) > told or self.exited(), "it is ready", 90)
            assert not self.exited(), self.log.read_text()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.receiver.close()


def radar_of(name: str) -> bytes:
    """What such a module sends in ten seconds."""
    radar: Any = Presence() if name == "ld2410" else Breath()
    return b"".join(frame for _, frame in radar.frames(0, 10_000))


class Bench:
    """Boards at cables, and what was told of them. Within an event loop."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.store: Store = open_store(house.settings.gateway_database)
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.usb: list[UsbBoard] = []
        self.presses = True
        self.pressed: list[str] = []
        self._answered: dict[UsbBoard, str] = {}
        # What is to happen at the beginning of a step.
        self.on: dict[str, Any] = {}
        self._loop = asyncio.get_running_loop()
        self._alerts_before = self._alerts_ever()

    @staticmethod
    def radar_of(name: str) -> bytes:
        return radar_of(name)

    def board(self, board_id: str, kind: str, *, radar: bytes | None = None) -> UsbBoard:
        """A new one, blank, in nobody's hands."""
        data = boards.load(board_id)
        name = f"board{len(self.usb)}"
        board = Board(
            self.folder / name,
            name=name,
            board=kind,  # type: ignore[arg-type]
            chip=chip_facts(data.chip),
        )
        usb = UsbBoard(
            board,
            self.folder / f"tty{len(self.usb)}",
            machine=MACHINES[data.chip.esptool],
            radar=radar_of(data.file.radars[0]) if radar is None else radar,
            facts=chip_facts(data.chip),
        )
        board.listen(lambda line: self._finger(usb, line))
        self.usb.append(usb)
        return usb

    def _finger(self, usb: UsbBoard, line: Any) -> None:
        """Somebody stands there, and presses once each time that the light asks."""
        state = line.data.get("state")
        if line.what == "power" or state in ("delivered", "cannot_send"):
            self._answered.pop(usb, None)
            return
        # The light asks once more while the press is not counted yet: that is the same question,
        # however long a busy machine takes for it. Another board's is another one, however soon.
        asks = line.what == "light" and state in ASKING
        if asks and self.presses and self._answered.get(usb) != state:
            self._answered[usb] = state
            self.pressed.append(state)
            usb._do(usb.board.press())

    def desk(self, **changes: Any) -> Desk:
        from gateway import devices
        from gateway.broker import write_keys

        usual: dict[str, Any] = {
            "settings": self.house.settings,
            "store": self.store,
            "network": Network("house", WIFI_KEY, "127.0.0.1"),
            "tell_broker": lambda: write_keys(self.house.settings, devices.in_service(self.store)),
            "by": "ana (test)",
            "clock_ms": lambda: int(time.time() * 1000),
        }
        return Desk(**(usual | changes))

    def tell(self, step: Step, state: str, fields: dict[str, Any]) -> None:
        self.told.append((step.value, state, fields))
        act = self.on.get(f"{step.value} {state}")
        if act is not None:
            asyncio.run_coroutine_threadsafe(act(), self._loop).result(30)

    def done(self) -> list[str]:
        return [step for step, state, _ in self.told if state == "done"]

    def flashed_first(self, usb: UsbBoard, board_id: str) -> tuple[Chip, Flash]:
        """The board is in its bootloader; once it is flashed it starts with what lies on it."""
        target = target_of(boards.load(board_id))
        chip = Chip(
            self.folder / f"rom{len(self.usb)}", target.chip, flash_bytes=target.flash_bytes
        )
        usb.port.parent.mkdir(parents=True, exist_ok=True)
        usb.port.symlink_to(chip.port)
        image = made.micropython(target.chip)
        recipe = Recipe(
            targets=[target],
            images=lambda _: MicroPython(image, "00" * 32, vouched=True),
            board=board_id,
            way=Way(by_hand=True, configuration=HASTY),
        )

        def told(event: str, fields: dict[str, object]) -> None:
            if event == "found":
                # Bootloader and interpreter are to play the same chip.
                number = bytes.fromhex(str(fields["device"]))
                usb.board.folder.joinpath("unique_id").write_bytes(number)

        async def starts() -> None:
            chip.pull()
            settings = nvs_partition.read(bytes(chip.flash.data[0x9000:0xF000]), "doorknock")
            usb.board.provision(settings)
            await usb.plug_in()

        self.on["flash done"] = starts
        return chip, Flash(recipe, self.folder / "journals", told)

    async def set_up(
        self, usb: UsbBoard, wanted: Wanted, *, flash: Flash | None = None, **how: Any
    ) -> Made:
        desk = self.desk(**how.pop("desk", {}))
        setup = SetUp(desk, str(usb.port), wanted, self.tell, flash=flash, **how)
        return await asyncio.to_thread(setup.run)

    def alerts(self) -> int:
        """How many alerts the backend has raised since this bench is there."""
        return self._alerts_ever() - self._alerts_before

    def _alerts_ever(self) -> int:
        import sqlite3

        file = f"file:{self.house.settings.data / 'backend.db'}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(file, uri=True)) as db:
                return int(db.execute("select count(*) from alerts").fetchone()[0])
        except sqlite3.OperationalError as error:
            # The backend makes its store a moment after the gateway is ready.
            if "no such table" in str(error) or "unable to open" in str(error):
                return 0
            raise

    def nvs(self, usb: UsbBoard) -> dict[str, Any]:
        kept = json.loads((usb.board.folder / "nvs.json").read_text())["doorknock"]
        return {
            name: bytes.fromhex(value["blob"]) if isinstance(value, dict) else value
            for name, value in kept.items()
        }

    async def close(self) -> None:
        for usb in self.usb:
            # Shown by pytest where a test has failed.
            for line in usb.board.lines:
                if line.what not in ("sound", "pin"):
                    print(f"{usb.board.name} {line.t:.2f} {line.what} {dict(line.data)}")
            await usb.close()
        self.store.close()
