"""Runs under MicroPython, real or WebAssembly: does a report allocate, and how much is held?

main(RADAR, INPUT) feeds a radar's bytes to the firmware with the heap locked, and prints one line
of JSON: the bytes that reader and detector take on the heap, the reads that were fed, and what
went wrong when something allocated. INPUT is as for record.py.
"""

import gc
import json
import struct
import sys

import micropython
from doorknock import detector, radar, settings

try:
    from plain_viper import lock, unlock  # the stand-in for viper where there is none
except ImportError:
    lock, unlock = micropython.heap_lock, micropython.heap_unlock

# Reads fed before the lock: what is made once, at the first report, is made then.
_FIRST_READS = 40


def main(name, source):
    reads = _reads(source)
    in_force = settings.in_force({})
    # Once, so that every module is there; then again, and weighed. The first ones are kept: were
    # they collected in between, the second would weigh nothing.
    first = radar.make(name)
    kept = (first, detector.make(first.tier, in_force))
    gc.collect()
    before = gc.mem_alloc()
    reader = radar.make(name)
    room = detector.make(reader.tier, in_force)
    gc.collect()
    held = gc.mem_alloc() - before
    del kept
    _feed(reader, room, reads, 0, min(_FIRST_READS, len(reads)), False)
    fault = _feed(reader, room, reads, min(_FIRST_READS, len(reads)), len(reads), True)
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


def _feed(reader, room, reads, first, end, locked):
    """Feeds reads[first:end]; what allocated, or an empty text."""
    where = "between reads"
    number = first
    if locked:
        lock()
    try:
        while number < end:
            ticks, data = reads[number]
            at = 0
            n = len(data)
            while at < n:
                where = "reader.read"
                at = reader.read(data, at, n)
                if reader.reported:
                    where = "detector.take"
                    room.take(reader.reading, ticks)
            where = "detector.tick"
            room.tick(ticks)
            number += 1
    except MemoryError as error:
        unlock()
        sys.print_exception(error)
        return "%s allocates in read %d: %s" % (where, number, error)
    if locked:
        unlock()
    return ""


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
