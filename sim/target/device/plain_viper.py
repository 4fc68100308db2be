"""Stands in for viper in the WebAssembly build, which has none.

There the firmware's viper functions are plain bytecode, and a word that viper holds in a register
is an object. So the heap is unlocked while such a function runs: what viper code allocates is
looked for in its machine code. What it hands back must be a small integer all the same.
"""

import micropython

# The bounds of a small integer on the chip; both are small integers themselves.
_LEAST, _MOST = -0x40000000, 0x3FFFFFFF
_locked = False


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


def leave(result):
    """It has ended: the heap is as before. Its result, checked."""
    if _locked:
        micropython.heap_lock()
    if result is not None and not _LEAST <= result <= _MOST:
        raise MemoryError("a viper function returns what is no small integer")
    return result
