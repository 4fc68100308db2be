"""The bench in virtual time: the board's clock, and its end of the line to the world.

The world grants time: one message with the ms until which the board may run, what is done to it
on the way (orders, each with its ms), and the radar's bytes. The board runs until then, or until
it has said something that the world may react to; it always finishes the millisecond it is in.
Then it hands over: what it said, and how far it has come. All ms are the board's own, since the
world began; nothing here takes time but waiting.

A message of the world: until i64, three lengths u32, the radar's baud rate u32 (0: the board's),
all little-endian; then JSON, [[ms, order], …]; then for each lot of bytes from the radar its ms
after the start of the grant u32 and its length u32; then these bytes.
"""

import json
import struct
import sys
from array import array

import micropython

MARK = "\x1e"
ENDED_BY_HOST = 0
ENDED_RESET = 3
ENDED_DEEP_SLEEP = 4
ENDED_POWER_CUT = 5
ENDED_BITTEN = 6

# As on the chip, whose small integers have 31 bits. Every life begins 20 s below the wrap.
TICKS_MASK = 0x3FFFFFFF
START_TICKS = TICKS_MASK - 20000
# A program that asks for the time so often without letting any pass is waiting for it to pass.
ASKED_OFTEN = 1000
NEVER = 1 << 61

_HEAD = "<qIIII"
_HEAD_BYTES = 24

folder = ""
cause = "power_on"
wake = ""
unique_id = b"\x00\x00\x00\x00\x00\x00"
link_port = 0
seed = 0
is_sensor = False
connections = 0
# Milliseconds, never wrapping; and what to add for the ticks.
now = 0
ticks_base = 0
# What goes on while the board sleeps: see time.time_ns.
wall_base = 0
# Something came in since the last look: a stream may be ready.
happened = False

_handlers = {}
_horizon = 0
_orders = []
_due = NEVER
_said = False
_asked = 0
_watched = ()
_watchdog_ms = 0
_bites_at = NEVER
_stdin = sys.stdin.buffer
_write = sys.stdout.write

# The radar's lots: when each comes and how long it is, which is next, when; their bytes, and where
# those of the next one begin.
_lots = array("I")
_lot_at = 0
_lot_ms = NEVER
_bytes = memoryview(b"")
_bytes_at = 0
_granted_at = 0
_baud = None


def on(what: str, handler) -> None:
    """handler(order) is called for each order of the world that has the key `what`."""
    _handlers[what] = handler


def tell(report: dict) -> None:
    """Shows something to the world."""
    global _watchdog_ms, _bites_at, _said
    if "fed" in report:
        _bites_at = now + _watchdog_ms
        return
    if "watchdog" in report:
        _watchdog_ms = report["watchdog"]
        _bites_at = now + _watchdog_ms
        # Now, and not when it hands over: it might turn in place before that.
        _write('%s%d {"bites": %d}\n' % (MARK, now, _bites_at))
        return
    _write("%s%d %s\n" % (MARK, now, json.dumps(report)))
    # A light that blinks and a tone change nothing out there; what is said and sent may.
    if not ("pwm" in report or ("pin" in report and report["pin"] not in _watched)):
        _said = True


def say(*values, sep=" ", end="\n", file=None) -> None:
    """print(), heard by the world in the millisecond in which it was said."""
    global _said
    _write(sep.join([str(value) for value in values]) + end)
    _said = True


def start(own_folder: str) -> dict:
    """Waits for the world's first grant: what the board wakes up to."""
    global folder, cause, wake, unique_id, seed, connections, is_sensor
    global now, ticks_base, wall_base, _watched, _due
    folder = own_folder
    _receive()
    now, first = _orders.pop(0)
    _due = _orders[0][0] if _orders else NEVER
    cause = first["cause"]
    wake = first["wake"]
    unique_id = bytes.fromhex(first["unique_id"])
    seed = first["seed"]
    is_sensor = first["board"] == "sensor"
    connections = first["connections"]
    ticks_base = START_TICKS - now
    wall_base = first["wall_ms"] - now
    _watched = first["watched"]
    sys.atexit(_end)
    return first


def listen() -> None:
    """Nothing to do: the world is heard whenever time passes."""


@micropython.native
def drain() -> None:
    """The radar's bytes that have come by now go to its UART."""
    if _lot_ms <= now:
        _take_lots()


@micropython.native
def move(target: int) -> None:
    """Lets time pass: up to `target`, or to the first thing that is done to the board."""
    global now, _asked
    _asked = 0
    if _said:
        _hand_over()
    while True:
        to = target if target < _horizon else _horizon
        if _due < to:
            to = _due
        if to > _bites_at:
            _bite()
        if to > now:
            now = to
        if _due <= now:
            _obey()
            return
        if now >= target:
            return
        _hand_over()


@micropython.native
def ticks_ms() -> int:
    """The ticks now; wraps at 2^30."""
    global _asked
    _asked += 1
    if _asked > ASKED_OFTEN:
        move(now + 1)
    return (now + ticks_base) & TICKS_MASK


def run_for_ever() -> None:
    """What a chip does when its program has ended: nothing, until the watchdog bites."""
    while True:
        move(NEVER)


# --- the line ----------------------------------------------------------------------------------


def _hand_over() -> None:
    drain()
    _write("%s.%d %d\n" % (MARK, now, _bites_at))
    _receive()


def _end() -> None:
    _write("%s!%d %d\n" % (MARK, now, _bites_at))


def _receive() -> None:
    global _horizon, _due, _said, _lots, _lot_at, _lot_ms, _bytes, _bytes_at, _granted_at, _baud
    head = _stdin.read(_HEAD_BYTES)
    if not head or len(head) < _HEAD_BYTES:
        sys.exit(ENDED_BY_HOST)
    _said = False
    _horizon, orders, lots, data, baud = struct.unpack(_HEAD, head)
    if orders:
        _orders.extend(json.loads(_stdin.read(orders)))
        _due = _orders[0][0]
    # What has not come yet is granted again, perhaps changed: this replaces the rest.
    _lots = array("I", _stdin.read(lots))
    _bytes = memoryview(_stdin.read(data))
    _lot_at = _bytes_at = 0
    _granted_at = now
    _baud = baud or None
    _lot_ms = now + _lots[0] if lots else NEVER


def _take_lots() -> None:
    global _lot_at, _lot_ms, _bytes_at
    begins = ends = _bytes_at
    at, ms = _lot_at, _lot_ms
    while ms <= now:
        ends += _lots[at + 1]
        at += 2
        ms = _granted_at + _lots[at] if at < len(_lots) else NEVER
    _lot_at, _lot_ms, _bytes_at = at, ms, ends
    take_bytes(_bytes[begins:ends], _baud)


def take_bytes(data: bytes, baud) -> None:
    """Where the radar's bytes go; start.py puts the UART here."""


# --- what is done to the board -------------------------------------------------------------------


def _obey() -> None:
    global _due, happened
    happened = True
    while _orders and _orders[0][0] <= now:
        order = _orders.pop(0)[1]
        for what in order:
            handler = _handlers.get(what)
            if handler is not None:
                handler(order)
                break
    _due = _orders[0][0] if _orders else NEVER


def _bite() -> None:
    global now
    now = max(now, _bites_at)
    sys.exit(ENDED_BITTEN)


def _run(order: dict) -> None:
    """The serial console: runs a piece of Python on the board, as a developer's cable can."""
    try:
        exec(order["run"], {})  # noqa: S102 - that is what a console is for
    except Exception as problem:
        sys.print_exception(problem)


on("run", _run)
