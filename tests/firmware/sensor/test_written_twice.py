"""Numbers that stand in two rooms, because a name of the same file costs nothing when asked for."""

import pytest
from doorknock import breathing, clock, radar, sensor, walk
from doorknock.radar import framed, mr60

SAME = {
    "slot": (breathing._SLOT_MS, breathing.SLOT_MS),
    "random phase": (walk._RANDOM_ROUGHNESS, walk.RANDOM_ROUGHNESS),
    "new, in the sensor": (sensor._NEW, radar.NEW),
    "new phase, in the sensor": (sensor._NEW_PHASE, radar.NEW_PHASE),
    "frame": (framed._FRAME, framed.FRAME),
    "bytes": (framed._BYTES, radar.BYTES),
    "frames": (mr60._FRAMES, radar.FRAMES),
    "errors": (mr60._ERRORS, radar.ERRORS),
    "unknown": (mr60._UNKNOWNS, radar.UNKNOWN),
    "new": (mr60._NEW, radar.NEW),
    "present": (mr60._PRESENT, radar.PRESENT),
    "phase": (mr60._PHASE_MRAD, radar.PHASE_MRAD),
    "zero": (mr60._ZERO, radar.ZERO),
    "new phase": (mr60._NEW_PHASE, radar.NEW_PHASE),
    "new presence": (mr60._NEW_PRESENT, radar.NEW_PRESENT),
    "mask of ticks": (clock.MASK, 0x3FFFFFFF),
}


@pytest.mark.parametrize("what", SAME)
def test_it_is_the_same_in_both(what):
    here, there = SAME[what]
    assert here == there
