"""Runs under MicroPython: the firmware's own driver, detector and watch, fed from stdin.

    micropython replay_device.py RADAR MODE NAME=VALUE …

In, binary: first what hands do meanwhile (sim/hand.py), as number of bytes (u16 LE) and JSON:
{"presses": [[ms, taps, held], …], "answers": [ms or null, …], "doors": [[ms, is_open], …]}, ms
since the start, those of answers since the question. (An argument could not be as long: it becomes
a name in the interpreter.) Then a record a sample: ms since the last one (u32 LE), number of bytes
(u16 LE), bytes.
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
answer_at_ms = None  # when the question that is on will be answered
hand = {}
calls = {}
firsts = {"first_prompt_ms": None, "first_call_ms": None}


def emit(kind, details):
    global prompts, answer_at_ms
    if kind == "prompt":
        # Whoever has not pressed when the tone stops does not press any more.
        answer_at_ms = None
    if kind == "prompt" and details["state"] == "asked":
        takes_ms = hand["answers"][prompts] if prompts < len(hand["answers"]) else None
        if takes_ms is not None:
            answer_at_ms = now_ms + takes_ms
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


def lend_a_hand(sensor, ticks):
    """What hands do by now: at B as planned, at B as an answer, at the door."""
    global answer_at_ms
    while hand["presses"] and hand["presses"][0][0] <= now_ms:
        _, taps, held = hand["presses"].pop(0)
        sensor.pressed(taps, bool(held), ticks)
    if answer_at_ms is not None and answer_at_ms <= now_ms:
        answer_at_ms = None
        if sensor.prompting():
            sensor.pressed(1, False, ticks)
    while hand["doors"] and hand["doors"][0][0] <= now_ms:
        _, is_open = hand["doors"].pop(0)
        sensor.door(bool(is_open), ticks)


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
            if sensor.watching():
                watch_ms += step
            now_ms += step
            ticks = (START_TICKS + now_ms) & MASK
            sensor.tick(ticks)
            lend_a_hand(sensor, ticks)
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
    (length,) = struct.unpack("<H", sys.stdin.buffer.read(2))
    hand.update(json.loads(sys.stdin.buffer.read(length)))
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
        "state": sensor.state(),
        "room": sensor.room(),
        "faulty": sensor.faulty(),
    }
    summary.update(firsts)
    print(json.dumps({"summary": summary}))


main(sys.argv[1:])
