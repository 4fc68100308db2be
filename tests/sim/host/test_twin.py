"""The plain-Python twin of viper refuses what the chip would get wrong in silence."""

import sys
from array import array

import pytest

from sim import host

host.install()
micropython = sys.modules["micropython"]


def viper_square(n: int) -> int:
    return n * n


def test_an_intermediate_beyond_32_bits_is_refused():
    # On a PC (60000 * 60000) >> 8 is right; on the chip it is negative.
    with pytest.raises(micropython.OutOfRange, match="3600000000 does not fit 32 bits"):
        micropython.viper(viper_square)(60000)
    assert micropython.viper(viper_square)(46340) == 46340**2


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: x + 0x7FFFFFFF,
        lambda x: 0x7FFFFFFF + x,
        lambda x: -x - 0x7FFFFFFF - 1,
        lambda x: x << 31,
        lambda x: x << 32,
        lambda x: 1 >> (x + 40),
    ],
)
def test_every_operation_is_checked_on_both_sides(operation):
    with pytest.raises(micropython.OutOfRange):
        operation(micropython.Int32(1))


def test_pointers_read_and_write_with_their_width():
    words = array("i", [-5, 7])
    assert micropython.Pointer(words, 4)[0] == -5
    assert micropython.Pointer(words, 1)[0] == 0xFB
    micropython.Pointer(words, 1)[4] = 0x1FF
    assert words[1] == 0xFF


def test_a_pointer_beyond_its_buffer_is_refused():
    with pytest.raises(IndexError):
        micropython.Pointer(bytearray(4), 1)[4]
    with pytest.raises(IndexError):
        micropython.Pointer(bytearray(4), 1)[-1]
