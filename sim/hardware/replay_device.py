"""Runs under MicroPython: the firmware's own driver, detector and watch, fed from stdin.

    micropython replay_device.py RADAR MODE NAME=VALUE …

In, binary, a record a sample: ms since the last one (u32 LE), number of bytes (u16 LE), bytes.
Out, a JSON line an event, and one {"summary": …} at the end. Time is what the records say; it
starts just below the wrap of the ticks, so that every run crosses it.
"""

import json
import struct
import sys

from doorknock import radar
from doorknock.clock import MASK
from doorknock.sensor import Sensor

DEVICE = "000000000001"
# 20 s below the wrap: in the middle of the shortest recording.
START_TICKS = MASK - 20000
# The firmware ticks at least four times a second.
STEP_MS = 100

now_ms = 0
watch_ms = 0
prompts = 0
calls = {}
firsts = {"first_prompt_ms": None, "first_call_ms": None}


def emit(kind, details):
    global prompts
    if kind == "prompt" and details["state"] == "asked":
        prompts += 1
        if firsts["first_prompt_ms"] is None:
            firsts["first_prompt_ms"] = now_ms
    if kind == "stillness":
        calls[details["cause"]] = calls.get(details["cause"], 0) + 1
        if firsts["first_call_ms"] is None:
            firsts["first_call_ms"] = now_ms
    line = {"t_ms": now_ms, "device": DEVICE, "event": kind}
    line.update(details)
    print(json.dumps(line))


def run(sensor, source):
    global now_ms, watch_ms
    head = bytearray(6)
    data = bytearray(2048)
    view = memoryview(data)
    samples = 0
    while source.readinto(head) == 6:
        passed, length = struct.unpack("<IH", head)
        due = now_ms + passed
        while now_ms < due:
            step = min(STEP_MS, due - now_ms)
            if sensor.watching:
                watch_ms += step
            now_ms += step
            ticks = (START_TICKS + now_ms) & MASK
            sensor.tick(ticks)
            sensor.command(ticks)
        if length:
            if source.readinto(view[:length]) != length:
                break
            sensor.feed(data, length, (START_TICKS + now_ms) & MASK)
        samples += 1
    return samples


def main(arguments):
    settings = {}
    for setting in arguments[2:]:
        name, value = setting.split("=")
        settings[name] = int(value)
    sensor = Sensor(arguments[0], arguments[1], settings, emit)
    if arguments[1] == "home":
        sensor.pressed(1, True, START_TICKS)
    sensor.tick(START_TICKS)
    samples = run(sensor, sys.stdin.buffer)
    counts = sensor.counts
    summary = {
        "duration_ms": now_ms,
        "samples": samples,
        "frames": counts[radar.FRAMES],
        "bytes": counts[radar.BYTES],
        "errors": counts[radar.ERRORS],
        "prompts": prompts,
        "calls": sum(calls.values()),
        "calls_by_cause": calls,
        "watch_ms": watch_ms,
        "state": sensor.state,
        "room": sensor.room,
        "faulty": sensor.faulty,
    }
    summary.update(firsts)
    print(json.dumps({"summary": summary}))


main(sys.argv[1:])
