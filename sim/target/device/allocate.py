"""Runs under MicroPython, real or WebAssembly: does a report allocate, and how much is held?

weigh(RADAR) twice, then main(RADAR, INPUT), which feeds a radar's bytes to a whole sensor (reader,
detector, watch) with the heap locked, and prints one line of JSON: the bytes that reader and
detector take on the heap, the reads that were fed, and what went wrong when something allocated.
INPUT is as for record.py.

An event is made of objects, and may be. So the sensor is fed twice: first unlocked, to see at
which reads it has something to say; then another, locked at all the others.
"""

import gc
import json
import struct
import sys

import micropython
from doorknock import detector, radar, settings
from doorknock.sensor import Sensor

try:
    from plain_viper import lock, unlock  # the stand-in for viper where there is none
except ImportError:
    lock, unlock = micropython.heap_lock, micropython.heap_unlock

# Reads fed before the lock: what is made once, at the first report, is made then.
_FIRST_READS = 40
_MODE = "washroom"  # the radar is on at all times


class _Events:
    """Counts events and makes nothing of them."""

    def __init__(self):
        self.count = 0

    def emit(self, kind, details):
        self.count += 1


# What is being weighed: first a pair to have every module loaded, then the pair that counts. Both
# are kept, so that nothing of the one is collected while the other is weighed.
_kept = []
_weights = []


def weigh(name):
    """Call it twice, each time after a collection, and main() after a third one."""
    _weights.append(gc.mem_alloc())
    reader = radar.make(name)
    _kept.append((reader, detector.make(reader.tier, settings.in_force({}))))


def main(name, source):
    # The settings and the two numbers above are some 200 bytes of it: on the safe side.
    held = gc.mem_alloc() - _weights[1]
    _kept.clear()
    reads = _reads(source)
    speaks = _reads_with_events(name, reads)
    fault = _fed_locked(name, reads, speaks)
    print(json.dumps({"held_bytes": held, "reads": len(reads), "fault": fault}))


def _reads(source):
    reads = []
    with open(source, "rb") as feed:
        while True:
            head = feed.read(6)
            if not head:
                return reads
            ticks, n = struct.unpack("<IH", head)
            reads.append((ticks, feed.read(n)))


def _reads_with_events(name, reads):
    """For each read 1 when the sensor had something to say at it, or nothing is asked of it."""
    events = _Events()
    sensor = Sensor(name, _MODE, {}, events.emit)
    speaks = bytearray(len(reads))
    for number, (ticks, data) in enumerate(reads):
        before = events.count
        sensor.feed(data, len(data), ticks)
        sensor.tick(ticks)
        sensor.command(ticks)
        speaks[number] = number < _FIRST_READS or events.count != before
    return speaks


def _fed_locked(name, reads, speaks):
    """Feeds another sensor; what allocated, or an empty text."""
    sensor = Sensor(name, _MODE, {}, _Events().emit)
    where = ""
    number = 0
    locked = False
    try:
        while number < len(reads):
            ticks, data = reads[number]
            if not speaks[number]:
                locked = True
                lock()
            where = "feed"
            sensor.feed(data, len(data), ticks)
            where = "tick"
            sensor.tick(ticks)
            where = "command"
            sensor.command(ticks)
            if locked:
                locked = False
                unlock()
            number += 1
    except MemoryError as error:
        if locked:
            unlock()
        sys.print_exception(error)
        return "Sensor.%s allocates in read %d" % (where, number)
    return ""


if __name__ == "__main__":
    for _ in range(2):
        weigh(sys.argv[1])
        gc.collect()
    main(sys.argv[1], sys.argv[2])
