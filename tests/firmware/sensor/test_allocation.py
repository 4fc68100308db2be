"""Not one byte is allocated a frame, at any input: the heap is locked while the frames come."""

import json
import random
import struct
import subprocess
from pathlib import Path

import pytest

from sim import interpreter, presence, trace
from sim.apnoea import Composer

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data"


def measured(radar, chunks, *more):
    """What the device says of [(ms, bytes), …]."""
    records = b"".join(struct.pack("<HH", ms, len(data)) + data for ms, data in chunks)
    done = subprocess.run(
        [interpreter.micropython(), str(HERE / "allocation_device.py"), radar, *more],
        input=records,
        capture_output=True,
        check=False,
        env=interpreter.environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def chunks_of(recording):
    last = 0
    for t_ms, data in trace.samples(recording):
        yield t_ms - last, data
        last = t_ms


def breathing():
    source = trace.read(DATA / "a121_breathing_sitting.csv")
    return list(chunks_of(Composer(source).breathing(120).trace()))


def presence_tier():
    composer = presence.PresenceComposer().scene(presence.EMPTY, 30)
    return list(chunks_of(composer.trace()))


def test_ordinary_breathing_allocates_nothing():
    found = measured("mr60bha2", breathing())
    assert found["frames"] > 2000
    assert (found["allocated"], found["refused"], found["events"]) == (0, None, 0)


def test_an_hour_of_an_empty_room_allocates_nothing_in_the_presence_tier():
    found = measured("ld2410", presence_tier() * 20)
    assert found["frames"] > 5000
    assert (found["allocated"], found["refused"]) == (0, None)


@pytest.mark.parametrize(("radar", "good"), [("mr60bha2", breathing), ("ld2410", presence_tier)])
def test_damage_and_noise_between_frames_allocate_nothing(radar, good):
    chance = random.Random(3)
    chunks = []
    for number, (ms, data) in enumerate(good() * 4):
        damaged = bytearray(data)
        # One in six: enough to be counted, too few to be a fault (an event, which allocates).
        if number > 200 and number % 6 == 0:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        chunks.append((ms, bytes(damaged)))
    found = measured(radar, chunks)
    assert found["errors"] > 5
    assert (found["allocated"], found["refused"], found["events"]) == (0, None, 0)


def test_full_buffers_of_2048_bytes_allocate_nothing():
    whole = b"".join(data for _, data in breathing())
    full = [(100, whole[at : at + 2048]) for at in range(0, len(whole) - 2048, 2048)]
    # Warmed up by ordinary ones, in the same room.
    found = measured("ld6002", breathing()[:400] + full)
    assert found["frames"] > 2000
    assert (found["allocated"], found["refused"]) == (0, None)


def test_the_test_would_notice_an_allocation():
    assert measured("mr60bha2", breathing(), "reckless")["refused"] == 1
