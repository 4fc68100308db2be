"""The bench in virtual time: the board's clock, and its end of the line to the world.

The world grants time: one message with the ms until which the board may run, what is done to it
on the way (orders, each with its ms), and the radar's bytes. The board runs until then, or until
it has said something that the world may react to; it always finishes the millisecond it is in.
Then it hands over: what it said, and how far it has come. As long as it has shown nothing at all,
it goes on instead, in steps, as far as the message says. All ms are the board's own, since the
world began; nothing here takes time but waiting.

A message of the world: until i64, on to i64, step u32, two lengths and a number u32, the radar's
baud rate u32 (0: the board's), all little-endian; then of these lengths: for each lot of bytes from
the radar its ms after the start of the grant u32 and its length u32; these bytes; then so many
orders. Each is the lengths of two parts, u32, and these: JSON, [ms, order], and bytes, which the
order then has as its "data".

When it goes on by itself, it notes in the file WENT_ON when the watchdog bites (i64): for the
world, should the program then turn in place.
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
NEVER = 1 << 61

WENT_ON = "went_on.bin"

_HEAD = "<qqIIIII"
_HEAD_BYTES = 36
_ORDER = "<II"
_ORDER_BYTES = 8

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

_handlers = {}
_horizon = 0
# As long as nothing was shown since the grant: how far it goes on, and in which steps.
_on_to = 0
_step = 0
_shown = False
_went_on = None
_orders = []
_due = NEVER
_said = False
# What is looked at a hundred times a second, for machine code to find: the ticks now; how often
# they were asked for since time has passed; HAPPENED, not 0: something came in since the last
# look, and a stream may be ready; `now`, lower and upper half; below which ms nothing has to be
# looked at, so that time just passes, lower and upper half; and BY_THEMSELVES: how many of the
# streams that are waited for may become ready though nothing has come in.
clock = array("I", (0, 0, 0, 0, 0, 0, 0, 0))
HAPPENED = 2
BY_THEMSELVES = 7
_watched = ()
_watchdog_ms = 0
_bites_at = NEVER
_bites = array("q", (NEVER,))
_stdin = sys.stdin.buffer
_write = sys.stdout.write

# The radar's lots as they were granted, and their bytes: one memory for all grants, which grows.
# It begins with what some 20 s of a radar take: a heap that has long been in use is in pieces.
_body = bytearray(8704)
# Of these: where in _body the next lot is, and where the lots end, both in words; and how many ms
# after the grant it comes.
_lots = array("I", (0, 0, 0))
# When that is, where its bytes begin, and from when it is counted.
_lot_ms = NEVER
_bytes_at = 0
_granted_at = 0
_baud = None
_head = bytearray(_HEAD_BYTES)
_order = bytearray(_ORDER_BYTES)


def on(what: str, handler) -> None:
    """handler(order) is called for each order of the world that has the key `what`."""
    _handlers[what] = handler


def tell(report: dict) -> None:
    """Shows something to the world."""
    global _shown
    _shown = True
    _write("%s%d %s\n" % (MARK, now, json.dumps(report)))
    # A light that blinks and a tone change nothing out there; what is said and sent may.
    if not ("pwm" in report or ("pin" in report and report["pin"] not in _watched)):
        _now_said()


def watch(ms: int) -> None:
    """The watchdog begins: it bites unless it is fed within `ms`."""
    global _watchdog_ms, _shown
    _watchdog_ms = ms
    _shown = True
    fed()
    _free_until(0)
    # Now, and not when it hands over: it might turn in place before that.
    _write('%s%d {"bites": %d}\n' % (MARK, now, _bites_at))


def fed() -> None:
    """The watchdog has been fed."""
    global _bites_at
    _bites_at = now + _watchdog_ms


def end(code: int) -> None:
    """The chip stops here. Nothing more runs: no `finally`, no file is closed that is open."""
    _write("%s#%d %d %d\n" % (MARK, now, _bites_at, code))
    while _stdin.read(1):
        pass
    sys.exit(ENDED_BY_HOST)


def say(*values, sep=" ", end="\n", file=None) -> None:
    """print(), heard by the world in the millisecond in which it was said."""
    _write(sep.join([str(value) for value in values]) + end)
    _now_said()


def _now_said() -> None:
    global _said, _shown
    _said = _shown = True
    _free_until(0)


def start(own_folder: str) -> dict:
    """Waits for the world's first grant: what the board wakes up to."""
    global folder, cause, wake, unique_id, seed, connections, is_sensor
    global now, ticks_base, wall_base, _watched, _due, _went_on
    folder = own_folder
    _went_on = open(folder + "/" + WENT_ON, "wb")  # noqa: SIM115 - as long as there is power
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
    _pass_to(now)
    sys.atexit(_end)
    return first


def listen() -> None:
    """Nothing to do: the world is heard whenever time passes."""


@micropython.native
def drain() -> None:
    """The radar's bytes that have come by now go to its UART."""
    if _lot_ms <= now:
        _take_lots()


@micropython.viper
def move(target: int):
    """Lets time pass: up to `target`, or to the first thing that is done to the board."""
    global now
    words = ptr32(clock)  # noqa: F821
    if target < (int(words[5]) | (int(words[6]) << 32)):
        was = int(words[3]) | (int(words[4]) << 32)
        now = target
        words[0] = (int(words[0]) + target - was) & 0x3FFFFFFF
        words[1] = 0
        words[3] = target
        words[4] = target >> 32
    else:
        _move(target)


