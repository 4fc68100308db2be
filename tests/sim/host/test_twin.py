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


def viper_sum_walking(p: ptr8, start: int, n: int) -> int:  # noqa: F821 (viper's)
    p = ptr8(int(p) + start)  # noqa: F821
    total = 0
    while n > 0:
        total += p[0]
        p = ptr8(int(p) + 1)  # noqa: F821
        n -= 1
    return total


def viper_word_at(p: ptr8, place: int) -> int:  # noqa: F821
    return ptr32(int(p) + place)[0]  # noqa: F821


def viper_distance(p: ptr8, q: ptr8) -> int:  # noqa: F821
    return int(q) - int(p)


def test_a_pointer_walks_through_its_buffer_and_just_behind_it():
    walking = micropython.viper(viper_sum_walking)
    assert walking(bytes([1, 2, 4, 250]), 0, 4) == 257
    assert walking(bytes([1, 2, 4, 250]), 4, 0) == 0


def test_a_pointer_that_walks_too_far_is_refused():
    walking = micropython.viper(viper_sum_walking)
    with pytest.raises(IndexError, match="index 4 of a buffer of 4"):
        walking(bytes(4), 0, 5)
    with pytest.raises(IndexError, match="byte 5 of a buffer of 4 bytes"):
        walking(bytes(4), 5, 0)
    with pytest.raises(IndexError, match="the address of no buffer"):
        walking(bytes(4), -1, 1)


def test_a_pointer_may_look_back_to_where_its_buffer_begins():
    words = array("i", [5, 6])
    memory = micropython.Memory()
    second = memory.pointer(memory.address(words) + 4, 4)
    assert (second[-1], second[0]) == (5, 6)
    with pytest.raises(IndexError):
        second[-2]


def test_words_are_read_at_their_own_addresses_alone():
    words = array("i", [1, -2])
    assert micropython.viper(viper_word_at)(words, 4) == -2
    with pytest.raises(IndexError, match="the ESP32 traps there"):
        micropython.viper(viper_word_at)(words, 2)


def test_two_buffers_lie_apart_and_one_given_twice_is_one():
    distance = micropython.viper(viper_distance)
    one, other = bytearray(8), bytearray(8)
    assert distance(one, one) == 0
    assert abs(distance(one, other)) > 1 << 16
