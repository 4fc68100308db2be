"""time, in virtual time: the clock is the bench's, and waiting lets it move."""

import bench
from bench import ticks_ms
from utime import gmtime, localtime, mktime  # noqa: F401

_HALF = 0x20000000
_MASK = 0x3FFFFFFF


def ticks_us() -> int:
    return (ticks_ms() * 1000) & _MASK


ticks_cpu = ticks_us


def ticks_add(ticks: int, delta: int) -> int:
    return (ticks + delta) & _MASK


def ticks_diff(later: int, earlier: int) -> int:
    return ((later - earlier + _HALF) & _MASK) - _HALF


def sleep_ms(ms: int) -> None:
    until = bench.now + ms
    while bench.now < until:
        bench.move(until)


def sleep_us(us: int) -> None:
    """Rounded up: this clock has whole milliseconds."""
    sleep_ms((us + 999) // 1000)


def sleep(seconds) -> None:
    sleep_ms(int(seconds * 1000))


def time_ns() -> int:
    """Since the power came on, also through deep sleep: nobody has set this clock."""
    return (bench.now + bench.wall_base) * 1000000


def time() -> int:
    return time_ns() // 1000000000