def _move(target: int) -> None:
    _pass_to(now)
    if _said:
        _hand_over()
    while True:
        to = min(target, _horizon, _due)
        if to > _bites_at:
            _bite()
        if to > now:
            _pass_to(to)
        if _due <= now:
            _obey()
            break
        if now >= target:
            break
        if _shown or _horizon >= _on_to:
            _hand_over()
        else:
            _go_on()
    _free_until(0 if _said else min(_horizon, _due, _bites_at))


def _pass_to(ms: int) -> None:
    global now
    now = ms
    clock[0] = (ms + ticks_base) & TICKS_MASK
    clock[1] = 0
    clock[3], clock[4] = ms & 0xFFFFFFFF, ms >> 32


def _free_until(ms: int) -> None:
    clock[5], clock[6] = ms & 0xFFFFFFFF, ms >> 32


@micropython.viper
def ticks_ms() -> int:
    """The ticks now; wraps at 2^30."""
    words = ptr32(clock)  # noqa: F821
    asked = words[1] + 1
    words[1] = asked
    # A program that asks for the time so often without letting any pass waits for it to pass.
    if asked > 1000:
        move_on()
    return words[0]


def move_on() -> None:
    """Lets a millisecond pass."""
    move(now + 1)


def run_for_ever() -> None:
    """What a chip does when its program has ended: nothing, until the watchdog bites."""
    while True:
        move(NEVER)


# --- the line ----------------------------------------------------------------------------------


def _go_on() -> None:
    global _horizon
    drain()
    _horizon = min(_horizon + _step, _on_to)
    _bites[0] = _bites_at
    _went_on.seek(0)
    _went_on.write(_bites)


def _hand_over() -> None:
    drain()
    _write("%s.%d %d\n" % (MARK, now, _bites_at))
    _receive()


def _end() -> None:
    _write("%s!%d %d\n" % (MARK, now, _bites_at))


def _receive() -> None:
    global _horizon, _on_to, _step, _due, _said, _shown, _body, _lot_ms, _bytes_at, _granted_at
    global _baud
    if _stdin.readinto(_head) != _HEAD_BYTES:
        sys.exit(ENDED_BY_HOST)
    _said = _shown = False
    _horizon, _on_to, _step, lots, data, orders, baud = struct.unpack(_HEAD, _head)
    size = lots + data
    if size > len(_body):
        # The old one may go first: memory is as short here as on the chip.
        _body = b""
        _body = bytearray(size + 256)
    if size and _stdin.readinto(_body, size) != size:
        sys.exit(ENDED_BY_HOST)
    if orders:
        for _ in range(orders):
            _orders.append(_read_order())
        _due = _orders[0][0]
    # What has not come yet is granted again, perhaps changed: this replaces the rest.
    _lots[0] = 0
    _lots[1] = lots // 4
    _bytes_at = lots
    _granted_at = now
    _baud = baud or None
    _come(-1)
    _lot_ms = now + _lots[2] if lots else NEVER


def _read_order() -> list:
    """One at a time, and its bytes as they are: all of them together would want a memory in one
    piece that a chip does not spend on its network, and that its heap has not at every moment."""
    if _stdin.readinto(_order) != _ORDER_BYTES:
        sys.exit(ENDED_BY_HOST)
    text, data = struct.unpack(_ORDER, _order)
    order = json.loads(_stdin.read(text))
    if data:
        order[1]["data"] = _stdin.read(data)
    return order


@micropython.native
def _take_lots() -> None:
    global _lot_ms, _bytes_at
    begins = _bytes_at
    size = _come(now - _granted_at)
    _bytes_at = begins + size
    _lot_ms = _granted_at + _lots[2] if _lots[0] < _lots[1] else NEVER
    take_bytes(_body, begins, size, _baud)


@micropython.viper
def _come(ms: int) -> int:
    """How many bytes have come by so many ms after the grant; the next lot is then in _lots."""
    lots = ptr32(_lots)  # noqa: F821
    heads = ptr32(_body)  # noqa: F821
    at = int(lots[0])
    ends = int(lots[1])
    size = 0
    while at < ends and int(heads[at]) <= ms:
        size += int(heads[at + 1])
        at += 2
    lots[0] = at
    if at < ends:
        lots[2] = heads[at]
    return size


def take_bytes(data: bytearray, begins: int, size: int, baud) -> None:
    """Where the radar's bytes go; start.py puts the UART here."""


# --- what is done to the board -------------------------------------------------------------------


def _obey() -> None:
    global _due
    clock[HAPPENED] = 1
    while _orders and _orders[0][0] <= now:
        order = _orders.pop(0)[1]
        for what in order:
            handler = _handlers.get(what)
            if handler is not None:
                handler(order)
                break
    _due = _orders[0][0] if _orders else NEVER


def _bite() -> None:
    _pass_to(max(now, _bites_at))
    end(ENDED_BITTEN)


def _run(order: dict) -> None:
    """The serial console: runs a piece of Python on the board, as a developer's cable can."""
    try:
        exec(order["run"], {})  # noqa: S102 - that is what a console is for
    except Exception as problem:
        sys.print_exception(problem)


on("run", _run)
