"""machine: pins with interrupts, PWM, UART, ADC, watchdog, RTC memory, resets and sleep.

Kept as strict as the chip where being lenient would hide a fault: an interrupt handler may not
allocate, a receive buffer that is full loses bytes, the watchdog bites also when the loop hangs
(it is the host that bites: nothing in here needs to be alive for it). Where the host says which
chip this is, a pin that the chip does not have, or that cannot do what is asked, is refused.
"""

import asyncio
import io
import sys
import time

import bench
import micropython

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
PIN_WAKE = 2
EXT0_WAKE = 2
EXT1_WAKE = 3
TIMER_WAKE = 4

# As MicroPython's esp32 port has it: machine.reset() is a HARD_RESET, as is a panic of the chip;
# its reset pin counts as the power; SOFT_RESET is what a REPL does.
_CAUSES = {
    "power_on": PWRON_RESET,
    "reset_pin": PWRON_RESET,
    "watchdog": WDT_RESET,
    "deep_sleep": DEEPSLEEP_RESET,
    "software": HARD_RESET,
}
# By what ended deep sleep (ESP-IDF's own numbers); 7, gpio, has no name on any chip.
_WAKES_BY = {"ext0": EXT0_WAKE, "ext1": EXT1_WAKE, "gpio": 7}
_WAKES = {"pin": PIN_WAKE, "timer": TIMER_WAKE}
# What the chip can do with its pins, as in boards/chips.toml; {}: no chip in particular, anything.
chip = {}

# What drives each input from outside, and the voltage at each analogue input in µV.
_driven = {}
_driven_at = {}  # pin: the tick at which the host last changed it
_fingers = {}  # pin: orders that wait for its level to have lasted …
_in_time = {}  # … and the task that carries them out
_microvolts = {}
_pins = {}
_uarts = {}


def begin(first: dict) -> None:
    """Takes the levels the board wakes up to, and follows the host from then on."""
    chip.update(first.get("chip") or {})
    if chip:
        _WAKES["pin"] = _WAKES_BY[chip["wake_by"][0]]
    for number, level in first["pins"].items():
        _driven[int(number)] = level
    for number, value in first["microvolts"].items():
        _microvolts[int(number)] = value
    bench.on("pin", _drive)
    bench.on("uart", _receive)
    bench.on("microvolts", _set_voltage)


def _drive(order: dict) -> None:
    """A pin gets a level, with so many `bounces` before it. Now, or where the order has `after_ms`,
    once the level before has lasted for so long in the board's own time: however busy the machine,
    a finger's tap is a tap."""
    number = order["pin"]
    if number in _fingers:
        _fingers[number].append(order)
    elif _left_ms(order) > 0:
        _fingers[number] = [order]
        _in_time[number] = asyncio.create_task(_drive_in_time(number))
    else:
        _set_level(order)


async def _drive_in_time(number: int) -> None:
    orders = _fingers[number]
    while orders:
        await asyncio.sleep_ms(max(_left_ms(orders[0]), 0))
        bench.carry_out(_set_level, orders.pop(0))
    del _fingers[number]


def _left_ms(order: dict) -> int:
    since = _driven_at.get(order["pin"])
    after_ms = order.get("after_ms", 0)
    return 0 if since is None else after_ms - time.ticks_diff(time.ticks_ms(), since)


def _set_level(order: dict) -> None:
    number, level = order["pin"], order["level"]
    _driven[number] = level
    _driven_at[number] = time.ticks_ms()
    pin = _pins.get(number)
    if pin is not None:
        # At once: a process that is put to sleep between two of them would make taps of them.
        for _ in range(order.get("bounces", 0)):
            pin._changed(level)
            pin._changed(1 - level)
        pin._changed(level)


def _receive(order: dict) -> None:
    uart = _uarts.get(order["uart"])
    if uart is not None:
        data = bytes.fromhex(order["data"])
        uart._arrived(data, 0, len(data), order.get("baudrate"))


def _set_voltage(order: dict) -> None:
    _microvolts[order["adc"]] = order["microvolts"]


