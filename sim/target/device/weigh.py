"""Runs under the 32-bit MicroPython: how much of the heap does the firmware take?

Each function is a step of its own, a collection after each. What is printed: a line of JSON, and
after it MicroPython's own account of the names that are in no table of its image (qstr_info).

Stand-ins for what the chip has and this interpreter has not are loaded by stand_ins(), before
anything is weighed: the chip's own take nothing of the heap.
"""

import asyncio
import gc
import json
import sys

import bench
import machine
import micropython

# Python that a stand-in holds is not the firmware's: made before it is weighed.
_kept = []
_before = 0


class _Missing:
    """Stands for a module, and for all that is in it."""

    def __getattr__(self, name):
        return self

    def __call__(self, *rest, **named):
        return self


class _Flag:
    """asyncio.ThreadSafeFlag, which this interpreter's asyncio lacks; nobody waits here."""

    def __init__(self):
        self.state = 0


def _nothing(*rest):
    pass


def stand_ins(names):
    """Loads these modules, or something in their place where there is none."""
    for name in names.split():
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = _Missing()
    if not hasattr(asyncio, "ThreadSafeFlag"):
        asyncio.ThreadSafeFlag = _Flag
    # Nobody is at the other end of the bench.
    bench.drain = _nothing
    bench.tell = _nothing
    bench.folder = "/firmware"
    machine.begin({"pins": {}, "microvolts": {}})


def begin():
    """From here on is weighed what comes up to told()."""
    global _before
    _before = gc.mem_alloc()


def load(name):
    """Imports a module of the firmware."""
    __import__(name)


def live():
    """Makes all that the device consists of, without running it."""
    from doorknock import app, chip, early, signals

    awake = early.Early()
    watchdog = awake.parts.watchdog()
    lights = signals.Signals(awake.parts.light, awake.parts.sounder, chip.ticks)
    _kept.append((awake, watchdog, lights, app.App(awake, watchdog, lights)))


def told():
    """What has come since begin(), bytes."""
    bytes_more = gc.mem_alloc() - _before
    print(json.dumps({"bytes": bytes_more}))
    micropython.qstr_info()
