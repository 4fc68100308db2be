"""Runs under MicroPython: feeds a sensor with the heap locked, and says what was allocated.

    micropython allocation_device.py RADAR

In, binary, records of [ms since the last (u16 LE), length (u16 LE), bytes]; out, JSON. The first
200 of each run are fed unlocked: events may allocate (the watch begins in that time), and what is
made once has to be made.
"""

import gc
import json
import struct
import sys

import micropython
from doorknock.sensor import Sensor

WARM_UP = 200
buf = bytearray(2048)


class Quiet:
    """Counts events instead of making anything of them."""

    events = 0

    def emit(self, kind, details):
        self.events += 1


def play(sensor, blob, at, end, ticks, reckless):
    """Feeds blob[at:end]; True when it came to the end."""
    n = i = 0
    while at < end:
        ticks = (ticks + (blob[at] | (blob[at + 1] << 8))) & 0x3FFFFFFF
        n = blob[at + 2] | (blob[at + 3] << 8)
        at += 4
        i = 0
        while i < n:
            buf[i] = blob[at + i]
            i += 1
        at += n
        if reckless:
            at = [at][0]  # what must be noticed
        sensor.feed(buf, n, ticks)
        sensor.tick(ticks)
        sensor.command(ticks)
    return ticks


def measure(name, blob, reckless):
    quiet = Quiet()
    sensor = Sensor(name, "washroom", {}, quiet.emit)
    at = 0
    for _ in range(WARM_UP):
        at += 4 + struct.unpack_from("<H", blob, at + 2)[0]
    # Just below the wrap, so that it is crossed with the heap locked.
    ticks = play(sensor, blob, 0, at, 0x3FFFFFFF - 15000, False)
    events = quiet.events
    end = len(blob)
    error = None
    gc.collect()
    before = gc.mem_alloc()
    after = before
    gc.disable()
    micropython.heap_lock()
    try:
        play(sensor, blob, at, end, ticks, reckless)
    except MemoryError:
        error = 1
    micropython.heap_unlock()
    after = gc.mem_alloc()
    # The numbers are out before anything is made of them.
    return {
        "allocated": after - before,
        "refused": error,
        "events": quiet.events - events,
        "frames": sensor.counts[0],
        "errors": sensor.counts[2],
    }


blob = sys.stdin.buffer.read()
print(json.dumps(measure(sys.argv[1], blob, len(sys.argv) > 2)))
