"""The same seed gives the same records, to the byte; another seed gives others."""

import json
import os
import subprocess
import sys

import pytest

# A morning with something of everything; printed by a process of its own, for Python gives each
# process another order of what lies in sets.
MORNING = """
import asyncio, json, random, sys
from pathlib import Path
from sim.building.building import Building
from sim.building.pipe import Weather
from sim.virtual.loop import run
from tests.sim.building.conftest import House, SENSOR

async def main(loop):
    house = House(loop, Path(sys.argv[1]), int(sys.argv[2]))
    await house.building.start()
    button, sensor = house.device(), house.device(SENSOR, "207", "sensor")
    button.heartbeats(900)
    sensor.heartbeats(60)
    house.building.way.weather = Weather(loss=0.2)
    await asyncio.sleep(100)
    button.press()
    sensor.press()
    await asyncio.sleep(100)
    await house.building.gateway.kill()
    button.press()
    await asyncio.sleep(200)
    house.building.gateway.start()
    await house.building.responders["ben"].on_my_way("204")
    await asyncio.sleep(100)
    for record in house.building.records:
        print(json.dumps(record))
    await house.building.stop()

run(main)
"""


def records(folder, seed, hash_seed):
    done = subprocess.run(
        [sys.executable, "-c", MORNING, str(folder), str(seed)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    return records(tmp_path_factory.mktemp("house") / "first", 7, 1)


def test_the_same_seed_gives_the_same_records_to_the_byte(morning, tmp_path):
    assert records(tmp_path / "again", 7, 2) == morning
    events = {json.loads(line)["event"] for line in morning.splitlines()}
    assert {"committed", "accepted", "alert", "light_command", "message"} <= events


def test_another_seed_gives_another_morning(morning, tmp_path):
    assert records(tmp_path / "other", 8, 1) != morning
