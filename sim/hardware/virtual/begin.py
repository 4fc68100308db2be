"""Power comes on in virtual time: run as `micropython begin.py FOLDER`.

Puts the clock and asyncio's waiting in their places, then does what start.py does in real time.
This folder comes first in the module path, the other stand-ins next.
"""

import builtins
import random

import bench
import micropython
import turns

_RADAR_UART = 1

turns.begin()
builtins.print = bench.say


def listen() -> None:
    """The flash is mounted and the pins are there; the firmware comes next."""
    import socket

    import machine

    random.seed(bench.seed)
    socket.begin()

    uarts = machine._uarts

    @micropython.native
    def take(data: bytearray, begins: int, size: int, baud) -> None:
        uart = uarts.get(_RADAR_UART)
        if uart is not None:
            uart._arrived(data, begins, size, baud)

    bench.take_bytes = take


def booted() -> None:
    """Which application runs has been chosen, and nothing of it is loaded yet."""
    if bench.is_sensor:
        import inside

        inside.begin()


bench.listen = listen
bench.booted = booted
__import__("start")
