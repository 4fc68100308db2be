"""The checked twin and the real interpreter say the same of the same recording, event for event.

The twin reads words signed, as the chip does; the interpreter here reads them zero-extended. That
both agree, and that the twin meets no intermediate beyond 32 bits, is what stands in for the chip.
"""

from pathlib import Path

import pytest

from sim import host, presence, trace
from sim.apnoea import Apnoea, Composer

host.install()

from doorknock.clock import MASK  # noqa: E402
from doorknock.sensor import Sensor  # noqa: E402

from sim.replay import replay  # noqa: E402

DATA = Path(__file__).parents[2] / "data"
# As in the script that runs on the device.
START_TICKS = MASK - 20000
STEP_MS = 100


def on_the_twin(recording, radar):
    events = []
    now_ms = 0

    def emit(kind, details):
        events.append({"t_ms": now_ms, "event": kind, **details})

    sensor = Sensor(radar, "washroom", {}, emit)
    sensor.tick(START_TICKS)
    for t_ms, data in trace.samples(recording):
        while now_ms < t_ms:
            now_ms += min(STEP_MS, t_ms - now_ms)
            sensor.tick((START_TICKS + now_ms) & MASK)
        sensor.feed(data, len(data), (START_TICKS + now_ms) & MASK)
    return events


def eventful(name):
    source = trace.read(DATA / f"{name}.csv")
    composer = Composer(source).breathing(25).apnoea(Apnoea(40)).breathing(10)
    return composer.walking(3).nobody(15).trace()


def visit():
    composer = presence.PresenceComposer(seed=2).scene(presence.EMPTY, 20)
    composer.scene(presence.MOVING, 10).scene(presence.STILL, 20)
    return composer.scene(presence.MOVING, 5).scene(presence.EMPTY, 30).trace()


CASES = {
    "human_60cm": (lambda: eventful("mr60bha2_human_60cm"), "mr60bha2"),
    "sitting": (lambda: eventful("a121_breathing_sitting"), "ld6002"),
    "presence": (visit, "ld2410"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_twin_and_the_interpreter_agree(case):
    make, radar = CASES[case]
    recording = make()
    *device, _ = replay(recording, radar)
    for event in device:
        del event["device"]
    assert len(device) >= 3
    assert on_the_twin(recording, radar) == device
