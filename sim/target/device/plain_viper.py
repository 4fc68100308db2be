"""Stands in for viper in the WebAssembly build, which has none.

There the firmware's viper functions are plain bytecode, and a word that viper holds in a register
is an object. So the heap is unlocked while such a function runs: what viper code allocates is
looked for in its machine code. What it hands back must be a small integer all the same.

Pointer arithmetic, `ptr8(int(p) + 4)`, is done on made-up addresses: the functions are given
`ptr8`, `ptr32` and `int` of this file's making.
"""

import builtins

import micropython

# The bounds of a small integer on the chip; both are small integers themselves.
_LEAST, _MOST = -0x40000000, 0x3FFFFFFF
_locked = False
# Addresses: the buffers that the running function has asked for one of, so many bytes apart.
_APART = 0x100000
_buffers = []


def lock():
    global _locked
    _locked = True
    micropython.heap_lock()


def unlock():
    global _locked
    _locked = False
    micropython.heap_unlock()


def enter():
    """A viper function begins: the heap is free."""
    if _locked:
        micropython.heap_unlock()
    _buffers.clear()


def leave(result):
    """It has ended: the heap is as before. Its result, checked."""
    if _locked:
        micropython.heap_lock()
    if result is not None and not _LEAST <= result <= _MOST:
        raise MemoryError("a viper function returns what is no small integer")
    return result


def integer(value):
    """viper's int(): of a buffer its address."""
    if isinstance(value, builtins.int):
        return value
    if isinstance(value, _Pointer):
        return value.address
    number = 0
    while number < len(_buffers) and _buffers[number] is not value:
        number += 1
    if number == len(_buffers):
        _buffers.append(value)
    return number * _APART


def ptr8(address):
    return _Pointer(address, 1)


def ptr32(address):
    return _Pointer(address, 4)


class _Pointer:
    """A place in a buffer whose items have this width."""

    def __init__(self, address, width):
        self.address = address
        self._buffer = _buffers[address // _APART]
        self._start = address % _APART // width

    def __getitem__(self, index):
        return self._buffer[self._start + index]

    def __setitem__(self, index, value):
        self._buffer[self._start + index] = value