class Pin:
    """A GPIO. Its interrupt handler runs with the heap locked, as in a hard interrupt."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5

    def __init__(self, number, mode=None, pull=None, *, value=None) -> None:
        if chip and (number not in chip["gpio"] or number in chip["taken"]):
            raise ValueError("invalid pin")
        self.number = number
        self._handler = None
        self._trigger = 0
        self._out = None
        self._seen = None
        self._drives = False
        if mode in (Pin.OUT, Pin.OPEN_DRAIN):
            self._drives_or_raises()
        # Kept here, so that reading the pin in an interrupt allocates nothing.
        self._in = _driven.get(number, 1 if pull == Pin.PULL_UP else 0)
        _pins[number] = self
        if value is not None:
            self.value(value)
        self._seen = self._level()

    def _drives_or_raises(self) -> None:
        if chip and self.number in chip["input_only"]:
            raise ValueError("pin can only be input")
        self._drives = True

    def _level(self) -> int:
        if self._drives:
            return self._out or 0
        return self._in

    @micropython.native
    def value(self, level=None):
        bench.drain()
        if level is None:
            return self._level()
        level = 1 if level else 0
        if level != self._out:
            self._out = level
            bench.tell({"pin": self.number, "level": level})
        return None

    def __call__(self, level=None):
        return self.value(level)

    def on(self) -> None:
        self.value(1)

    def off(self) -> None:
        self.value(0)

    def irq(self, handler=None, trigger=3, *, wake=None, hard=False):
        bench.drain()
        self._handler = handler
        self._trigger = trigger
        self._seen = self._level()
        return self

    def _changed(self, level: int) -> None:
        self._in = level
        if level == self._seen:
            return
        self._seen = level
        if self._handler is None or not self._trigger & (1 if level else 2):
            return
        micropython.heap_lock()
        problem = None
        try:
            self._handler(self)
        except Exception as raised:
            problem = raised
        micropython.heap_unlock()
        if problem is not None:
            # As the chip does: said on the console, and the handler is called no more.
            self._handler = None
            print("Unhandled exception in the interrupt handler of pin", self.number)
            sys.print_exception(problem)


class PWM:
    """A dimmed light or a tone."""

    def __init__(self, pin: Pin, *, freq: int = 1000, duty_u16: int = 0) -> None:
        pin._drives_or_raises()
        self._number = pin.number
        self._freq = freq
        self._duty = -1
        self.duty_u16(duty_u16)

    def freq(self, hz=None):
        if hz is None:
            return self._freq
        if hz != self._freq:
            self._freq = hz
            if self._duty > 0:
                self._tell()
        return None

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        if duty != self._duty:
            self._duty = duty
            self._tell()
        return None

    def deinit(self) -> None:
        self.duty_u16(0)

    def _tell(self) -> None:
        bench.tell({"pwm": self._number, "hz": self._freq, "duty": self._duty})


# As the chip's driver has it where nothing is said.
_RECEIVE_BYTES = 256


def _sampled(data, begins: int, size: int) -> bytes:
    """What comes of bytes that are sampled at a wrong rate: others."""
    return bytes(byte & 0xAA for byte in data[begins : begins + size])


class UART(io.IOBase):
    """A serial port with a receive buffer of `rxbuf` bytes; what finds it full is lost."""

    def __init__(self, number, baudrate=115200, **rest) -> None:
        if chip and number not in chip["uarts"]:
            raise ValueError("UART(%d) does not exist" % number)
        self._number = number
        self._held = micropython.RingIO(_RECEIVE_BYTES)
        self.overruns = 0
        self.init(baudrate, **rest)
        _uarts[number] = self

    def init(self, baudrate=115200, *, rxbuf=None, tx=None, rx=None, timeout=0, **rest) -> None:
        if rxbuf:
            self._held = micropython.RingIO(rxbuf)
        if rx is not None:
            Pin(rx, Pin.IN)
        if tx is not None:
            Pin(tx)._drives_or_raises()
        self._baudrate = baudrate

    @micropython.native
    def _arrived(self, data, begins: int, size: int, baudrate) -> None:
        """So many bytes of `data` from there; baudrate: at which they were sent, None: at ours."""
        if baudrate is not None and baudrate != self._baudrate:
            data, begins = _sampled(data, begins, size), 0
        lost = size - self._held.write(data, begins, size)
        if lost:
            self.overruns += lost

    @micropython.native
    def any(self) -> int:
        bench.drain()
        return self._held.any()

    @micropython.native
    def readinto(self, buf, limit: int = -1):
        bench.drain()
        if limit < 0:
            return self._held.readinto(buf) or None
        return self._held.readinto(buf, limit) or None

    def read(self, limit: int = -1):
        bench.drain()
        return self._held.read(limit) or None

    def write(self, data) -> int:
        bench.tell({"uart": self._number, "data": bytes(data).hex()})
        return len(data)

    def ioctl(self, request: int, argument: int) -> int:
        if request != 3:
            return -1
        return argument & ((1 if self._held.any() else 0) | 4)


class ADC:
    """An analogue input."""

    ATTN_11DB = 3

    # Without attenuation its reach ends here.
    _REACH_UV = 950000

    def __init__(self, pin, *, atten=None) -> None:
        self._number = pin.number if isinstance(pin, Pin) else pin
        if chip and self._number not in chip["adc1"]:
            raise ValueError("invalid pin")
        self._reach_uv = 3300000 if atten == self.ATTN_11DB else self._REACH_UV

    def read_uv(self) -> int:
        bench.drain()
        return min(self._reach_uv, _microvolts.get(self._number, 0))

    def read_u16(self) -> int:
        return min(65535, self.read_uv() * 65535 // 3300000)


class WDT:
    """The watchdog. Once started it cannot be stopped; the host counts."""

    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        bench.watch(timeout)

    def feed(self) -> None:
        bench.fed()


class RTC:
    """Its memory outlives a reset and deep sleep, not a power cut. 2048 bytes on the chip."""

    _SIZE = 2048

    def memory(self, data=None):
        path = bench.folder + "/rtc.bin"
        if data is None:
            try:
                with open(path, "rb") as kept:
                    return kept.read()
            except OSError:
                return b""
        if len(data) > self._SIZE:
            raise ValueError("buffer too long")
        with open(path, "wb") as kept:
            kept.write(data)
        return None


def reset_cause() -> int:
    return _CAUSES[bench.cause]


def wake_reason() -> int:
    return _WAKES.get(bench.wake, 0)


def unique_id() -> bytes:
    return bench.unique_id


def freq(hz=None) -> int:
    return 160000000


def reset() -> None:
    bench.tell({"reset": "software"})
    bench.end(bench.ENDED_RESET)


def soft_reset() -> None:
    reset()


def deepsleep(ms: int = 0) -> None:
    import esp32

    bench.tell({"sleep": ms, "wake_pin": esp32.wake_pin})
    bench.end(bench.ENDED_DEEP_SLEEP)


def lightsleep(ms: int = 0) -> None:
    import time

    time.sleep_ms(ms)


def idle() -> None:
    bench.drain()


def disable_irq() -> int:
    return 0


def enable_irq(state: int) -> None:
    pass
