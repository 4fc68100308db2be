"""The bench the simulated board lies on: what the host does to it, and what it shows.

One line of JSON each way. The host writes to our standard input (a pin goes low, the radar sends
bytes, the access point goes away); what the board shows is written to standard output, marked
with MARK so that it cannot be mistaken for what the firmware prints. When the host goes away,
its end of the line closes and the board ends with it.
"""

import asyncio
import json
import sys
import time

MARK = "\x1e"
# How the board ends: the host starts it again with the reset cause that belongs to it.
ENDED_BY_HOST = 0
ENDED_RESET = 3
ENDED_DEEP_SLEEP = 4
ENDED_POWER_CUT = 5
# How long the board waits for the host's first line.
START_WAIT_MS = 10000

folder = ""
cause = "power_on"
wake = ""
unique_id = b"\x00\x00\x00\x00\x00\x00"
link_port = 0

_handlers = {}
_partial = b""
_waiting = []
_draining = False
_listening = None


def on(what: str, handler) -> None:
    """handler(order) is called for each order of the host that has the key `what`."""
    _handlers[what] = handler


def tell(report: dict) -> None:
    """Shows something to the host."""
    sys.stdout.write(MARK + json.dumps(report) + "\n")


def watch(ms: int) -> None:
    """The watchdog begins: the host bites unless it is fed within `ms`."""
    tell({"watchdog": ms})


def fed() -> None:
    """The watchdog has been fed."""
    tell({"fed": 1})


def end(code: int) -> None:
    """The chip stops here. Nothing more runs: no `finally`, no file is closed that is open."""
    tell({"ended": code})
    while sys.stdin.buffer.read(256) != b"":
        time.sleep_ms(1)
    sys.exit(ENDED_BY_HOST)


def start(own_folder: str) -> dict:
    """Waits for the host's first line: what the board wakes up to."""
    global folder, cause, wake, unique_id, link_port
    folder = own_folder
    begun = time.ticks_ms()
    while True:
        orders = _read()
        if orders:
            break
        if time.ticks_diff(time.ticks_ms(), begun) > START_WAIT_MS:
            sys.exit(ENDED_BY_HOST)
        time.sleep_ms(1)
    first = orders[0]
    cause = first["cause"]
    wake = first["wake"]
    unique_id = bytes.fromhex(first["unique_id"])
    link_port = first["link_port"]
    _waiting.extend(orders[1:])
    return first


def booted() -> None:
    """boot.py has chosen which application runs, and nothing of it is loaded yet."""


def listen() -> None:
    """Begins to follow the host from within the firmware's own event loop."""
    global _listening
    _listening = asyncio.create_task(_listen())


# A generator and no coroutine: that is how MicroPython's asyncio waits for a stream itself.
def _listen():
    line = sys.stdin.buffer
    while True:
        drain()
        yield asyncio.core._io_queue.queue_read(line)


def drain() -> None:
    """Carries out what the host has ordered so far. Never waits; does nothing in an interrupt."""
    global _draining
    if _draining:
        return
    _draining = True
    try:
        _waiting.extend(_read())
        while _waiting:
            order = _waiting.pop(0)
            for what in order:
                handler = _handlers.get(what)
                if handler is not None:
                    handler(order)
                    break
    finally:
        _draining = False


def carry_out(handler, order: dict) -> None:
    """handler(order), as if the host had ordered it now: nothing else is carried out within it."""
    global _draining
    _draining = True
    try:
        handler(order)
    finally:
        _draining = False


def _read() -> list:
    global _partial
    orders = []
    while True:
        some = sys.stdin.buffer.read(4096)
        if some is None:
            return orders
        if not some:
            sys.exit(ENDED_BY_HOST)
        _partial += some
        lines = _partial.split(b"\n")
        _partial = lines.pop()
        for line in lines:
            orders.append(json.loads(line))


def run_for_ever() -> None:
    """What a chip does when its program has ended: nothing, until the watchdog or the host acts."""
    while True:
        drain()
        time.sleep_ms(10)


def _run(order: dict) -> None:
    """The serial console: runs a line of Python on the board, as a developer's cable can."""
    try:
        exec(order["run"], {})  # noqa: S102 - that is what a console is for
    except Exception as problem:
        sys.print_exception(problem)


on("run", _run)
