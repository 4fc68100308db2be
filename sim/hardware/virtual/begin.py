"""Power comes on in virtual time: run as `micropython begin.py FOLDER`.

Puts the clock, asyncio's tasks and its waiting in their places, then does what start.py does in
real time. This folder comes first in the module path, the other stand-ins next.
"""

import builtins
import random
import sys

import bench
import tasks

sys.modules["_asyncio"] = tasks

import asyncio  # noqa: E402

import streams  # noqa: E402

tasks.core = streams.core = asyncio.core
asyncio.core.IOQueue = streams.IOQueue
asyncio.new_event_loop()
builtins.print = bench.say
_RADAR_UART = 1


def listen() -> None:
    """The flash is mounted and the pins are there; the firmware comes next."""
    import socket

    import machine

    random.seed(bench.seed)
    socket.begin()

    def take(data: bytes, baud) -> None:
        uart = machine._uarts.get(_RADAR_UART)
        if uart is not None:
            uart._arrived(data, baud)

    bench.take_bytes = take


bench.listen = listen
__import__("start")
