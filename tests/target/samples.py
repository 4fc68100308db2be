"""Small viper functions for the machines to play: one for each thing that can go right or wrong."""

# ruff: noqa: F821 (ptr8 and its kin are viper's)
import micropython
from micropython import const

_LONG = const(8)


@micropython.viper
def arithmetic(a: int, b: int) -> int:
    total = (a & 0x7FFF) * (b & 0x7FFF) - (a >> 3)
    if b < a:
        total = total ^ 0x1234567
    return total + (a << 1 & 0xFFFF) - (b | 0x10)


@micropython.viper
def inverts(a: int, b: int) -> int:
    return a + 1 - ~b


@micropython.viper
def division(a: int, b: int) -> int:
    return (a // b) ^ (a % b)


@micropython.viper
def ring(state: ptr32, kept: ptr16, value: int) -> int:
    at = state[0]
    old = int(kept[at])
    kept[at] = value
    at += 1
    if at == _LONG:
        at = 0
    state[0] = at
    energy = ((state[1] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
    energy += value - old
    state[1] = energy
    return energy


@micropython.viper
def checksum(data: ptr8, n: int) -> int:
    check = 0
    i = 0
    while i < n:
        check = (check << 1 ^ data[i]) & 0xFFFF
        i += 1
    return check


@micropython.viper
def fill(data: ptr8, n: int, value: int):
    for i in range(n):
        data[i] = value


@micropython.viper
def is_less(a: int, b: int) -> bool:
    return a < b


@micropython.viper
def wide(a: int) -> int:
    return a << 30


@micropython.viper
def for_ever(a: int) -> int:
    while a == a:
        pass
    return a


@micropython.viper
def calls_another(a: int) -> int:
    return int(arithmetic(a, a))


@micropython.viper
def misaligned(data: ptr8) -> int:
    words = ptr32(int(data) + 1)
    return words[0]


class Reader:
    @micropython.viper
    def of_an_object(self, a: int) -> int:
        return a
