"""A building to play in: `play(scene)` runs `scene(house)` in virtual time."""

import random
import time

import pytest

from sim.building.building import Building
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

    def device(self, device=BUTTON, unit="204", device_type="button", **values):
        secret = self.chance.randbytes(32)
        self.building.add_device(device, secret, unit, device_type)
        values = self.building.provisioning(device, secret) | values
        return WireDevice(self.loop, self.building.network, values)

    def records(self, event, **values):
        return [
            one
            for one in self.building.records
            if one["event"] == event and values.items() <= one.items()
        ]

    def to(self, person):
        return [one["title"] for one in self.records("message", person=person)]

    def said(self):
        return [one["words"] for one in self.records("says")]


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
