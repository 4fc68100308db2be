"""A building to play in: `play(scene)` runs `scene(house)` in virtual time."""

import random
import time

import pytest

from gateway import devices
from sim.building.building import Building
from sim.virtual.board import VirtualBoard
from sim.virtual.loop import run

from .wire_device import WireDevice

BUTTON = "d00200000204"
SENSOR = "d00200000207"


class House:
    """A building with devices in it, and what a test asks of it."""

    def __init__(self, loop, folder, seed, **changes):
        self.loop = loop
        self.building = Building(loop, folder, random.Random(seed), **changes)
        self.chance = random.Random(seed)

    def device(self, device=BUTTON, unit="204", device_type="button", access_point=None):
        secret = self.chance.randbytes(32)
        self.building.add_device(device, secret, unit, device_type)
        made = WireDevice(self.loop, self.building.network)
        if access_point is not None:
            self.building.way.give(made, access_point)
        made.power_on(self.building.provisioning(device, secret))
        return made

    def online(self, button):
        """What the gateway believes of a device."""
        store = self.building.gateway.open_store()
        try:
            return devices.get(store, button.device).online
        finally:
            store.close()

    def records(self, event, **values):
        return [
            one
            for one in self.building.records
            if one["event"] == event and values.items() <= one.items()
        ]

    def firmware(self, folder, device=BUTTON, unit="204", **settings):
        """A button with the real firmware; `lights` are added to as it shows them."""
        return self._firmware(folder, device, unit, "button", settings)

    def sensor(self, folder, radar, device=SENSOR, unit="207", **settings):
        """The same of a sensor of the resident's own, with this radar."""
        settings = {"mode": "home", "radar": "mr60bha2"} | settings
        return self._firmware(folder, device, unit, "sensor", settings, radar)

    def _firmware(self, folder, device, unit, kind, settings, radar=None):
        secret = self.chance.randbytes(32)
        self.building.add_device(device, secret, unit, kind)
        values = self.building.provisioning(device, secret) | settings
        return Firmware(self, folder, kind, values, radar)

    def when_accepted(self, button):
        """When the backend took each of this device's presses, in s; each once, or it fails."""
        pressed = [
            (one["boot"], one["seq"])
            for one in self.records("committed", kind="press", device=button.device)
        ]
        assert len(set(pressed)) == len(pressed), "committed twice"
        taken = {}
        for one in self.records("accepted", device=button.device):
            if (one["boot"], one["seq"]) in pressed:
                assert (one["boot"], one["seq"]) not in taken, "accepted twice"
                taken[one["boot"], one["seq"]] = one["t_ms"] / 1000
        return [taken[one] for one in pressed if one in taken]

    def alerts(self):
        """The alerts there were: unit and kind of each, as it was at last."""
        last = {one["alert"]: (one["unit"], one["kind"]) for one in self.records("alert")}
        return sorted(last.values())

    def to(self, person):
        return [one["title"] for one in self.records("message", person=person)]

    def said(self):
        return [one["words"] for one in self.records("says")]


class Firmware:
    """A device that runs the real firmware. `lights`: (s, state) as it showed them; `printed`."""

    def __init__(self, house, folder, kind, values, radar=None):
        self.device = device = values["device"].hex()
        self.lights = []
        self.printed = []
        self.board = VirtualBoard(
            house.loop,
            folder,
            name=f"{kind} {device}",
            board=kind,
            network=house.building.network,
            on_line=self._on_line,
        )
        self.board.radar = radar
        self.board.provision(values)
        self.board.power_on()

    def press(self):
        self.board.press()

    @property
    def light(self):
        return self.lights[-1][1]

    def since(self, began_s):
        """The states shown since then, without doublets."""
        shown = [state for at, state in self.lights if at >= began_s]
        return [
            state for number, state in enumerate(shown) if shown[number - 1 : number] != [state]
        ]

    def _on_line(self, line):
        if line.what == "light":
            self.lights.append((line.t, line.data["state"]))
        elif line.what == "log":
            self.printed.append(line.data["text"])


@pytest.fixture
def play(tmp_path):
    """Runs a scene to its end; what it gives."""

    def run_scene(scene, seed=1, **changes):
        async def main(loop):
            house = House(
                loop, tmp_path / f"house-{len(list(tmp_path.iterdir()))}", seed, **changes
            )
            await house.building.start()
            try:
                return await scene(house)
            finally:
                await house.building.stop()

        began = time.monotonic()
        try:
            return run(main, real_limit_s=60.0)
        finally:
            print(f"{time.monotonic() - began:.2f} s of real time")

    return run_scene
